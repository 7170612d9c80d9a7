"""A record survives being written and read, whatever is in it; a damaged one is refused with a clear word."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import jsonschema
import msgspec
import pytest
from helpers.hand_results import all_hand_results, hand_result
from hypothesis import given
from hypothesis import strategies as st

from labreport.experiments.result import Findings, Measure
from labreport.report.errors import UnreadableError
from labreport.report.store import codec


@pytest.mark.parametrize("result", all_hand_results(), ids=lambda result: result.lab)
def test_a_result_is_read_back_equal_and_written_again_byte_for_byte(result):
    written = codec.encode(result)
    assert codec.decode(written, "x") == result
    assert codec.encode(codec.decode(written, "x")) == written


_SIZES = st.floats(codec.LEAST, codec.GREATEST)
_FLOATS = _SIZES | _SIZES.map(float.__neg__) | st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf])


@given(st.lists(_FLOATS, max_size=8))
def test_every_float_keeps_all_its_digits_and_its_kind(values):
    measures = tuple(Measure(name=f"m{position}", value=value) for position, value in enumerate(values))
    result = hand_result("imdb", measures=measures)
    back = [item.value for item in codec.decode(codec.encode(result), "x").findings.measures]
    assert all(
        (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
        for a, b in zip(values, back, strict=True)
    )


@given(st.text(max_size=40), st.binary(min_size=1, max_size=40))
def test_any_text_and_any_pixels_survive(text, pixels):
    result = hand_result("mnist")
    image = msgspec.structs.replace(result.findings.images[0], pixels=pixels, height=1, width=len(pixels))
    findings = msgspec.structs.replace(result.findings, images=(image,), engine=(text,))
    changed = msgspec.structs.replace(result, findings=findings)
    assert codec.decode(codec.encode(changed), "x") == changed


def test_not_a_number_is_written_as_valid_json_and_said_explicitly():
    written = codec.encode(hand_result("imdb", measures=(Measure(name="m", value=math.nan),)))
    plain = json.loads(written, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert plain["findings"]["measures"][0]["value"] == {"float": "NaN"}


@pytest.fixture(scope="module")
def published():
    """What holds records against the published schema, which is itself checked once."""
    kind = jsonschema.validators.validator_for(codec.schema())
    kind.check_schema(codec.schema())
    return kind(codec.schema())


@pytest.mark.parametrize("lab", [result.lab for result in all_hand_results()])
def test_what_is_written_obeys_the_published_schema(published, lab):
    written = codec.encode(hand_result(lab, seeds=(0,)))  # further seeds are more of the same
    published.validate(json.loads(written))


def test_the_schema_refuses_a_result_that_lacks_a_field(published):
    plain = json.loads(codec.encode(hand_result("mnist")))
    del plain["seeds"]
    with pytest.raises(jsonschema.ValidationError, match="seeds"):
        published.validate(plain)


def test_every_field_of_the_findings_is_in_the_schema():
    published = codec.schema()["$defs"]["Findings"]["properties"]
    assert set(published) == set(Findings.__struct_fields__)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_is_cut_off_is_refused(share):
    written = codec.encode(hand_result("mnist"))
    with pytest.raises(UnreadableError, match=r"Can't read some\.json"):
        codec.decode(written[: int(len(written) * share)], "some.json")


def test_a_newer_format_is_refused_and_says_what_to_do():
    plain = json.loads(codec.encode(hand_result("mnist"))) | {"format": 99}
    with pytest.raises(UnreadableError, match=r"saved in format 99; this version reads up to 2\.\nUpdate labreport"):
        codec.decode(json.dumps(plain).encode(), "x.json")


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{}",
        b"null",
        b'{"format": "1"}',
        b"\xff\xfe",
        b"12",
        b'{"format": "\xff"}',
        b"[" * 10_000 + b"]" * 10_000,
        b'{"format":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"format": ' + b"9" * 5000 + b"}",
        b'{"format": 1, "rest": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    ],
    ids=lambda content: content[:20].decode("latin-1"),
)
def test_a_file_that_is_no_result_is_refused(content):
    with pytest.raises(UnreadableError):
        codec.decode(content, "x.json")


def test_a_field_of_the_wrong_type_is_named():
    plain = json.loads(codec.encode(hand_result("mnist"))) | {"seeds": "many"}
    with pytest.raises(UnreadableError, match="seeds"):
        codec.decode(json.dumps(plain).encode(), "x.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    )
)
def test_arbitrary_json_never_raises_anything_but_a_readable_error(value):
    with pytest.raises(UnreadableError):
        codec.decode(json.dumps({"format": 1, "rest": value}).encode(), "x.json")


@pytest.mark.parametrize("number", [2**64, -(2**65), 10**400])
def test_a_whole_number_that_nothing_of_ours_can_be_is_refused(number):
    plain = json.loads(codec.encode(hand_result("mnist"))) | {"peak_memory_bytes": number}
    with pytest.raises(UnreadableError, match="more than 64 bits"):
        codec.decode(json.dumps(plain).encode(), "x.json")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "2026-13-01T00:00:00Z"]
)
def test_a_time_that_is_none_is_refused(text):
    plain = json.loads(codec.encode(hand_result("mnist")))
    for name in ("started", "ended"):
        changed = {**plain, "provenance": {**plain["provenance"], name: text}}
        with pytest.raises(UnreadableError, match="is not a time with its zone"):
            codec.decode(json.dumps(changed).encode(), "x.json")


@pytest.mark.parametrize("seconds", [-1, 1e10, {"float": "NaN"}, {"float": "Infinity"}])
def test_a_time_that_no_stage_can_have_taken_is_refused(seconds):
    plain = json.loads(codec.encode(hand_result("mnist"))) | {"timings": {"training": seconds}}
    with pytest.raises(UnreadableError, match="'training' can't have taken"):
        codec.decode(json.dumps(plain).encode(), "x.json")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("seeds", [], "without seeds"), ("settings", {"epochs": {"float": "Infinity"}}, "'epochs' can't be inf")],
)
def test_what_no_run_says_of_itself_is_refused(field, value, message):
    plain = json.loads(codec.encode(hand_result("mnist"))) | {field: value}
    with pytest.raises(UnreadableError, match=message):
        codec.decode(json.dumps(plain).encode(), "x.json")


@pytest.mark.parametrize("confusion", [[[]], [[1, 2]], [[1, 2], [3]]])
def test_a_confusion_matrix_that_is_no_square_is_refused(confusion):
    plain = json.loads(codec.encode(hand_result("mnist")))
    plain["findings"]["predictions"][0]["confusion"] = confusion
    with pytest.raises(UnreadableError, match="as many columns as rows"):
        codec.decode(json.dumps(plain).encode(), "x.json")


def test_numbers_that_can_not_be_worked_with_are_read_as_what_they_stand_for():
    result = hand_result("imdb", seeds=(0, 1))
    values = (1e308, -1e308, 5e-324, -1e-320, 1e99, 1e-99)
    scores = tuple(
        msgspec.structs.replace(result.findings.scores[0], seed=seed, value=value) for seed, value in enumerate(values)
    )
    findings = msgspec.structs.replace(result.findings, scores=scores)
    read = codec.decode(codec.encode(msgspec.structs.replace(result, findings=findings)), "x.json")
    assert [score.value for score in read.findings.scores] == [math.inf, -math.inf, 0.0, 0.0, 1e99, 1e-99]


TOGETHER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from labreport.report.store import codec
content = Path(sys.argv[1]).read_bytes()
with ThreadPoolExecutor(4) as pool:
    assert set(pool.map(codec.encode, pool.map(codec.decode, [content] * 8, ["a run"] * 8))) == {content}
"""


def test_several_threads_may_be_the_first_to_read_and_write_a_result(tmp_path):
    path = tmp_path / "result.json"
    path.write_bytes(codec.encode(hand_result("imdb")))
    done = subprocess.run([sys.executable, "-c", TOGETHER, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
