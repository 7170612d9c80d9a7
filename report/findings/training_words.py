"""How the models of a run were trained, in words: the engine's codes as sentences of a language.

A code is `FORM:REASON` or `FORM:REASON=DETAIL`, such as `loop:wide` or `in-turn:layer=Dropout`; the words of each part
lie in `templates/words/<language>/engine.toml`.
"""

from __future__ import annotations

from collections.abc import Sequence

from labreport.report.words import Words

_COMPILED = "-xla"


def sentences(codes: Sequence[str], words: Words) -> tuple[str, ...]:
    """Return a sentence in Markdown for each code; a code without words stands as it is."""
    return tuple(_sentence(code, words) for code in codes)


def forms(codes: Sequence[str]) -> str:
    """Return the forms of the engine alone, in the order of the alphabet, e.g. "loop stack".

    Two runs of the same forms are trained alike. Whether one was compiled, and why, depends on the number of steps, and
    therefore on the number of epochs that was chosen; it changes no more than rounding.
    """
    return " ".join(sorted({code.partition(":")[0].removesuffix(_COMPILED) for code in codes}))


def parts(code: str, words: Words) -> tuple[str, str]:
    """Return the form that a code names, and how and why it was used, in words; an unknown code stands as it is."""
    form, _, rest = code.partition(":")
    reason, _, detail = rest.partition("=")
    known = words.get(f"engine.form_{form.removesuffix(_COMPILED)}", "")
    why = words.get(f"engine.reason_{reason}", "")
    if not known or (reason and not why):
        return f"`{code.replace('`', '')}`", ""
    how = words.get(f"engine.how_{form}", "")
    if not reason:
        return known, how
    because = words("engine.because", reason=why.format(detail=detail))
    return known, words("engine.how_because", how=how, because=because) if how else because


def _sentence(code: str, words: Words) -> str:
    form, how = parts(code, words)
    if form.startswith("`"):
        return form
    return words("engine.used", form=form, how=how) if how else words("engine.alone", form=form)
