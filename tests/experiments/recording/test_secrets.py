"""Secrets in arguments, in the environment and in what is printed never enter a record."""

from __future__ import annotations

from time import process_time

import pytest

from labreport.experiments.running.provenance import scrub, scrub_command, without_secrets

SECRET = "s3cr3t-Zx9QwErTy01234567"
ARGUMENTS = [
    [f"--token={SECRET}"],
    ["--token", SECRET],
    [f"--api-key={SECRET}"],
    ["--api_key", SECRET],
    [f"--wandb-api-key={SECRET}"],
    [f"WANDB_API_KEY={SECRET}"],
    ["--password", SECRET],
    [f"--db-password={SECRET}"],
    [f"--passwd={SECRET}"],
    [f"-token={SECRET}"],
    ["--hf-token", SECRET, "--epochs", "3"],
    [f"--secret={SECRET}"],
    [f"client_secret={SECRET}"],
    ["--credentials", SECRET],
    [f"--header=Authorization: Bearer {SECRET}"],
    ["-H", f"Authorization: Basic {SECRET}"],
    [f"https://alice:{SECRET}@example.org/data"],
    [f"https://alice:p@{SECRET}@example.org/data"],
    [f"--data=postgresql://bob:{SECRET}@db/x"],
    [f"s3://{SECRET}@bucket/x"],
    [f"https://example.org/x?token={SECRET}&epoch=3"],
    [f"https://example.org/x?a=1&access_token={SECRET}"],
    ['{"api_key": "' + SECRET + '", "epochs": 3}'],
    [f"password: {SECRET}"],
    [f"optimizer.auth.token={SECRET}"],
    ["--login", f"ghp_{SECRET.replace('-', '')}"],
    ["--login", "hf_AbCdEfGhIjKlMnOpQrSt" + SECRET.replace("-", "")],
    ["--id", "AKIAIOSFODNN7EXAMPLE"],
    ["--jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc" + SECRET.replace("-", "")],
    ["--service", f"sk-proj-{SECRET}"],
    [f"--privateKey={SECRET}"],
    ["--access-key-id", SECRET],
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=lambda words: words[0][:40].replace(SECRET, "…"))
def test_no_secret_is_left_in_the_arguments(arguments):
    shown = " ".join(scrub_command(["train.py", *arguments]))
    assert SECRET not in shown
    assert SECRET.replace("-", "") not in shown
    assert "AKIAIOSFODNN7" not in shown
    assert not set(shown.split()) & {"Zx9QwErTy01234567"}


@pytest.mark.parametrize("name", ["WANDB_API_KEY", "HF_TOKEN", "MLFLOW_TRACKING_PASSWORD", "AWS_SECRET_ACCESS_KEY"])
def test_the_value_of_a_secret_variable_is_taken_out_wherever_it_stands(monkeypatch, name):
    monkeypatch.setenv(name, "plainlookingvalue")
    assert "plainlookingvalue" not in without_secrets("using plainlookingvalue to log in")
    assert "plainlookingvalue" not in " ".join(scrub_command(["a", "plainlookingvalue"]))


@pytest.mark.parametrize(
    "word",
    [
        "--max_tokens=128",
        "--tokenizer=bert",
        "--key=3",
        "--monkey=1",
        "--keyboard",
        "--author=Ann",
        "--passes=3",
        "--lr=0.1",
    ],
)
def test_ordinary_arguments_stay(word):
    assert scrub_command(["a", word]) == ("a", word)


def test_a_word_after_an_ordinary_flag_stays():
    assert scrub_command(["a", "--epochs", "3", "--token", "x", "next"]) == (
        "a",
        "--epochs",
        "3",
        "--token",
        "***",
        "next",
    )


FORMS = (
    "glrt-AbCdEfGhIjKlMnOpQrSt",
    "gldt-AbCdEfGhIjKlMnOpQrSt",
    "xapp-1-A0123456789-0123456789012-abcdef0123456789",
    "xoxe.xoxp-1-AbCdEfGhIjKlMnOpQrStUvWxYz",
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "sk_live_AbCdEfGhIjKlMnOpQrStUvWx",
    "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWx",
    "GOCSPX-AbCdEfGhIjKlMnOpQrStUvWx",
    "dckr_pat_AbCdEfGhIjKlMnOpQrStUvWx",
    "dapi0123456789abcdef0123456789abcdef",
    "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef",
    "SG.AbCdEfGhIjKlMnOpQrSt.AbCdEfGhIjKlMnOpQrSt",
    "hvs.AbCdEfGhIjKlMnOpQrStUvWx",
    "nvapi-AbCdEfGhIjKlMnOpQrStUvWx",
    "gsk_AbCdEfGhIjKlMnOpQrStUvWx",
    "123456789:AAAbCdEfGhIjKlMnOpQrStUvWxYz0123456",
    "ghs_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc\n-----END PGP PRIVATE KEY BLOCK-----",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", ["{}", "got {} back", "x={}", "'{}'", "({})", "https://example.org/?x={}"])
def test_a_secret_is_known_by_its_form_wherever_it_stands(form, where):
    shown = without_secrets(where.format(form))
    assert not [part for part in form.replace("\n", "/").split("/") if len(part) > 12 and part in shown]
    assert not [
        part for part in form.split("/") if len(part) > 20 and part in without_secrets(f"a = '{form}'", code=True)
    ]


PIECES = (
    *("a-", "a_", "a", "0-", "token", "token-", "token=", "://", "://a@", "/", "/a", "eyJabcdefgh.", "-key", "a_key-"),
    *("-----BEGIN PRIVATE KEY-----", "bearer ", '"', '"\\', '"""', "sk-", "xoxb-", " ", "\n", 'token: "', "token={"),
)


@pytest.mark.parametrize("piece", PIECES)
def test_the_time_that_a_text_takes_grows_with_it_and_no_faster(piece):
    text = piece * (60_000 // len(piece))
    begun = process_time()
    for done in (without_secrets, scrub, lambda given: without_secrets(given, code=True)):
        done(text)
    assert process_time() - begun < 3


def test_a_private_key_is_taken_out_of_a_text():
    text = "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----\nafter"
    assert scrub(text) == "***\nafter"


def test_code_that_handles_a_token_is_not_spoilt():
    code = "token = next(stream)\nkey = 3\npassword: str = read()\n"
    assert without_secrets(code, code=True) == code
    assert SECRET not in without_secrets(f'wandb.login(api_key="{SECRET}")', code=True)
