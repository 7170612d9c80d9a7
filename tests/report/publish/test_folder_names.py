"""Folders are named as people name them: every link between the files made there leads to a file."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from helpers.hand_labs import stored

from labreport.report.cli import main

NAME = "实验 报告/第3次 (终)#%&'"
_LINK = re.compile(r'(?:href|src)="([^"]*)"|\]\(<?([^)>\s]*)>?\)')


def _broken(page: Path) -> tuple[int, list[str]]:
    """Return how many links to other files a page has, and those that lead nowhere."""
    links = [unescape(one or other) for one, other in _LINK.findall(page.read_text("utf-8"))]
    paths = [unquote(urlsplit(link).path) for link in links if not urlsplit(link).scheme]
    inner = [path for path in paths if path]
    return len(inner), [path for path in inner if not (page.parent / path).exists()]


def test_every_link_between_files_leads_to_one(tmp_path, monkeypatch):
    folder = tmp_path / NAME
    (folder / "笔记 #%&" / "zh").mkdir(parents=True)
    (folder / "笔记 #%&" / "zh" / "tensors.md").write_text("# 标题\n\n## S {#s}\n\n文\n", "utf-8")
    figure = "# 图\n\n## S {#s}\n\n:::figure curves\n看。\n:::\n\n见[](#figure-curves)。\n"
    (folder / "笔记 #%&" / "zh" / "mnist.md").write_text(figure, "utf-8")
    monkeypatch.chdir(folder)
    (folder / "labreport.toml").write_text("notes = '笔记 #%&'\noutput = '报告 #%&'\nlang = ['zh']\n", "utf-8")
    stored(folder, "tensors", "mnist")
    assert main(["render", "--to", "html,md,split"]) == 0
    assert main(["verify", "报告 #%&"]) == 0
    assert main(["trend"]) == 0
    assert main(["baseline", "set", "main", "--force"]) == 0
    assert main(["check", "--baseline", "main", "--no-report", "-o", "检查 #%&"]) in (0, 5, 6)
    pages = [
        page for page in folder.rglob("*") if page.suffix in (".html", ".md", ".atom") and "runs" not in page.parts
    ]
    found = {str(page.relative_to(folder)): _broken(page) for page in pages}
    assert {name: broken for name, (_, broken) in found.items() if broken} == {}
    assert sum(count for count, _ in found.values()) > 20
