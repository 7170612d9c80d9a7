"""The script that posts a verdict: one comment, updated in place, found by what GitHub itself says."""

from __future__ import annotations

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from helpers.places import ROOT

SHA = "a" * 40


class GitHub(BaseHTTPRequestHandler):
    """As much of GitHub as the script asks for."""

    pulls: list
    comments: list
    written: list

    def do_GET(self):
        assert self.headers["Authorization"] == "Bearer t0ken"
        path, _, query = self.path.partition("?")
        if path == "/repos/o/r/pulls":
            assert "head=fork:a-branch" in query
            self._answer(self.pulls)
        else:
            assert path == "/repos/o/r/issues/7/comments"
            page = int(query.rpartition("=")[2])
            self._answer(self.comments[(page - 1) * 100 : page * 100])

    def do_POST(self):
        self._write()

    def do_PATCH(self):
        self._write()

    def _write(self):
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.written.append((self.command, self.path, content["body"]))
        self._answer({})

    def _answer(self, content):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def github():
    """A service on this machine; its lists can be filled."""
    handler = type("Handler", (GitHub,), {"pulls": [], "comments": [], "written": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    handler.address = f"http://127.0.0.1:{server.server_port}"
    handler.pulls.append({"number": 7, "head": {"sha": SHA}})
    yield handler
    server.shutdown()
    server.server_close()


def post(tmp_path, github, text="<!-- labreport-check -->\n### labreport check: Passed\n", conclusion="success"):
    event = {
        "head_sha": SHA,
        "head_branch": "a-branch",
        "head_repository": {"owner": {"login": "fork"}},
        "html_url": "https://example.org/job",
        "conclusion": conclusion,
    }
    (tmp_path / "event.json").write_text(json.dumps({"workflow_run": event}))
    if text is not None:
        (tmp_path / "short.md").write_text(text)
    return subprocess.run(
        [sys.executable, "-I", str(ROOT / "ci" / "comment.py"), str(tmp_path / "short.md")],
        env={
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_API_URL": github.address,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_TOKEN": "t0ken",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def comment(number, login="github-actions[bot]", body="<!-- labreport-check -->\nold"):
    return {"id": number, "user": {"login": login}, "body": body}


def test_a_first_verdict_is_a_new_comment(tmp_path, github):
    assert post(tmp_path, github).returncode == 0
    [(method, path, body)] = github.written
    assert (method, path) == ("POST", "/repos/o/r/issues/7/comments")
    assert body.startswith("<!-- labreport-check -->\n### labreport check: Passed")
    assert f"[{SHA[:12]}](https://example.org/job)" in body


def test_a_later_verdict_updates_the_comment_of_the_job_and_of_no_other_account(tmp_path, github):
    github.comments += [comment(number, login="mallory") for number in range(100)]
    github.comments += [comment(100, body="hello"), comment(101), comment(102)]
    assert post(tmp_path, github).returncode == 0
    [(method, path, _)] = github.written
    assert (method, path) == ("PATCH", "/repos/o/r/issues/comments/101")


@pytest.mark.parametrize("text", [None, "", "<!-- labreport-check -->\n"])
def test_a_job_without_a_verdict_is_said_to_be_no_pass(tmp_path, github, text):
    assert post(tmp_path, github, text, "failure").returncode == 0
    assert "without a verdict (failure). That is not a pass." in github.written[0][2]


def test_a_text_of_any_size_fits_into_a_comment(tmp_path, github):
    assert post(tmp_path, github, "很" * 200_000).returncode == 0
    assert len(github.written[0][2]) < 65_536


def test_a_pull_request_that_moved_on_gets_no_verdict_of_an_older_commit(tmp_path, github):
    github.pulls[:] = [{"number": 7, "head": {"sha": "b" * 40}}]
    done = post(tmp_path, github)
    assert done.returncode == 0
    assert "nothing is posted" in done.stdout
    assert not github.written
