"""The data files that a lab brings along: found beside it, and part of a run's identity."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from labreport.experiments.errors import DataError
from labreport.experiments.result import DataFile
from labreport.experiments.system import reading


class Files(Mapping[str, Path]):
    """Files by the names under which they were declared, in that order.

    Args:
        folder: the folder of the lab.
        names: paths relative to it.
    """

    def __init__(self, folder: Path = Path(), names: tuple[str, ...] = ()) -> None:
        self._paths = {name: folder / name for name in names}

    def __getitem__(self, name: str) -> Path:
        return self._paths[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def recorded(self) -> tuple[DataFile, ...]:
        """Return the files with their hashes, as a data card and the identity of a run hold them.

        Raises:
            DataError: one can't be read.
        """
        found = []
        for name, path in self._paths.items():
            try:
                found.append(DataFile(name=name, sha256=reading.text_hash(reading.content(path, reading.LARGEST_DATA))))
            except OSError as error:
                raise DataError(f"The lab's data file {name} can't be read: {error.strerror}.") from error
        return tuple(found)


def files(*names: str) -> Files:
    """Declare the data files of a lab, in a constant of its module.

    `DATA = files("points.csv")`: a run is stale when one of them has changed. The lab reads them itself, from the path
    `DATA["points.csv"]`.

    Args:
        names: paths relative to the folder of the file that calls this.
    """
    caller = sys._getframe(1).f_globals["__file__"]
    return Files(Path(caller).resolve().parent, names)
