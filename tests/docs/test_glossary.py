"""The glossary holds what the site says: names of models, statuses, both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import TextChoices
from django.utils import translation

from apps.delivery.models import AccountState
from apps.mailings.models import (
    Attempt,
    Delivery,
    Mailing,
    RecipientImport,
    Run,
    Suppression,
    Trigger,
)
from tests.docs.test_catalogues import entries, forms

PAGE = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
MOST_TERMS = 60

#: The enumerations of the table of statuses, by the name of their rows.
STATUSES: dict[str, type[TextChoices]] = {
    "mailing": Mailing.Status,
    "run": Run.State,
    "outcome": Run.Outcome,
    "delivery": Delivery.State,
    "attempt": Attempt.Status,
    "started by": Trigger,
    "wait": Run.Reason,
    "suppression": Suppression.Reason,
    "account": AccountState.State,
    "import": RecipientImport.State,
}


def rows(section: str) -> Iterator[list[str]]:
    """The rows of the section's table, without its head."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    table = [line for line in text.splitlines() if line.startswith("|")]
    for line in table[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def named_models(text: str) -> set[str]:
    return set(re.findall(r"`([A-Z]\w+)`", text))


def test_it_is_one_short_table() -> None:
    terms = [row[0] for row in rows("Terms")]
    assert 40 < len(terms) <= MOST_TERMS
    assert len(set(terms)) == len(terms)
    assert all(row[0] and row[1] for row in rows("Terms")), "a term lacks a language"


@pytest.mark.parametrize("kind", STATUSES)
def test_every_status_has_the_label_of_the_glossary(kind: str) -> None:
    written = [(row[1].strip("`"), row[2], row[3]) for row in rows("Statuses") if row[0] == kind]
    assert written == [
        (str(value), in_language("en", value), in_language("ru", value)) for value in STATUSES[kind]
    ]


def in_language(language: str, value: TextChoices) -> str:
    with translation.override(language):
        return str(value.label)


def test_no_row_is_about_an_enumeration_that_is_not_compared() -> None:
    assert {row[0] for row in rows("Statuses")} == STATUSES.keys()


def test_every_model_is_a_term_or_internal() -> None:
    ours = {model.__name__ for model in apps.get_models() if model.__module__.startswith("apps.")}
    assert named_models(PAGE.read_text(encoding="utf-8")) & ours == ours
    terms = {name for row in rows("Terms") for name in named_models(row[3])}
    assert terms <= ours, "a term names a model that does not exist"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_text_uses_a_word_that_the_glossary_gives_up(language: str) -> None:
    given_up = [word.strip() for row in rows("Terms") for word in row[4].split(",") if word.strip()]
    pattern = re.compile("|".join(rf"\b{re.escape(word)}" for word in given_up), re.IGNORECASE)
    found = [
        text
        for message in entries(language)
        for text in (*forms(message.id), *forms(message.string))
        if pattern.search(text)
    ]
    assert found == []
