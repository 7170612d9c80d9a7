"""The verdict as JUnit XML: a suite for each lab, a case for each gate and each claim.

There is no JUnit standard; this is the form that both Ant's schema and that of the xUnit plugin of Jenkins take, so
GitHub, GitLab and Jenkins read it. A broken rule is a `failure`; what kept the gate from judging is an `error`, so
that it is not taken for a regression; too few runs is `skipped`. Warnings pass, and are listed in the suite's output.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from labreport.report.gate import wording
from labreport.report.gate.verdict import Check, LabVerdict, Verdict
from labreport.report.languages import TERMINAL
from labreport.report.words import Words

_CHILD = {
    "failed": "failure",
    "error": "error",
    "missing": "error",
    "first": "skipped",
    "inconclusive": "skipped",
    "skipped": "skipped",
}
"""Element in a test case for each answer; none: passed."""
_CONTROL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML can't hold."""


def junit(verdict: Verdict) -> bytes:
    """Return the verdict as JUnit XML, in UTF-8 and English."""
    words = Words(TERMINAL)
    root = ElementTree.Element("testsuites")
    for number, lab in enumerate(verdict.labs):
        root.append(_suite(number, lab, verdict, words))
    if verdict.unreadable:
        root.append(_store(len(verdict.labs), verdict))
    ElementTree.indent(root, " ")
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(number: int, lab: LabVerdict, verdict: Verdict, words: Words) -> ElementTree.Element:
    children = [_CHILD.get(check.status) if check.severity == "error" else None for check in lab.checks]
    suite = _empty_suite(number, lab.lab, verdict.moment, lab.seconds)
    for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(children.count(element)))
    suite.set("tests", str(len(lab.checks)))
    properties = ElementTree.SubElement(suite, "properties")
    facts = {
        "run": lab.run_id or "",
        "seeds": " ".join(map(str, lab.seeds)),
        "commit": lab.commit or "",
        "baseline": verdict.baseline,
        "baseline_runs": " ".join(lab.baseline_runs),
        "pooled_runs": " ".join(lab.pooled_runs),
        "environment": "; ".join(f"{name}: {a} -> {b}" for name, (a, b) in lab.environment.items()),
    }
    for name, value in facts.items():
        if value:
            ElementTree.SubElement(properties, "property", name=name, value=_clean(value))
    lines = []
    for check, child in zip(lab.checks, children, strict=True):
        said = wording.sentence(check, words)
        seconds = lab.seconds if check.kind == "run" else 0.0
        case = ElementTree.SubElement(
            suite, "testcase", name=_token(_name(check)), classname=_class(lab), time=f"{seconds:.3f}"
        )
        if child == "skipped":
            ElementTree.SubElement(case, child, message=_clean(said))
        elif child is not None:
            ElementTree.SubElement(case, child, type=check.reason.code, message=_clean(said)).text = _clean(
                _evidence(check, said)
            )
        lines.append(f"{check.status:<13}{_name(check)}: {said}")
    ElementTree.SubElement(suite, "system-out").text = _clean("\n".join(lines))
    ElementTree.SubElement(suite, "system-err")
    return suite


def _store(number: int, verdict: Verdict) -> ElementTree.Element:
    """Return a suite with an error for every run that could not be read."""
    suite = _empty_suite(number, "store", verdict.moment)
    count = str(len(verdict.unreadable))
    for name, value in (("failures", "0"), ("errors", count), ("skipped", "0"), ("tests", count)):
        suite.set(name, value)
    ElementTree.SubElement(suite, "properties")
    for position, message in enumerate(verdict.unreadable, 1):
        case = ElementTree.SubElement(
            suite, "testcase", name=f"readable {position}", classname="labreport.store", time="0.000"
        )
        first = message.partition("\n")[0]
        ElementTree.SubElement(case, "error", type="unreadable", message=_clean(first)).text = _clean(message)
    ElementTree.SubElement(suite, "system-out")
    ElementTree.SubElement(suite, "system-err")
    return suite


def _empty_suite(number: int, name: str, moment: str, seconds: float = 0.0) -> ElementTree.Element:
    # No name of a machine and no zone of a time: the one is private, the other is not allowed; the time is UTC.
    return ElementTree.Element(
        "testsuite",
        name=_token(name),
        package="labreport",
        id=str(number),
        timestamp=moment[:19],
        hostname="localhost",
        time=f"{seconds:.3f}",
    )


def _name(check: Check) -> str:
    return check.name if check.kind in ("run", "baseline") else f"{check.kind} {check.name}"


def _class(lab: LabVerdict) -> str:
    return _token(f"labreport.{lab.lab}")


def _evidence(check: Check, said: str) -> str:
    found = check.numbers
    if found is None:
        return said
    return "\n".join(
        [
            said,
            f"now:      {' '.join(map(repr, found.current))}",
            f"baseline: {' '.join(map(repr, found.baseline))}",
            f"loss {found.loss!r}, margin {found.margin!r}, p {found.p!r}, corrected {found.adjusted_p!r}, "
            f"level {found.level!r}, direction {found.direction}",
        ]
    )


def _token(text: str) -> str:
    return " ".join(_clean(text).split()) or "-"


def _clean(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)
