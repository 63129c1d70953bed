"""A draft of blocks: acts one after another, taken back, done again, and never over another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.core.content.blocks.editing import operations
from apps.core.content.blocks.errors import DocumentInvalid, DocumentTooBig
from apps.core.errors import ContentRefused
from apps.mailings.models import DraftStep, Message, MessageDraft
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.letters.draft_operations import (
    STEPS,
    Applied,
    DraftMoved,
    draft_for,
    redo,
    undo,
)
from apps.mailings.services.letters.saving import save_letter
from apps.mailings.services.messages import MessageChanged
from tests.factories import UserFactory
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def letter() -> Message:
    return a_letter(UserFactory.create())


def act(letter: Message, *asked: dict[str, Any], at: datetime = NOW) -> Applied:
    return draft_operations.act(writer_of(letter), asked, now=at)


def typed(letter: Message, text: str, seconds: float = 0) -> Applied:
    one = {"op": "set", "id": id_of(letter, "heading"), "field": "text", "value": text}
    return act(letter, one, at=NOW + timedelta(seconds=seconds))


def labels(letter: Message) -> Sequence[str]:
    rows = DraftStep.objects.filter(draft__message=letter, undone=False)
    return list(rows.order_by("number").values_list("label", flat=True))


def test_an_act_is_kept_in_the_draft_and_the_message_stays_as_it_is(letter: Message) -> None:
    before = letter.document
    applied = typed(letter, "Summer")
    assert (applied.label, applied.draft.sequence) == ("set.heading", 1)
    assert "Summer" in str(draft_for(letter, letter.owner).document)
    letter.refresh_from_db()
    assert letter.document == before and letter.revision == 1


def test_an_act_on_a_draft_that_has_moved_is_refused(letter: Message) -> None:
    stale = writer_of(letter)
    typed(letter, "Summer")
    one = {"op": "remove", "id": id_of(letter, "heading")}
    with pytest.raises(DraftMoved):
        draft_operations.act(stale, [one], now=NOW)
    with pytest.raises(DraftMoved):
        undo(stale)
    assert labels(letter) == ["set.heading"]


def test_an_act_on_a_message_that_was_saved_meanwhile_is_refused(letter: Message) -> None:
    stale = writer_of(letter)
    one = {"op": "remove", "id": id_of(letter, "heading")}
    Message.objects.filter(pk=letter.pk).update(revision=2)
    stale.message.refresh_from_db()
    with pytest.raises(DraftMoved):
        draft_operations.act(stale, [one], now=NOW)
    with pytest.raises(DraftMoved):
        draft_operations.act(replace(stale, base_revision=2, sequence=7), [one], now=NOW)
    assert not MessageDraft.objects.exists()


def test_what_is_refused_leaves_neither_draft_nor_step(letter: Message) -> None:
    bad = {"op": "set", "id": id_of(letter, "heading"), "field": "level", "value": 7}
    good = {"op": "letter", "field": "subject", "value": "x"}
    with pytest.raises(DocumentInvalid):
        act(letter, good, bad)
    with pytest.raises(ContentRefused):
        act(letter, {"op": "letter", "field": "owner", "value": "x"})
    assert not MessageDraft.objects.exists() and not DraftStep.objects.exists()


def test_typing_on_within_five_seconds_is_one_step(letter: Message) -> None:
    for seconds, text in ((0, "S"), (2, "Su"), (5, "Sum"), (6, "Summ")):
        typed(letter, text, seconds)
    assert labels(letter) == ["set.heading", "set.heading"]
    assert "Sum'" in str(undo(writer_of(letter)).draft.document)
    assert "Spring news" in str(undo(writer_of(letter)).draft.document)


def test_another_field_is_another_step(letter: Message) -> None:
    typed(letter, "S")
    act(letter, {"op": "letter", "field": "subject", "value": "New"})
    act(letter, {"op": "letter", "field": "preheader", "value": "New"})
    typed(letter, "T")
    assert len(labels(letter)) == 4


def test_an_act_that_changes_nothing_is_no_step(letter: Message) -> None:
    applied = typed(letter, "Spring news")
    assert applied.label == "" and not MessageDraft.objects.exists()
    undo(writer_of(letter))
    redo(writer_of(letter))
    assert not MessageDraft.objects.exists()


def test_what_was_taken_back_is_dropped_by_the_next_act(letter: Message) -> None:
    typed(letter, "One")
    act(letter, {"op": "duplicate", "id": id_of(letter, "section")})
    undo(writer_of(letter))
    typed(letter, "Two", 60)
    assert redo(writer_of(letter)).label == ""
    assert labels(letter) == ["set.heading", "set.heading"]


def test_everything_taken_back_and_done_again_gives_the_same(letter: Message) -> None:
    first = draft_for(letter, letter.owner).document
    act(letter, {"op": "insert", "type": "cards", "parent": "", "at": 1})
    act(letter, {"op": "layout", "id": id_of(letter, "section"), "layout": "2-1"})
    cards, column = id_of(letter, "cards"), id_of(letter, "column")
    act(letter, {"op": "move", "id": cards, "parent": column, "at": 0})
    act(letter, {"op": "theme", "field": "light.text", "value": "#102030"})
    act(letter, {"op": "letter", "field": "subject", "value": "Other"})
    act(letter, {"op": "remove", "id": id_of(letter, "section")})
    last = draft_for(letter, letter.owner)
    for _ in range(6):
        undo(writer_of(letter))
    begun = draft_for(letter, letter.owner)
    assert (begun.document, begun.subject) == (first, "Spring")
    assert undo(writer_of(letter)).label == ""
    for _ in range(6):
        redo(writer_of(letter))
    again = draft_for(letter, letter.owner)
    assert (again.document, again.subject) == (last.document, "Other")
    assert again.sequence == 18


def test_so_many_steps_are_kept_and_the_oldest_go(letter: Message) -> None:
    typed(letter, "0")
    draft = draft_for(letter, letter.owner)
    step = draft.steps.get()
    DraftStep.objects.bulk_create(
        DraftStep(
            draft=draft, number=number, label="x", forward=[], backward=[], made_at=step.made_at
        )
        for number in range(2, STEPS + 1)
    )
    typed(letter, "1")
    numbers = list(draft.steps.order_by("number").values_list("number", flat=True))
    assert (numbers[0], numbers[-1], len(numbers)) == (2, STEPS + 1, STEPS)


def test_the_focus_goes_to_what_is_new_and_from_what_is_gone_to_the_next(letter: Message) -> None:
    column = id_of(letter, "column")
    made = act(letter, {"op": "insert", "type": "quote", "parent": column, "at": 1})
    assert made.focus == id_of(letter, "quote")
    assert act(letter, {"op": "remove", "id": made.focus}).focus == id_of(letter, "text")
    act(letter, {"op": "remove", "id": id_of(letter, "text")})
    assert act(letter, {"op": "remove", "id": id_of(letter, "heading")}).focus == column


def test_save_makes_a_version_and_ends_the_draft(letter: Message) -> None:
    typed(letter, "Summer")
    draft = draft_for(letter, letter.owner)
    saved = save_letter(draft=draft, author=letter.owner, base_revision=1)
    assert saved.revision == 2 and "Summer" in str(saved.versions.get(number=2).document)
    assert not MessageDraft.objects.exists() and not DraftStep.objects.exists()


def test_save_over_a_newer_version_is_refused_and_keeps_the_draft(letter: Message) -> None:
    typed(letter, "Summer")
    Message.objects.filter(pk=letter.pk).update(revision=2)
    with pytest.raises(MessageChanged):
        save_letter(draft=draft_for(letter, letter.owner), author=letter.owner, base_revision=1)
    assert MessageDraft.objects.exists()


def test_a_version_needs_a_subject_and_a_draft_does_not() -> None:
    owner = UserFactory.create()
    letter = begin_letter(author=owner)
    typed(letter, "Summer")
    with pytest.raises(ValidationError):
        save_letter(draft=draft_for(letter, owner), author=owner, base_revision=1)
    assert Message.objects.get(pk=letter.pk).form == "blocks"


def test_nul_is_kept_nowhere(letter: Message) -> None:
    column = id_of(letter, "column")
    made = act(letter, {"op": "insert", "type": "html", "parent": column, "at": 0})
    act(letter, {"op": "set", "id": made.focus, "field": "source", "value": "<b>\x00</b>"})
    act(letter, {"op": "letter", "field": "subject", "value": "a\x00b"})
    draft = draft_for(letter, letter.owner)
    assert "\x00" not in str(draft.document) and draft.subject == "ab"


def test_a_word_above_the_letter_is_one_line_and_brings_nothing_else(letter: Message) -> None:
    value = "Hi\r\nBcc: x"
    draft = act(letter, {"op": "letter", "field": "subject", "value": value, "junk": "j"}).draft
    assert draft.subject == "Hi Bcc: x"
    kept = {"op": "letter", "field": "subject", "value": "Hi Bcc: x"}
    assert draft.steps.get().forward == [kept]


def test_copies_of_a_large_part_are_refused_before_they_are_all_made(
    letter: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.core.content.blocks.document.MAX_BYTES", 9000)
    done: list[str] = []
    real = operations.apply

    def apply(document: Any, one: Any) -> Any:
        done.append(one["op"])
        return real(document, one)

    monkeypatch.setattr(operations, "apply", apply)
    twice = {"op": "duplicate", "id": id_of(letter, "section")}
    with pytest.raises(DocumentTooBig):
        act(letter, *[twice] * 50)
    assert 0 < len(done) < 30
