"""What the gate writes: sizes, validity, links, words in both languages, and that hostile text stays text."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import msgspec
import pytest
from helpers.hand_gate import run
from helpers.hand_results import LABS
from helpers.places import HELPERS
from lxml import etree

from labreport.experiments.result import Failure
from labreport.report.comparison.record import Reason
from labreport.report.gate import folder, metrics, rules, wording
from labreport.report.gate.badge import COLOURS, badge
from labreport.report.gate.judgement import Candidate, judge
from labreport.report.gate.junit import junit
from labreport.report.gate.reference import Reference
from labreport.report.gate.summary import LIMIT, MARKER, SHORT_LIMIT, escaped, short, summary
from labreport.report.gate.verdict import EXIT_CODES, Check, LabVerdict, Verdict
from labreport.report.store import manifest
from labreport.report.words import LANGUAGES, Words, load_table

HOSTILE = "<script>alert(1)</script> | `x` **bold** [a](javascript:b)\n## @somebody \x00 𝔸"
SCHEMA = etree.XMLSchema(etree.parse(str(HELPERS / "junit.xsd")))


@pytest.fixture(scope="module")
def verdict():
    """A verdict with every kind of answer in it."""
    base = range(5, 15)
    lost = Reference(problem=Reason(code="no_baseline"))
    candidates = [
        Candidate(lab="tensors", current=run("tensors"), reference=lost),
        Candidate(lab="workflow", current=None, reference=lost),
        Candidate(lab="mnist", current=run("mnist", [0]), reference=Reference(results=(run("mnist", [1], day=1),))),
        Candidate(lab="imdb", current=run("imdb", loss=0.05), reference=Reference(results=(run("imdb", base, day=1),))),
        Candidate(
            lab="reuters",
            current=run("reuters", status="failed", failure=Failure(kind="ValueError", message=HOSTILE, stage="lab")),
            reference=lost,
        ),
        Candidate(lab="boston", current=run("boston"), reference=lost),
    ]
    labs = judge(candidates, rules.Rules())
    return Verdict(
        tool_version="1",
        baseline="main",
        level=0.05,
        moment="2026-01-02T12:00:00+00:00",
        labs=labs,
        unreadable=("Can't read runs/imdb/x/result.json: cut off.",),
    )


def many(verdict, count):
    """The same verdict with a great many failing checks."""
    [failing] = [check for _, check in verdict.checks() if check.status == "failed"]
    lab = next(lab for lab in verdict.labs if lab.lab == "imdb")
    checks = tuple(msgspec.structs.replace(failing, name=f"metric_{number}" * 20) for number in range(count))
    return msgspec.structs.replace(verdict, labs=(msgspec.structs.replace(lab, checks=checks),))


def test_the_fixture_has_every_answer_that_needs_no_confirmation(verdict):
    found = {check.status for _, check in verdict.checks()}
    assert found == {"passed", "failed", "warned", "inconclusive", "missing", "error"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words_and_every_word_gets_its_values(language):
    words = Words(language)
    values = dict.fromkeys(
        [
            *("seeds", "message", "runs", "count", "a", "b", "name", "field", "lost", "current", "baseline", "loss"),
            *("margin", "shown", "p", "adjusted", "level", "fresh", "fresh_range", "holds", "fails", "revision"),
            "commits",
        ],
        "7",
    )
    codes = [key.removeprefix("gate.reason_") for key in load_table(language) if key.startswith("gate.reason_")]
    assert len(codes) > 40
    for code in codes:
        assert wording.reason(Reason(code=code, values=values), words)


def test_both_languages_have_the_same_keys_and_ask_for_the_same_values():
    tables = [
        {key: text for key, text in load_table(language).items() if key.startswith("gate.")} for language in LANGUAGES
    ]
    assert tables[0].keys() == tables[1].keys()
    for key in tables[0]:
        asked = [{name for _, name, _, _ in Formatter().parse(table[key]) if name} for table in tables]
        assert asked[0] == asked[1], key


def test_every_code_in_the_source_has_words():
    table = load_table("en")
    source = "".join(path.read_text("utf-8") for path in Path(metrics.__file__).parent.glob("*.py"))
    for code in re.findall(r'Reason\(code="([a-z_]+)"', source):
        assert f"gate.reason_{code}" in table, code
    for outcome in EXIT_CODES:
        assert {f"gate.outcome_{outcome}", f"gate.explain_{outcome}"} <= table.keys()


def test_every_row_can_be_said_in_both_languages(verdict):
    for language in LANGUAGES:
        rows = wording.rows(verdict, Words(language))
        assert len(rows) == sum(len(lab.checks) for lab in verdict.labs)
        assert all("{" not in row.reason for row in rows)
    assert wording.attention(wording.rows(verdict, Words("en")))[0].status == "failed"


def test_the_summary_says_the_verdict_first_and_lists_every_check(verdict):
    text = summary(verdict, ["en"])
    assert text.startswith("## labreport check: Regressed\n")
    assert "| `test_accuracy` | 83.07% (n = 5) | 87.98% (n = 10) | −4.91 percentage points | **FAILED** |" in text
    assert "There is no run of this lab in the store." in text
    assert "cut off" in text
    assert text.count("\n| ") > sum(len(lab.checks) for lab in verdict.labs)


def test_summaries_hold_their_limits_and_count_what_they_leave_out(verdict):
    large = many(verdict, 2_500)
    for text, limit in ((summary(large, LANGUAGES), LIMIT), (short(large, LANGUAGES), SHORT_LIMIT)):
        assert limit * 0.8 < len(text.encode()) <= limit
        assert "… and " in text
        assert "…还有" in text.replace("……", "…")
    assert len(short(verdict, LANGUAGES)) < 65_536


def test_the_short_form_carries_the_marker_by_which_a_comment_is_found(verdict):
    assert short(verdict, ["en"]).splitlines()[0] == MARKER == "<!-- labreport-check -->"


def test_hostile_text_stays_text_in_markdown(verdict):
    assert "\n" not in escaped(HOSTILE)
    for text in (summary(verdict, LANGUAGES), short(verdict, LANGUAGES)):
        assert "<script" not in text
        assert "@somebody" not in text
        assert "[a](" not in text
        lines = [line for line in text.splitlines() if "alert" in line]
        assert lines
        assert all(len(re.findall(r"(?<!\\)\|", line)) == 8 or "FAILED" not in line for line in lines)


def test_junit_is_valid_with_a_suite_for_each_lab_and_a_case_for_each_check(verdict):
    content = junit(verdict)
    tree = etree.fromstring(content)
    SCHEMA.assertValid(tree)
    assert [suite.get("name") for suite in tree] == [*LABS, "store"]
    for suite, lab in zip(tree, verdict.labs, strict=False):
        cases = suite.findall("testcase")
        assert len(cases) == len(lab.checks) == int(suite.get("tests"))
        for name, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name)) == sum(case.find(child) is not None for case in cases)
    assert len({(case.get("classname"), case.get("name")) for case in tree.iter("testcase")}) == len(
        list(tree.iter("testcase"))
    )


def test_junit_calls_only_a_broken_rule_a_failure(verdict):
    tree = etree.fromstring(junit(verdict))
    assert [case.get("type") for case in tree.iter("failure")] == ["worse"]
    assert {case.get("type") for case in tree.iter("error")} == {"no_run", "failed", "no_baseline", "unreadable"}
    assert "now:      0.83" in tree.find(".//failure").text


def test_junit_of_nothing_but_passes_is_valid_too(verdict):
    small = msgspec.structs.replace(verdict, labs=verdict.labs[:1], unreadable=())
    tree = etree.fromstring(junit(small))
    SCHEMA.assertValid(tree)
    assert not list(tree.iter("failure", "error", "skipped"))


def test_the_badge_is_a_small_svg_that_loads_nothing(verdict):
    picture = badge(verdict)
    tree = etree.fromstring(picture.encode())
    assert tree.tag.endswith("svg")
    assert "labreport: Regressed" in picture
    assert picture.count("http") == 1
    assert len(picture) < 2000
    assert picture.isascii()
    assert set(COLOURS) == set(EXIT_CODES)


class Links(HTMLParser):
    """Every address and id of a page, and whether anything could run or load."""

    def __init__(self):
        super().__init__()
        self.links, self.ids, self.loads = [], set(), []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "a":
            self.links.append(found["href"])
        if "id" in found:
            self.ids.add(found["id"])
        if tag in ("script", "img", "link", "iframe", "object") or any(name.startswith("on") for name in found):
            self.loads.append(tag)


def test_the_folder_holds_everything_linked_and_hashed(verdict, tmp_path):
    report = tmp_path / "report" / "labreport-en.html"
    report.parent.mkdir()
    report.write_text("<p>the report</p>")
    written = folder.write(verdict, tmp_path, LANGUAGES, 1, [report])
    assert {path.relative_to(tmp_path).as_posix() for path in written} == {*folder.FILES, "report/labreport-en.html"}
    page = (tmp_path / "index.html").read_text("utf-8")
    reader = Links()
    reader.feed(page)
    assert not reader.loads
    assert "Content-Security-Policy" in page
    assert "http:" not in page
    assert "https:" not in page
    for link in reader.links:
        assert link[1:] in reader.ids if link.startswith("#") else (tmp_path / link).is_file(), link
    assert {path.relative_to(tmp_path).as_posix() for path in written} - {"index.html"} <= set(reader.links)
    assert "&lt;script&gt;alert" in page
    listed = manifest.read(tmp_path)
    assert not manifest.differences(tmp_path, listed)
    assert set(listed.files) == {path.relative_to(tmp_path).as_posix() for path in written} - {"manifest.json"}
    assert listed.files["index.html"] == sha256(page.encode()).hexdigest()


def test_the_same_verdict_gives_the_same_bytes(verdict, tmp_path):
    for name in ("a", "b"):
        folder.write(verdict, tmp_path / name, LANGUAGES, 1)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_result_json_says_the_answer_and_what_it_rests_on(verdict, tmp_path):
    folder.write(verdict, tmp_path, LANGUAGES, 1)
    answer = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert (answer["format"], answer["outcome"], answer["exit_code"]) == (1, "regressed", 1)
    labs = {lab["lab"]: lab for lab in answer["verdict"]["labs"]}
    [failed] = [check for check in labs["imdb"]["checks"] if check["status"] == "failed"]
    assert failed["numbers"]["adjusted_p"] <= 0.05
    assert len(failed["numbers"]["baseline"]) == 10


def test_a_nan_is_written_explicitly(tmp_path):
    before = Reference(results=(run("boston", range(5, 15), day=1),))
    broken = run("boston", scores={"test_mae": [float("nan")] * 5})
    labs = judge([Candidate(lab="boston", current=broken, reference=before)], rules.Rules())
    verdict = Verdict(tool_version="1", baseline="b", level=0.05, moment="2026-01-02T12:00:00+00:00", labs=labs)
    folder.write(verdict, tmp_path, LANGUAGES, 1)
    assert '"float": "NaN"' in (tmp_path / "result.json").read_text("utf-8")
    assert "| NaN |" in (tmp_path / "summary.md").read_text("utf-8")


def test_the_step_summary_is_appended_to_and_never_grows_too_large(verdict, tmp_path):
    path = tmp_path / "step.md"
    path.write_text("before\n")
    environment = {"GITHUB_STEP_SUMMARY": str(path)}
    assert folder.append_verdict(verdict, ["en"], 1, environment) is None
    assert path.read_text("utf-8").startswith("before\n## labreport check")
    path.write_text("x" * (LIMIT - len(summary(verdict, ["en"]).encode())))
    assert folder.append_verdict(verdict, ["en"], 1, environment) is None
    assert MARKER in path.read_text("utf-8")
    assert path.stat().st_size <= LIMIT
    path.write_text("x" * LIMIT)
    assert "full" in folder.append_verdict(verdict, ["en"], 1, environment)
    assert "Can't append" in folder.append_verdict(
        verdict, ["en"], 1, {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "x")}
    )
    assert folder.append_verdict(verdict, ["en"], 1, {}) is None


def test_messages_lose_the_private_part_of_their_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert folder.scrubbed(f"Can't read {tmp_path}/runs/x: gone") == "Can't read runs/x: gone"
    monkeypatch.setenv("HOME", "/somewhere/me")
    assert folder.scrubbed("Can't read /somewhere/me/runs/x") == "Can't read ~/runs/x"


def test_a_confirmed_failure_says_so():
    check = Check(
        name="beats_majority",
        kind="claim",
        status="failed",
        reason=Reason(code="claim_fails", values={"fails": "2", "seeds": "5"}),
        fresh_seeds=(15, 16, 17),
    )
    lab = LabVerdict(lab="imdb", run_id="r", checks=(check,))
    assert wording.row(lab, check, Words("en")).reason == "Does not hold in 2 of 5 seeds. Confirmed by 3 fresh seeds."
