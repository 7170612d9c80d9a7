"""Forty forms of a secret, in arguments, environment, output, source and error: none is in a record or a page."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labreport.experiments.running.provenance import scrub
from labreport.report.cli import main

ARGUMENTS = (
    "--token={}",
    "--api-key={}",
    "--api_key={}",
    "--password={}",
    "--passwd={}",
    "--passphrase={}",
    "--db-password={}",
    "--secret={}",
    "--client-secret={}",
    "--credential={}",
    "--auth={}",
    "--cookie={}",
    "--session-id={}",
    "--private-key={}",
    "--access-key={}",
    "--account-key={}",
    "--license-key={}",
    "--webhook={}",
    "--dsn={}",
    "WANDB_API_KEY={}",
    "optimizer.auth.token={}",
    "https://user:{}@example.org/x",
    "https://user:a@{}@example.org/x",
    "https://{}@example.org/x",
    "git+ssh://git:{}@example.org/x.git",
    "postgresql://bob:{}@db:5432/x",
    "--data=s3://{}@bucket/x",
    "https://example.org/x?token={}&epoch=3",
    "https://example.org/x?a=1&access_token={}",
    "https://example.org/x?X-Amz-Signature={}",
    '{{"api_key": "{}", "epochs": 3}}',
    "password: {}",
    "Authorization: Bearer {}",
    "Authorization: Basic {}",
)
FORMS = (
    "ghp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
    "github_pat_11ABCDEFG0abcdefghijklmnop",
    "glpat-AbCdEfGhIjKlMnOpQrSt",
    "hf_AbCdEfGhIjKlMnOpQrStUvWx",
    "sk-proj-AbCdEfGhIjKlMnOpQrStUv",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA1234567890abcdefghijklmnopqrstu",
    "xoxb-123456789012-abcdefghijkl",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "npm_AbCdEfGhIjKlMnOpQrStUvWxYz01234567",
    "pypi-AgEIcHlwaS5vcmcCJGFiY2RlZmdoaWprbG1u",
)
"""Known by their form, whatever stands before them."""
NAMES = ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD")


def _secret(number: int) -> str:
    return f"Zq{number:02d}xWvUtSrQpOnMl{number:02d}"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder with a recorded run of a script that is given, holds, prints and raises secrets."""
    place = tmp_path_factory.mktemp("secrets")
    arguments = [form.format(_secret(number)) for number, form in enumerate(ARGUMENTS)] + [f"--id={x}" for x in FORMS]
    environment = {name: _secret(90 + number) for number, name in enumerate(NAMES)}
    lines = ["import os, sys"]
    lines += [f"a{number} = {text!r}" for number, text in enumerate(arguments)]
    lines += [f"token = {_secret(80)!r}", f"login(api_key={_secret(81)!r}) if 0 else None"]
    lines += ["for epoch in (1, 2): print(f'Epoch {epoch}/2 loss={1 / epoch:.4f}')"]
    lines += ["print(*sys.argv, sep='\\n')", *(f"print(os.environ[{name!r}])" for name in NAMES)]
    lines += ["raise ValueError('no entry with ' + a0 + ' or ' + a21 + ' or ' + os.environ['HF_TOKEN'])"]
    (place / "train.py").write_text("\n".join(lines))
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["remote", "add", "origin", f"https://me:{_secret(70)}@example.org/x.git"]):
        subprocess.run([*git, *words], cwd=place, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], cwd=place, check=True)
    command = [sys.executable, "-m", "labreport", "record", "train.py", *arguments]
    subprocess.run(command, cwd=place, capture_output=True, check=False, env={**os.environ, **environment}, timeout=120)
    return place


def test_none_of_forty_secrets_is_in_a_record_or_a_page(recorded, monkeypatch):
    monkeypatch.chdir(recorded)
    assert main(["render", "--lang", "en", "--to", "md,html"]) in (0, 4)
    files = [*(recorded / "runs").rglob("*.json"), *(recorded / "reports").iterdir()]
    assert len(files) >= 4
    content = "".join(path.read_text("utf-8") for path in files)
    numbers = [*range(len(ARGUMENTS)), 70, 80, 81, 90, 91, 92]
    assert [form for number, form in enumerate(ARGUMENTS) if _secret(number) in content] == []
    assert [number for number in numbers if _secret(number) in content] == []
    assert [form for form in FORMS if form in content] == []


@pytest.mark.parametrize("text", [form.format(_secret(5)) for form in ARGUMENTS] + list(FORMS))
def test_a_message_is_without_secrets(text):
    shown = scrub(f"can't open {text} now")
    assert _secret(5) not in shown
    assert not any(form in shown for form in FORMS)
