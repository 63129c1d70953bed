"""Nothing that must not be known stands in a log, wherever it came from."""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path

import pytest

from apps.core.logs.files import LogFiles, log_lines
from apps.core.logs.masking import Masking
from tests.effort import effort

MASKING = Masking("a key")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("550 5.1.1 <anna.k@example.org> unknown", "anna.k"),
        ("GET /recipients/?q=anna.k%40example.org", "anna.k"),
        ("to +79161234567 refused", "9161234567"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("{'Authorization': 'abcdefgh12345678'}", "abcdefgh12345678"),
        ("POST https://api.telegram.org/bot123456:AAE-x_y/sendMessage", "AAE-x_y"),
        ("postgres://vestnik:hunter22@db/vestnik", "hunter22"),
        ("GET /u/Zm9vYmFyYmF6cXV4MTIzNA/", "Zm9vYmFyYmF6cXV4MTIzNA"),
        ("GET /p/Zm9vYmFyYmF6cXV4MTIzNA/", "Zm9vYmFyYmF6cXV4MTIzNA"),
        ("POST /c/Zm9vYmFyYmF6cXV4MTIzNA/", "Zm9vYmFyYmF6cXV4MTIzNA"),
        ("GET /senders/confirm/Zm9vYmFyYmF6cXV4MTIzNA/", "Zm9vYmFyYmF6cXV4MTIzNA"),
        ("POST /hooks/mailgun/s3cr3tpath/", "s3cr3tpath"),
        ("GET /accounts/password/reset/key/1-set-password12345/", "password12345"),
        ("GET /accounts/confirm-email/MQ:1abc:def12345/", "1abc"),
        ("GET /x/?token=abcdef&page=2", "abcdef"),
    ],
)
def test_secrets_and_addresses_inside_a_text_are_gone(text: str, gone: str) -> None:
    masked = MASKING.text(text)
    assert gone not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text",
    [
        "GET /mailings/12/runs/3/",
        "2.0.0 Ok: queued as 4ZxQ1S0lJqz",
        "2026-11-25T17:33:20.607085+00:00",
        "run_launched",
        "f3a1b2c4-1234-5678-9abc-0123456789ab",
    ],
)
def test_what_is_neither_stays_readable(text: str) -> None:
    assert MASKING.text(text) == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("a.long.one@b.org'c.long.one@d.org", ["a.long", "c.long"]),
        ("x%40a.org&second%40b.org", ["second%40"]),
        ("<anna.k@example.org>,<bert.k@example.org>", ["anna.k", "bert.k"]),
        (f"{'a' * 90}@example.org", ["aaa"]),
    ],
)
def test_addresses_that_stand_close_together_are_gone_each(text: str, gone: list[str]) -> None:
    masked = MASKING.text(text)
    assert [part for part in gone if part in masked] == []


_QUARTER = 256 * 1024
_HOSTILE = {
    "at first": "@" + "a" * _QUARTER,
    "at last": "a" * _QUARTER + "@",
    "many addresses": "a@b " * (_QUARTER // 4),
    "no blanks": "a@" * (_QUARTER // 2),
    "nothing but @": "@" * _QUARTER,
    "percent": "%40" * (_QUARTER // 3),
    "apostrophes": "a'" * (_QUARTER // 2) + "@",
    "hyphens": "x@" + "a-" * (_QUARTER // 2),
    "digits": "1" * _QUARTER,
    "phones": "+1234567890 " * (_QUARTER // 12),
    "bearer": "Bearer " + " " * _QUARTER,
    "authorization": "authorization: " * (_QUARTER // 15),
    "tokens": " token=a" * (_QUARTER // 8),
    "hooks": "/hooks/a" * (_QUARTER // 8),
    "slashes": "//a" * (_QUARTER // 3) + "@",
    "lines": "@" + "a\n" * (_QUARTER // 2),
}


@pytest.mark.parametrize("field", ["event", "user_agent", "request", "path", "email", "error"])
@pytest.mark.parametrize("name", _HOSTILE)
def test_no_text_from_outside_takes_longer_than_a_moment(name: str, field: str) -> None:
    """A quarter of a megabyte in any header, path or reply."""
    fields = {field: _HOSTILE[name]}
    assert effort(lambda: MASKING.fields(fields), 100) <= 100
    assert len(MASKING.fields(fields)[field]) < 4 * 8_192


def test_of_a_long_text_the_beginning_and_the_end_are_kept_in_whole_lines() -> None:
    trace = "Traceback\n" + "  line\n" * 3_000 + "ValueError: anna@example.org"
    masked = MASKING.text(trace)
    assert masked.startswith("Traceback\n") and "ValueError: an***" in masked
    secret = "Authorization: Bearer " + "s3cr3t" * 3_000
    assert "s3cr3t" not in MASKING.text(secret)
    assert "s3cr3t" not in MASKING.text("x" * 3_000 + secret)


@pytest.mark.parametrize(("field", "most"), [("user_agent", 300), ("request", 500), ("path", 500)])
def test_what_visitors_write_at_will_is_cut(field: str, most: int) -> None:
    assert len(MASKING.fields({field: "word " * 1_000})[field]) <= most


def test_a_masked_address_can_be_recognised_but_not_read() -> None:
    masked = MASKING.address("anna@example.org")
    assert masked.startswith("an***~") and masked.endswith("@example.org")
    assert masked == MASKING.address("Anna@example.org")[:2].lower() + masked[2:]
    assert masked != Masking("another key").address("anna@example.org")
    assert MASKING.text(masked) == masked


def test_fields_are_judged_by_their_names_and_their_values_at_any_depth() -> None:
    event = {
        "event": "sent",
        "api_key": "k1",
        "Cookie": "k2",
        "phone": 79161234567,
        "facts": {"password": "k3", "list": ["anna@example.org"], "n": 1},
        "error": ValueError("anna@example.org"),
        "mailing_id": 79161234567,
    }
    masked = MASKING.fields(event)
    text = repr(masked)
    assert not [word for word in ("k1", "k2", "k3", "anna@", "'phone': 7") if word in text]
    assert (masked["mailing_id"], masked["facts"]["n"]) == (79161234567, 1)
    assert event["api_key"] == "k1"


def test_in_development_addresses_may_be_read_and_secrets_never() -> None:
    open_masking = Masking("a key", addresses=False)
    masked = open_masking.fields({"email": "anna@example.org", "token": "t", "event": "a@b.org"})
    assert masked == {"email": "anna@example.org", "token": "***", "event": "a@b.org"}


def handler(directory: Path, **limits: int) -> LogFiles:
    made = LogFiles(str(directory), **limits)
    made.setFormatter(logging.Formatter('{"event": "%(message)s", "timestamp": "2026-11-25"}'))
    return made


def write(made: LogFiles, *texts: str) -> None:
    for text in texts:
        made.handle(logging.makeLogRecord({"msg": text, "levelno": 20}))


def names(directory: Path) -> list[str]:
    return sorted(path.name.split(".")[1] for path in directory.iterdir())


def test_a_full_file_is_left_and_the_oldest_go(tmp_path: Path) -> None:
    made = handler(tmp_path, size=100, keep=3)
    write(made, *("x" * 60 for _ in range(5)))
    assert names(tmp_path) == ["3", "4", "5"]
    made.close()


def test_two_processes_share_a_file_and_lose_no_line(tmp_path: Path) -> None:
    """The classic rotation renames the file under the other one's feet."""
    one, two = handler(tmp_path, size=500), handler(tmp_path, size=500)
    for number in range(40):
        write(one if number % 2 else two, f"line {number}")
    events = [line["event"] for line in log_lines(tmp_path)]
    assert sorted(events) == sorted(f"line {number}" for number in range(40))
    assert len(names(tmp_path)) > 1
    one.close()
    two.close()


def test_a_torn_line_does_not_hide_the_others(tmp_path: Path) -> None:
    made = handler(tmp_path)
    write(made, "whole")
    made.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(b'{"event": "to\n\xff\n' + path.read_bytes() + b"[1]\n")
    assert [line["event"] for line in log_lines(tmp_path)] == ["whole"]


def test_a_log_that_cannot_be_written_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    write(handler(blocked), "lost")
    assert "Logging error" in err.getvalue()


def test_every_line_is_one_json_object(tmp_path: Path) -> None:
    root = next(one for one in logging.getLogger().handlers if isinstance(one, LogFiles))
    made = LogFiles(str(tmp_path))
    made.setFormatter(root.formatter)
    try:
        raise ValueError("anna@example.org\nforged line")
    except ValueError:
        info = sys.exc_info()
    record = {"msg": "broke for anna@example.org\r\n{}", "levelno": 40, "levelname": "ERROR"}
    made.handle(logging.makeLogRecord({**record, "exc_info": info, "name": "django.request"}))
    made.close()
    (path,) = tmp_path.iterdir()
    (line,) = path.read_text(encoding="utf-8").splitlines()
    text = json.loads(line)
    assert "Traceback" in text["exception"]
    assert "anna@" not in line
    assert {"event", "timestamp", "level"} <= set(text)
