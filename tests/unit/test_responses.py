"""Our own sentences are stored as codes and said in the reader's language (U8)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from apps.core.responses import SENTENCES, coded, read
from apps.core.wording import in_words

ROOT = Path(__file__).parents[2] / "apps"
#: Where a text becomes a stored response: the place of the argument, or its name.
SINKS = {"NotSent": 0, "InDoubt": 0, "in_doubt": 2}


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_can_be_stored_and_read(code: str) -> None:
    values = [f"value{n}" for n, _name in enumerate(SENTENCES[code].values)]
    stored = coded(code, *values)
    assert stored.startswith(f"@{code}")
    found = read(stored)
    assert found is not None and list(found[1].values()) == values
    with translation.override("en"):
        words = in_words(stored)
    assert "@" not in words and "%(" not in words
    assert all(value in words for value in values)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("the run was stopped", "the run was stopped"),
        ("written to 5.eml", "saved to a file: 5.eml"),
        ("anna@x.org: running -> completed", "anna@x.org: Running → Completed"),
        ("anna@x.org: unknown -> sent", "anna@x.org: unknown → sent"),
        ("3 workers died with this message in hand", "3 workers died with this message in hand"),
        (
            "the line broke after the final dot: the server closed the connection",
            "the connection broke after the final dot: the server closed the connection",
        ),
        ("bad_url: A value is no link.", "a value used as a link is not an http"),
    ],
)
def test_rows_of_before_are_read(before: str, now: str) -> None:
    with translation.override("en"):
        assert in_words(before).startswith(now)
    assert read(before) is not None


@pytest.mark.parametrize(
    "words", ["", "2.0.0 Ok: queued", "@anna is unknown here", "550 no such user", "@", "%s @x"]
)
def test_what_others_say_is_left_as_it_is(words: str) -> None:
    assert in_words(words) == words


def test_values_may_be_sentences_themselves() -> None:
    stored = coded("no_trust", 5, coded("no_code", "HTTP 200: <html>"))
    with translation.override("en"):
        assert in_words(stored).endswith("the last: no code in the answer: HTTP 200: <html>")


def test_a_text_that_was_cut_is_still_read() -> None:
    assert in_words("@no_trust 5").startswith("5 times")
    assert in_words("@status_changed") == ": → " or ":" in in_words("@status_changed")


def _stored(tree: ast.AST) -> Iterator[ast.expr]:
    """Every expression that becomes a stored response."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = SINKS.get(name)
        if place is not None and len(call.args) > place:
            yield call.args[place]
        yield from (word.value for word in call.keywords if word.arg in ("response", "words"))
        if name == "close_pending":
            yield call.args[2]
        if name == "audit_rows":
            yield call.args[2]


def _is_prose(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str) and any(map(str.isalpha, value.value))
    return isinstance(value, ast.JoinedStr) and any(map(_is_prose, value.values))


def test_no_english_of_ours_becomes_a_response() -> None:
    prose = []
    for path in [*(ROOT / "delivery").rglob("*.py"), *(ROOT / "mailings" / "ledger").rglob("*.py")]:
        if "email" in path.parts:  # SMTP's own words: read by ``Sentence.before``
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose += [f"{path.name}:{one.lineno}" for one in _stored(tree) if _is_prose(one)]
    assert [one for one in prose if not one.startswith(("house_letters", "channel.py"))] == []
