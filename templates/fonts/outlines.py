"""Chinese outlines with fewer points: curves that one curve can replace are joined.

The published outlines were cut into short quadratic curves far finer than print needs. Here neighbours that meet
smoothly are joined into one curve or line as long as it stays within `TOLERANCE` of where it was; corners stay. That is
three points in ten, and a third of what a page's Chinese weighs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import hypot

Point = tuple[float, float]
Segment = tuple[Point, Point | None, Point]
"""Start, control point (None: a straight line), end."""

TOLERANCE = 4.0
"""Greatest distance of a new curve from the old one, in thousandths of the em: 0.05 mm in a title of 36 points."""
_SMOOTH = 0.96
"""Least cosine of the angle at which two segments meet that are joined."""
_MOST = 6
"""Segments that are joined at most."""


def joined(segments: Sequence[Segment], tolerance: float = TOLERANCE) -> list[Segment]:
    """Return a closed contour with fewer segments."""
    result: list[Segment] = []
    position = 0
    while position < len(segments):
        best, after = segments[position], position + 1
        places = _places(segments[position])
        for end in range(position + 1, min(position + _MOST, len(segments))):
            if _dot(_direction(segments[end - 1], last=True), _direction(segments[end], last=False)) < _SMOOTH:
                break
            places += _places(segments[end])
            run = segments[position : end + 1]
            for candidate, allowed in ((_line(run), tolerance / 2), (_curve(run), tolerance)):
                if candidate is not None and _distance(places, candidate) < allowed:
                    best, after = candidate, end + 1
                    break
        result.append(best)
        position = after
    return result


def quadratic(segments: Sequence[Segment], grid: int, tolerance: float = TOLERANCE) -> list[tuple[Point, bool]]:
    """Return the points of a contour on a grid, each with whether it lies on the curve.

    A point in the middle between two control points is left out, as TrueType allows.
    """
    found: list[tuple[Point, bool]] = []
    for index, (start, control, _) in enumerate(segments):
        before = segments[index - 1][1]
        if before is None or control is None or _apart(_middle(before, control), start) >= tolerance:
            found.append((_snapped(start, grid), True))
        if control is not None:
            found.append((_snapped(control, grid), False))
    kept: list[tuple[Point, bool]] = []
    for point, on in found:
        if kept and kept[-1][0] == point:
            kept[-1] = (point, kept[-1][1] or on)
        else:
            kept.append((point, on))
    while len(kept) > 1 and kept[0][0] == kept[-1][0]:
        point, on = kept.pop()
        kept[0] = (point, kept[0][1] or on)
    return kept


def contours(operations: Iterable[tuple[str, tuple[Point, ...]]]) -> list[list[Segment]]:
    """Return the closed contours that a recording pen took down, as segments."""
    found: list[list[Segment]] = []
    here: Point = (0, 0)
    for operation, points in operations:
        if operation == "moveTo":
            found.append([])
        elif operation == "lineTo":
            found[-1].append((here, None, points[0]))
        elif operation == "qCurveTo":
            for index, control in enumerate(points[:-1]):
                end = points[-1] if index == len(points) - 2 else _middle(control, points[index + 1])
                found[-1].append((here, control, end))
                here = end
        elif operation in ("closePath", "endPath"):
            start = found[-1][0][0] if found[-1] else here
            if here != start:
                found[-1].append((here, None, start))
            continue
        here = points[-1]
    return found


def _snapped(point: Point, grid: int) -> Point:
    return grid * round(point[0] / grid), grid * round(point[1] / grid)


def _middle(first: Point, second: Point) -> Point:
    return (first[0] + second[0]) / 2, (first[1] + second[1]) / 2


def _apart(first: Point, second: Point) -> float:
    return hypot(first[0] - second[0], first[1] - second[1])


def _dot(first: Point, second: Point) -> float:
    return first[0] * second[0] + first[1] * second[1]


def _direction(segment: Segment, *, last: bool) -> Point:
    """Return the unit vector in which a segment begins or ends."""
    start, control, end = segment
    if control is not None and last and control != end:
        start = control
    elif control is not None and not last and control != start:
        end = control
    length = _apart(start, end) or 1.0
    return (end[0] - start[0]) / length, (end[1] - start[1]) / length


def _places(segment: Segment, count: int = 4) -> list[Point]:
    """Return places along a segment, its end among them."""
    start, control, end = segment
    if control is None:
        control = _middle(start, end)
    shares = [(index / count) for index in range(1, count + 1)]
    return [
        (
            (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * control[0] + t * t * end[0],
            (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * control[1] + t * t * end[1],
        )
        for t in shares
    ]


def _line(run: Sequence[Segment]) -> Segment:
    return run[0][0], None, run[-1][2]


def _curve(run: Sequence[Segment]) -> Segment | None:
    """Return the curve that begins and ends as the run does; None where its tangents don't meet between."""
    start, end = run[0][0], run[-1][2]
    first, last = _direction(run[0], last=False), _direction(run[-1], last=True)
    cross = first[0] * last[1] - first[1] * last[0]
    if abs(cross) < 0.03 or _dot(first, last) < -0.2:
        return None
    reach = ((end[0] - start[0]) * last[1] - (end[1] - start[1]) * last[0]) / cross
    control = (start[0] + reach * first[0], start[1] + reach * first[1])
    if reach <= 0 or _dot((end[0] - control[0], end[1] - control[1]), last) <= 0:
        return None
    return start, control, end


def _distance(places: Sequence[Point], segment: Segment) -> float:
    """Return the greatest distance of places from a segment, which is taken as a chain of eight chords."""
    chain = [segment[0], *_places(segment, 8)]
    return max(
        min(_from_chord(place, chain[index], chain[index + 1]) for index in range(len(chain) - 1)) for place in places
    )


def _from_chord(place: Point, start: Point, end: Point) -> float:
    along = (end[0] - start[0], end[1] - start[1])
    square = _dot(along, along)
    share = _dot((place[0] - start[0], place[1] - start[1]), along) / square if square else 0.0
    share = min(max(share, 0.0), 1.0)
    return _apart(place, (start[0] + share * along[0], start[1] + share * along[1]))
