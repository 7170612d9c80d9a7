"""Questions as Moodle XML, the format that Moodle's question bank imports and exports.

A computed answer becomes a numerical question with its tolerance; several in one exercise become one question with
several fields (cloze), so that all of them have the same numbers. Everything else is an essay with the solution as the
information for graders. The form of each is that of https://docs.moodle.org/en/Moodle_XML_format.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from labreport.report.rendering.questions import PlatformQuestion


def moodle(questions: Sequence[PlatformQuestion], title: str) -> bytes:
    """Return the questions as one file; each exercise is a category, so that a quiz can draw one of its versions."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>"]
    for _, group in groupby(questions, lambda question: question.group):
        found = list(group)
        path = "/".join(_step(name) for name in (title, found[0].chapter, found[0].group_title))
        parts.append(
            f'<question type="category"><category><text>$course$/top/{escape(path)}</text></category></question>'
        )
        parts += [_question(question) for question in found]
    return "\n".join([*parts, "</quiz>", ""]).encode()


def _step(name: str) -> str:
    # In the path of a category a stroke parts its steps, and two are one that parts none.
    return name.replace("/", "//")


def _question(question: PlatformQuestion) -> str:
    if not question.parts:
        return _whole(question, "essay", question.task, _essay(question))
    if len(question.parts) == 1:
        task = f"{question.task}<p>{escape(question.parts[0].label)}</p>"
        return _whole(question, "numerical", task, _numerical(question))
    return _whole(question, "cloze", question.task + _fields(question), "")


def _whole(question: PlatformQuestion, kind: str, task: str, special: str) -> str:
    grade = "" if kind == "cloze" else f"<defaultgrade>{_number(question.points)}</defaultgrade>\n"
    feedback = "" if kind == "essay" else question.solution
    return f"""<question type="{kind}">
<name><text>{escape(question.title)}</text></name>
<questiontext format="html"><text>{_data(task)}</text></questiontext>
<generalfeedback format="html"><text>{_data(feedback)}</text></generalfeedback>
{grade}<penalty>0.3333333</penalty>
<hidden>0</hidden>
<idnumber>{escape(question.id)}</idnumber>
{special}</question>"""


def _essay(question: PlatformQuestion) -> str:
    return f"""<responseformat>editor</responseformat>
<responserequired>1</responserequired>
<responsefieldlines>{question.lines}</responsefieldlines>
<attachments>0</attachments>
<attachmentsrequired>0</attachmentsrequired>
<graderinfo format="html"><text>{_data(question.solution)}</text></graderinfo>
<responsetemplate format="html"><text></text></responsetemplate>
"""


def _numerical(question: PlatformQuestion) -> str:
    answer = question.parts[0].answer
    tolerance = _number(_slack(answer.tolerance, answer.value))
    return f"""<answer fraction="100" format="moodle_auto_format"><text>{_number(answer.value)}</text>
<feedback format="html"><text></text></feedback>
<tolerance>{tolerance}</tolerance></answer>
<unitgradingtype>0</unitgradingtype>
<unitpenalty>0.1</unitpenalty>
<showunits>3</showunits>
<unitsleft>0</unitsleft>
"""


def _fields(question: PlatformQuestion) -> str:
    """Return a line with a field for each answer; each is worth its share of the points, in whole numbers."""
    lines = []
    for part in question.parts:
        answer = part.answer
        weight = max(1, round(answer.points))
        field = f"{{{weight}:NUMERICAL:={_number(answer.value)}:{_number(_slack(answer.tolerance, answer.value))}}}"
        lines.append(f"<p>{escape(part.label)} {field}</p>")
    return "".join(lines)


def _slack(tolerance: float, value: float) -> float:
    """Return a tolerance that the arithmetic of floats can't miss, and a whole number can't use."""
    return max(tolerance, abs(value) * 1e-9)


def _number(value: float) -> str:
    return f"{value:.12g}"


def _data(html: str) -> str:
    return f"<![CDATA[{html.replace(']]>', ']]]]><![CDATA[>')}]]>" if html else ""
