"""Our own sentences are stored as codes and said in the reader's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.template_language import RenderRefused
from apps.core.errors import Refused
from apps.core.responses.stored import code_of, coded, foreign, read, refused, with_code
from apps.core.responses.texts import REPLY, SENTENCES, VALUES
from apps.core.text.formatting import in_words
from apps.mailings.models import Suppression
from apps.mailings.wait_reasons import account_limit, full_limit, user_limit

ROOT = Path(__file__).parents[3] / "apps"
MODULES = sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)
#: Functions whose first argument becomes somebody else's words, and those that take a code.
FOREIGN, CODED = ("foreign", "Response"), ("coded", "Unsendable", "CredentialsError")
#: Two words of a language, one after the other: no server's name, no ``HTTP %d: ``.
PROSE = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")


def example(code: str) -> str:
    names = SENTENCES[code].values
    values = [f"value{n}" for n, name in enumerate(names) if name != REPLY]
    return coded(code, *values, reply=foreign("550 no") if REPLY in names else None)


@pytest.mark.parametrize("code", SENTENCES)
def test_every_code_is_stored_and_read(code: str) -> None:
    stored = example(code)
    found = read(stored)
    assert code_of(stored) == code
    assert found is not None
    with translation.override("en"):
        text = in_words(stored)
    assert "@" not in text and "%(" not in text
    assert all(value in text for value in found[1].values())


@pytest.mark.parametrize("code", SENTENCES)
def test_every_code_has_words_in_russian(code: str) -> None:
    with translation.override("ru"):
        text = in_words(example(code))
    assert re.search("[а-я]", text) or not re.search("[a-z]", SENTENCES[code].words % _empty(code))


def _empty(code: str) -> dict[str, str]:
    return dict.fromkeys(SENTENCES[code].values, "")


@pytest.mark.parametrize("kind", VALUES)
def test_every_value_that_is_a_code_has_words_in_russian(kind: str) -> None:
    with translation.override("ru"):
        missing = [name for name in VALUES[kind].values() if translation.gettext(name) == name]
    assert missing == []


def test_a_reply_comes_last_in_every_sentence() -> None:
    assert [code for code, one in SENTENCES.items() if REPLY in one.values[:-1]] == []


@pytest.mark.parametrize("text", ["", "2.0.0 Ok: queued", "@anna is unknown here", "@", "%s @x"])
def test_what_others_say_is_said_as_it_came(text: str) -> None:
    assert in_words(foreign(text)) == text


@given(st.text(max_size=80), st.sampled_from(["", "@", "\0@", "@ ", "@run_stopped", "@@"]))
def test_no_reply_passes_for_a_code(text: str, beginning: str) -> None:
    stored = foreign(beginning + text)
    assert code_of(stored) == ""
    assert in_words(stored) == (beginning + text).replace("\0", "")


@pytest.mark.parametrize("code", [code for code, one in SENTENCES.items() if REPLY in one.values])
def test_no_reply_inside_a_sentence_passes_for_a_code(code: str) -> None:
    values = [f"value{n}" for n, _name in enumerate(SENTENCES[code].values[:-1])]
    with translation.override("en"):
        text = in_words(coded(code, *values, reply=foreign("@run_stopped")))
    assert "@run_stopped" in text and "the run was stopped" not in text


def test_a_reply_may_be_a_sentence_itself() -> None:
    stored = coded("no_trust", 5, reply=coded("no_code", reply=foreign("HTTP 200: <html>")))
    with translation.override("en"):
        assert in_words(stored).endswith("the last: no code in the answer: HTTP 200: <html>")


@pytest.mark.parametrize("stored", ["@no_trust 5", "@status_changed", "@smtp_after_dot"])
def test_a_text_that_was_cut_is_still_read(stored: str) -> None:
    with translation.override("en"):
        text = in_words(stored)
    assert text and "@" not in text


def test_a_code_that_is_not_known_any_more_is_shown_as_it_is() -> None:
    assert in_words("@of_yesterday 7") == "@of_yesterday 7"


def test_what_is_stored_fits_its_column() -> None:
    long = foreign("@" + "x" * 900)
    assert len(long) == 500 and len(coded("smtp_after_dot", reply=long)) == 500


def test_a_reply_code_stands_before_the_words() -> None:
    assert with_code(451, foreign("4.3.0 later")) == "451 4.3.0 later"
    assert with_code(451, foreign("@home")) == "451 @home"
    assert with_code(0, coded("smtp_closed")) == coded("smtp_closed")
    with translation.override("en"):
        text = in_words(with_code(451, coded("smtp_closed")))
    assert text == "451 the server closed the connection"


def test_a_refusal_is_stored_by_its_code() -> None:
    class Odd(Refused):
        code = "odd_refusal"

    assert refused(Odd("Nicht jetzt.")) == "@refused odd_refusal"


def test_every_letter_that_cannot_be_written_has_its_sentence() -> None:
    kinds = [kind for kind in _under(RenderRefused) if kind.__module__.startswith("apps.")]
    assert {kind.code for kind in kinds} - SENTENCES.keys() == set()


def _under(kind: type[RenderRefused]) -> Iterator[type[RenderRefused]]:
    for one in kind.__subclasses__():
        yield one
        yield from _under(one)


def test_every_reason_of_a_suppression_has_its_words() -> None:
    assert set(Suppression.Reason.values) <= VALUES["bar"].keys()


def test_a_full_limit_can_be_distinguished_from_what_a_provider_asks_for() -> None:
    hour = full_limit(account_limit("hour", 100, "email"))
    mine = full_limit(user_limit(4, new=True))
    assert hour is not None and (hour.period, hour.limit, hour.of_user) == ("hour", 100, False)
    assert mine is not None and (mine.period, mine.limit, mine.of_user) == ("day", 4, True)
    quota = coded("of_account", "email", reply=coded("limit_quota", 10))
    assert full_limit(quota) is None and full_limit(foreign("550 no")) is None


# --- what the source may say ---


@cache
def _every_call() -> list[tuple[str, Path, ast.Call]]:
    return [
        (getattr(call.func, "id", getattr(call.func, "attr", "")), path, call)
        for path in MODULES
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and call.args
    ]


def _calls(names: tuple[str, ...]) -> Iterator[tuple[Path, ast.Call]]:
    return ((path, call) for name, path, call in _every_call() if name in names)


def test_no_sentence_of_ours_is_stored_as_somebody_elses() -> None:
    prose = [
        f"{path.name}:{call.lineno}"
        for path, call in _calls(FOREIGN)
        for part in ast.walk(call.args[0])
        if isinstance(part, ast.Constant) and PROSE.search(str(part.value))
    ]
    assert prose == []


def test_every_code_that_is_used_has_a_sentence_and_the_values_of_it() -> None:
    wrong, seen = [], set()
    for path, call in _calls(CODED):
        code = call.args[0]
        if not isinstance(code, ast.Constant):
            continue
        seen.add(str(code.value))
        names = SENTENCES[str(code.value)].values
        given = len(call.args) - 1 + any(word.arg == "reply" for word in call.keywords)
        if given != len(names) and not any(isinstance(arg, ast.Starred) for arg in call.args):
            wrong.append(f"{path.name}:{call.lineno}")
    assert wrong == []
    assert len(seen) > 70
