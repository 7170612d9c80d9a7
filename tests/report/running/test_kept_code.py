"""The code of a run as it was: from its place, from the store, or not at all."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from helpers.hand_results import hand_result

from labreport.experiments import registry
from labreport.report.running import kept_code
from labreport.report.store.runs import Store
from labreport.report.store.sources import place


def test_an_installed_lab_that_has_changed_since_is_taken_from_the_store(tmp_path):
    now = registry.source_file("tensors").read_text("utf-8")
    before = now.replace("TITLE = ", "# as it was\nTITLE = ", 1)
    store, said = Store(tmp_path / "runs"), []
    for text, kept in ((now, False), (before, False), (before, True)):
        digest = sha256(text.encode()).hexdigest()
        if kept:
            file = place(store.root, digest)
            file.parent.mkdir(parents=True)
            file.write_text(text, "utf-8")
        result = hand_result("tensors")
        result = msgspec.structs.replace(result, key_parts={**result.key_parts, "lab": digest})
        with kept_code.of_lab(result, None, store, said.append) as found:
            if kept:
                assert found.path.read_text("utf-8") == before
                assert registry.load("tensors", found.path).title == registry.load("tensors").title
            else:
                assert found == (kept_code.KeptLab(path=None) if text == now else None)
    assert said == ["tensors: with its source as it was, which the store keeps"]
