"""Whom the server lets in, where it listens, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from helpers.own_runs import seeds_run
from helpers.waiting import until

from labreport.report.browsing.server import Door, address, listening
from labreport.report.errors import UsageError
from labreport.report.store.runs import Store


@pytest.mark.parametrize(
    ("host", "asked", "let_in"),
    [
        ("192.168.1.5", "192.168.1.5:8000", True),
        ("192.168.1.5", "192.168.1.6", False),
        ("0.0.0.0", "192.168.1.6:8000", True),
        ("0.0.0.0", "[fe80::1]:8000", True),
        ("0.0.0.0", "evil.example", False),
        ("0.0.0.0", f"{socket.gethostname()}:80", True),
        ("runs.example", "Runs.Example:8000", True),
        ("127.0.0.1", "192.168.1.6", False),
    ],
)
def test_a_server_answers_to_its_own_names_alone(host, asked, let_in):
    assert Door(host=host).admits(asked) is let_in


def test_only_what_others_can_reach_is_open():
    assert [Door(host=host).is_open for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1")] == [
        *[False] * 3,
        *[True] * 2,
    ]


def test_each_server_has_another_token_which_is_not_printed_by_chance():
    one, other = Door(), Door()
    assert one.token != other.token
    assert len(one.token) >= 20
    assert one.token not in repr(one)


def test_a_port_that_is_taken_and_an_address_that_is_not_here_are_named():
    with listening("127.0.0.1", 0) as taken:
        with pytest.raises(UsageError, match=r"address already in use.*\n.*any that is free"):
            listening("127.0.0.1", taken.getsockname()[1])
        assert address(Door(token="t"), taken).startswith("http://127.0.0.1:")
    with pytest.raises(UsageError, match=r"Can't listen at 192\.0\.2\.1"):
        listening("192.0.2.1", 0)


def test_the_command_prints_its_address_says_what_an_open_door_means_and_ends_in_peace_by_ctrl_c(store):
    program = subprocess.Popen(
        [sys.executable, "-m", "labreport", "view", str(store), "--host", "0.0.0.0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = program.stdout.readline()
        assert line.startswith("http://127.0.0.1:")
        program.send_signal(signal.SIGINT)
        output, errors = program.communicate(timeout=60)
    finally:
        program.kill()
    assert (program.returncode, output) == (0, "")
    assert errors.splitlines()[-2:] == ["Ctrl-C ends it.", "Ended."]
    assert "Other machines can reach this address" in errors


def test_what_makes_no_sense_is_refused(tmp_path, monkeypatch, capsys):
    from labreport.report.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(["view", "nowhere"]) == 2
    assert "There is no folder nowhere" in capsys.readouterr().err
    assert main(["view", "--export", "site", "--port", "1"]) == 2
    assert main(["view", ".", "--runs-dir", "other"]) == 2


def test_two_previews_of_one_folder_show_what_is_saved_and_end_in_peace_by_ctrl_c_while_browsers_wait(tmp_path):
    Store(tmp_path / "runs").save(seeds_run())
    note = tmp_path / "notes" / "en" / "digits.md"
    note.parent.mkdir(parents=True)
    note.write_text("# Digits\n\n## All {#all}\n\nFirst.\n", "utf-8")
    (tmp_path / "labreport.toml").write_text('notes = "notes"\nlang = ["en"]\n')
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "labreport", "preview"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    waiting = []
    try:
        places = [program.stdout.readline().strip() for program in programs]
        assert len(set(places)) == 2
        assert all(place.startswith("http://127.0.0.1:") for place in places)
        note.write_text("# Digits\n\n## All {#all}\n\nSecond.\n", "utf-8")
        for place in places:
            until(lambda place=place: "Second." in urlopen(f"{place}en/digits/page").read().decode())
            at = urlsplit(place)
            waiting.append(socket.create_connection((at.hostname, at.port)))
            asked = f"GET {at.path}en/changes?since=2 HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n"
            waiting[-1].sendall(asked.encode())
        for program in programs:
            program.send_signal(signal.SIGINT)
        ended = [program.communicate(timeout=60) for program in programs]
    finally:
        for program in programs:
            program.kill()
        for connection in waiting:
            connection.close()
    for program, (output, errors) in zip(programs, ended, strict=True):
        assert (program.returncode, output) == (0, "")
        assert errors.splitlines()[-2:] == ["Ctrl-C ends it.", "Ended."]
        assert "Other machines can reach this address" not in errors
