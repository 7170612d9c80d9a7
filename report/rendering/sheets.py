"""Templates and style sheets: where they are looked for, the user's folder first, and how they are read."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateError

from labreport.experiments.system import reading
from labreport.report import languages
from labreport.report.errors import RenderingError
from labreport.report.look import Look


@cache
def environment(own: Path | None = None) -> Environment:
    """Return the environment of the templates.

    Args:
        own: a folder that is searched first. A template in it extends the one whose place it takes by the name
            `labreport/NAME`.
    """
    shipped = FileSystemLoader(str(resources.files("labreport.templates")))
    first = [FileSystemLoader(str(own))] if own is not None else []
    return Environment(
        loader=ChoiceLoader([*first, shipped, PrefixLoader({"labreport": shipped})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def placed(template: str, look: Look, **context: object) -> str:
    """Return a template with everything in its place.

    Raises:
        RenderingError: the template, or one that it uses, has a fault; names the file and line where known.
    """
    try:
        return environment(look.templates).get_template(template).render(**context)
    except TemplateError as error:
        # Shipped templates have none: what is wrong stands in the user's folder.
        name, line = getattr(error, "name", None) or template, getattr(error, "lineno", None)
        where = f"{name}, line {line}" if line else name
        raise RenderingError(f"The template {where} can't be used: {error.message}") from error


@cache
def style(name: str) -> str:
    """Return a style sheet without its comments and blank lines."""
    return _bare((resources.files("labreport.templates") / "css" / f"{name}.css").read_text("utf-8"))


def user_style(look: Look) -> str:
    """Return the rules of `css/user.css` in the user's folder of templates; they come last and win.

    Raises:
        RenderingError: the file can't be read.
    """
    if look.templates is None:
        return ""
    path = look.templates / "css" / "user.css"
    try:
        text = reading.text(path, "utf-8-sig") if path.is_file() else ""
    except (OSError, ValueError) as error:
        raise RenderingError(f"Can't read {path}: {error}") from error
    if "</" in text:
        raise RenderingError(f"{path} holds '</', which would end the style sheet.")
    return _bare(text)


def language_style(name: str, *spoken: str) -> str:
    """Return the rules of these languages, and of those whose passages they mark, for "content", "screen" or "paper".

    Those for content follow the sheet of that name; those for a medium come before the medium's own.
    """
    return "".join(_bare(languages.text(part, f"css/{name}.css") or "") for part in languages.involved(*spoken))


def _bare(sheet: str) -> str:
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return "".join(f"{line.strip()}\n" for line in sheet.splitlines() if line.strip())
