"""How much of an exercise is printed besides its task: its hint, and lines for the answer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from labreport.report.document import Block, Chapter, Exercise


def formed(chapter: Chapter, *, hints: bool, room: float) -> Chapter:
    """Return a chapter whose exercises have their hints or none, and their lines for the answer `room` times."""
    if hints and room == 1:
        return chapter

    def changed(blocks: Sequence[Block]) -> tuple[Block, ...]:
        return tuple(
            msgspec.structs.replace(
                block,
                hint=block.hint if hints else "",
                answer_lines=int(block.answer_lines * room + 0.5),
            )
            if isinstance(block, Exercise)
            else block
            for block in blocks
        )

    sections = (msgspec.structs.replace(section, blocks=changed(section.blocks)) for section in chapter.sections)
    return msgspec.structs.replace(chapter, opening=changed(chapter.opening), sections=tuple(sections))
