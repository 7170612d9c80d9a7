"""Post the verdict of a pull request as one comment, or update the one that is there.

    GITHUB_TOKEN=… python3 ci/comment.py verdict/summary-short.md

Needs Python alone. It runs after the workflow that judged (event `workflow_run`), with the right to write comments; so
nothing of the pull request is run or believed here. Which pull request it is about is asked of GitHub by the branch and
commit that GitHub itself names in the event; the verdict is a text of limited size.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

MARKER = "<!-- labreport-check -->"
"""First line of the short form of a verdict; the earlier comment is found by it."""
LIMIT = 65_000
"""Characters of a comment; GitHub takes 65 536."""
BOT = "github-actions[bot]"
PAGES = 30
"""Pages of a hundred comments that are searched at most."""


def main(arguments: list[str]) -> int:
    """Post the verdict in a file; return 0, also where the pull request has moved on and there is nothing to say."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))["workflow_run"]
    number = pull_request(event)
    if number is None:
        print("No open pull request has this commit any more; nothing is posted.")
        return 0
    text = body(Path(arguments[0]), event)
    comment = earlier_comment(number)
    if comment is None:
        call("POST", f"issues/{number}/comments", {"body": text})
    else:
        call("PATCH", f"issues/comments/{comment}", {"body": text})
    return 0


def body(path: Path, event: dict[str, Any]) -> str:
    """Return the comment: the verdict with a link to its job, or that there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(LIMIT).replace(MARKER, "").strip()
    except OSError:
        text = ""
    link = f"[{event['head_sha'][:12]}]({event['html_url']})"
    if not text:
        text = f"**labreport:** the job ended without a verdict ({event['conclusion']}). That is not a pass."
    return f"{MARKER}\n{text[: LIMIT - 500]}\n\nCommit and artifacts: {link}\n"


def pull_request(event: dict[str, Any]) -> int | None:
    """Return the open pull request whose newest commit was judged."""
    head = f"{event['head_repository']['owner']['login']}:{event['head_branch']}"
    found = call("GET", f"pulls?state=open&per_page=100&head={urllib.parse.quote(head, safe=':')}")
    return next((int(one["number"]) for one in found if one["head"]["sha"] == event["head_sha"]), None)


def earlier_comment(number: int) -> int | None:
    """Return the comment that an earlier verdict was posted as."""
    for page in range(1, PAGES + 1):
        found = call("GET", f"issues/{number}/comments?per_page=100&page={page}")
        for one in found:
            if one["user"]["login"] == BOT and one["body"].startswith(MARKER):
                return int(one["id"])
        if len(found) < 100:
            break
    return None


def call(method: str, path: str, content: dict[str, str] | None = None) -> Any:
    """Ask GitHub's API about the repository of the job and return its answer."""
    request = urllib.request.Request(
        f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        data=json.dumps(content).encode() if content is not None else None,
        method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except urllib.error.HTTPError as error:
        sys.exit(f"GitHub answered {error.code} to {error.url}.")
