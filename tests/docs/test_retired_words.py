"""Words that were given up stay out of the code, the tests, the documents and the catalogues.

A protocol, a queue and a framework have established names. The lists below hold the private ones
that stood for them, each with the word to use. An exception names its file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.test_catalogues import entries, forms

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("apps", "config", "tests", "benchmarks", "docs", "templates", "deploy")
KINDS = {".py", ".md", ".html", ".txt", ".svg", ".yml", ".yaml", ".toml", ".sh", ".service"}
#: This list, and the page whose last column names what is not said.
UNREAD = {"tests/docs/test_retired_words.py", "docs/glossary.md"}

#: Not inside a longer word; an underscore and a change of case end a word.
WORDS = {
    r"far (?:side|end)s?": "server, receiver",
    r"in the air": "in flight",
    r"ways? out": "account, channel",
    r"further ways?|run ?ways?": "route",
    r"parcels?": "transaction, rows",
    r"desks?": "queue",
    r"doors?": "endpoint, entry",
    r"tells?|telling|told": "record, notify, return, log, send",
    r"troubles?": "error, failure",
    r"mend(?:s|ed|ing)?": "fix, repair",
    r"by hand": "manually",
    r"seats?": "slot",
    r"rested|resting": "cooling down",
    r"tak(?:e|es|en|ing) out|took out": "trip, remove",
    r"ripe": "due",
    r"latecomers?": "added recipient",
    r"house letters?|letters? of the house": "system message",
    r"singles": "transactional",
    r"straight road": "hot path",
    r"puts? off": "defer",
    r"side ?jobs?": "background job",
    r"whoever": "who, the process that",
    r"by itself|by themselves": "on its own, automatically",
    r"on (?:its|their) way": "being sent",
    r"manners": "options, behavior",
    r"patience": "timeout",
    r"burnt": "spent",
    r"nursery": "fork server",
    r"crew": "helpers, workers",
    r"books": "checkpoint, ledger",
    r"dialogues?": "session",
    r"watchm[ae]n": "health monitor",
    r"let(?:s)? go on": "resume, allow",
}
#: Names of variables, parameters and functions.
NAMES = {
    *("words", "told", "tell", "news", "parcel", "desk", "door", "wire", "trouble", "mend"),
    *("look", "way", "ways", "way_out", "shut", "put_off", "call_back", "pass_on", "turn_to"),
    *(
        "spare_for",
        "gave_up",
        "go_round",
        "latecomers",
        "write_once",
        "stock",
        "orders",
        "singles",
        "timetable",
    ),
    *("html_places", "template_limits", "message_hints", "part_template", "by_key", "sheet_child"),
    *("Desk", "Door", "Wire", "Parcel", "Trouble", "LineLost", "Dialogue", "Manners", "Patience"),
    *("Books", "Turned", "Intake", "Stock", "Watch", "Senders", "Suspicion", "Heard", "Said"),
    *("RunWay", "HouseLetter", "News", "ToldRun", "Witness", "Placed", "SideJob", "Roster"),
    *("SignedInMixin", "OverseersMixin", "Nursery", "Ground", "DUE_OVER"),
}
#: Where the word means what it says: (part of the path, part of the line).
ALLOWED = {
    ("apps/mailings/demo/", "books"),  # a bookshop's newsletter
    ("apps/mailings/services/demo/", "books"),
    ("apps/mailings/importing/headers.py", "address books"),
    ("apps/feedback/mail/", "tell"),  # what servers write in their mails
    ("tests/feedback/mails.py", "I was told"),
}
#: Files in which such a name is the right one.
NAMED_RIGHT = {
    ("apps/delivery/engine/worker/journal.py", "words"),  # of 64 bits
    ("apps/delivery/channels/email/mime.py", "words"),  # RFC 2047
    ("apps/mailings/importing/headers.py", "words"),  # of a column's name
    ("apps/mailings/importing/statuses.py", "words"),
    ("apps/mailings/segments/ground.py", "Ground"),  # on which conditions are asked
}
#: What texts for people do not say, in both languages.
TEXTS = {
    "en": r"letters? of the house|mend|told|in the air|by itself|on its way|taken in|bring in"
    r"|take away|out of service|whoever|not written to|far side|way out",
    "ru": r"эл\. почт|учётн\w+ запис\w+ отправки|канал\w* отправки|прогон"
    r"|проб(?:а|у|ы|ное|ные)\b|отдыхает|обслужен|разогрев",
}


@cache
def files() -> dict[str, str]:
    found = [path for name in FOLDERS for path in (ROOT / name).rglob("*")]
    found += [*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md"]
    names = {path.relative_to(ROOT).as_posix(): path for path in found if path.suffix in KINDS}
    return {name: names[name].read_text(encoding="utf-8") for name in sorted(names.keys() - UNREAD)}


def uses(pattern: str) -> Iterator[str]:
    """Every line that has the word, but for the exceptions."""
    word = re.compile(rf"(?<![A-Za-z])(?:{pattern.replace(' ', '[ _]')})(?![a-z])", re.IGNORECASE)
    for name, text in files().items():
        if not word.search(text):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if word.search(line) and not any(
                name.startswith(path) and part in line for path, part in ALLOWED
            ):
                yield f"{name}:{number}: {line.strip()[:120]}"


@pytest.mark.parametrize("pattern", WORDS)
def test_a_retired_word_is_used_nowhere(pattern: str) -> None:
    assert [*uses(pattern)] == [], f"say: {WORDS[pattern]}"


def names_of(tree: ast.AST) -> Iterator[str]:
    """Names of functions and classes, of parameters, and of what a function assigns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            for part in ast.walk(node):
                if isinstance(part, ast.arg):
                    yield part.arg
                elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id


def test_no_name_in_the_code_is_a_retired_one() -> None:
    found = {
        (path, name)
        for path, text in files().items()
        if path.endswith(".py") and "/migrations/" not in path
        for name in names_of(ast.parse(text))
        if name.removeprefix("_") in NAMES
    }
    assert found - NAMED_RIGHT == set()


def test_every_exception_is_needed() -> None:
    names = {(path, name) for path, name in NAMED_RIGHT if name in files().get(path, "")}
    assert names == NAMED_RIGHT


@pytest.mark.parametrize("language", TEXTS)
def test_no_text_for_people_says_it(language: str) -> None:
    pattern = re.compile(rf"\b(?:{TEXTS[language]})", re.IGNORECASE)
    texts = [
        text
        for message in entries(language)
        for text in (forms(message.id) if language == "en" else forms(message.string))
    ]
    assert [text for text in texts if pattern.search(text)] == []
