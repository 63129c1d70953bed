"""After an act the page gets what has changed, and no more: bytes, queries, parts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.content.blocks.document import dump
from apps.core.content.blocks.editing import places
from apps.mailings.models import Message
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.letters.draft_operations import draft_for
from benchmarks.compile.__main__ import made
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.mailings.views.letters.test_editor import seen, url
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(cast: Cast) -> Message:
    return a_letter(cast.owner)


@pytest.fixture
def long_letter(cast: Cast) -> Message:
    return begin_letter(author=cast.owner, document=dump(made()), subject="News")


def acted(cast: Cast, letter: Message, *acts: Any, name: str = "operations") -> str:
    data = {**seen(letter), "act": json.dumps(acts)}
    answer = cast.client("owner").post(url(name, letter), data, headers=HTMX)
    assert answer.status_code == 200
    return str(answer.content.decode())


def changes(page: str) -> Any:
    found = re.search(r'<script id="letter-changes"[^>]*>(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def ids(letter: Message, kind: str) -> list[str]:
    document = draft_for(letter, letter.owner).document or {}
    return [p.node["id"] for p in places.each(document) if places.kind_of(p.node) == kind]


def typed(letter: Message, text: str) -> dict[str, Any]:
    return {"op": "set", "id": ids(letter, "text")[0], "field": "html", "value": f"<p>{text}</p>"}


def test_of_150_parts_typing_brings_one_row_and_one_block(cast: Cast, long_letter: Message) -> None:
    acted(cast, long_letter, typed(long_letter, "One"))
    with CaptureQueriesContext(connection) as queries:
        page = acted(cast, long_letter, typed(long_letter, "Two"))
    found, text = changes(page), ids(long_letter, "text")[0]
    assert list(found["rows"]) == list(found["canvas"]["blocks"]) == [text]
    assert not found["parts"] and not found["lists"] and not found["canvas"]["sections"]
    assert "Two" in found["rows"][text] and "Two" in found["canvas"]["blocks"][text]
    assert len(page.encode()) < 4_000
    assert len(queries) <= 18
    assert "part-form" not in page  # what was typed stands in the form already


@pytest.mark.parametrize("name", ["insert", "move", "remove", "section", "undo"])
def test_of_150_parts_no_act_brings_more_than_a_section(
    cast: Cast, long_letter: Message, name: str
) -> None:
    columns, heading = ids(long_letter, "column"), ids(long_letter, "heading")[4]
    acts = {
        "insert": {"op": "insert", "type": "quote", "parent": columns[0], "at": 1},
        "move": {"op": "move", "id": heading, "parent": columns[0], "at": 1},
        "remove": {"op": "remove", "id": heading},
        "section": {"op": "move", "id": ids(long_letter, "section")[1], "parent": "", "at": 0},
    }
    acted(cast, long_letter, acts["insert"])
    with CaptureQueriesContext(connection) as queries:
        if name == "undo":
            page = acted(cast, long_letter, name="undo")
        else:
            page = acted(cast, long_letter, acts[name])
    assert len(page.encode()) < 60_000
    assert len(queries) <= 23
    assert len(changes(page)["canvas"]["sections"]) <= 2


def test_a_move_keeps_the_form_of_the_part_and_says_where_it_is_now(
    cast: Cast, letter: Message
) -> None:
    heading, column = id_of(letter, "heading"), ids(letter, "column")[1]
    act = {"op": "move", "id": heading, "parent": column, "at": 0}
    data = {**seen(letter), "act": json.dumps(act), "selected": heading}
    page = cast.client("owner").post(url("operations", letter), data, headers=HTMX).content.decode()
    assert "part-form" not in page and "Section 2, Column 1</p>" in page


def test_an_act_that_changes_nothing_brings_nothing(cast: Cast, letter: Message) -> None:
    page = acted(cast, letter, typed(letter, "Hello"))
    again = changes(acted(cast, letter, typed(letter, "Hello")))
    assert changes(page)["rows"] and not again["rows"] and not again["canvas"]["blocks"]


def test_a_new_part_comes_whole_with_its_place(cast: Cast, letter: Message) -> None:
    column = id_of(letter, "column")
    found = changes(
        acted(cast, letter, {"op": "insert", "type": "button", "parent": column, "at": 1})
    )
    button = ids(letter, "button")[0]
    assert list(found["parts"]) == [button] and "Give the button a link" in found["parts"][button]
    assert found["lists"] == {column: [id_of(letter, "heading"), button, id_of(letter, "text")]}
    assert list(found["canvas"]["sections"]) == [id_of(letter, "section")]


def test_sections_that_change_places_are_counted_anew(cast: Cast, letter: Message) -> None:
    first, second = ids(letter, "section")
    found = changes(acted(cast, letter, {"op": "move", "id": second, "parent": "", "at": 0}))
    assert found["lists"] == {"": [second, first]} == {"": found["canvas"]["order"]}
    assert "Section 1" in found["rows"][second] and "Section 2" in found["rows"][first]
    assert not found["canvas"]["sections"]


@pytest.mark.parametrize(
    "act",
    [
        {"op": "theme", "field": "size", "value": 18},
        {"op": "letter", "field": "language", "value": "ru"},
        {"op": "insert", "type": "code", "parent": "", "at": 0},  # no page shows a letter with one
    ],
)
def test_what_changes_all_of_the_message_is_loaded_anew(
    cast: Cast, letter: Message, act: dict[str, Any]
) -> None:
    assert changes(acted(cast, letter, act))["canvas"] == {"reload": True}


def test_a_subject_is_not_seen_on_the_message(cast: Cast, letter: Message) -> None:
    page = acted(cast, letter, {"op": "letter", "field": "subject", "value": "Summer"})
    assert changes(page)["canvas"] == {"sections": {}, "blocks": {}}
    assert "Summer" in page


def test_what_cannot_be_shown_is_said_by_the_message_itself(cast: Cast, letter: Message) -> None:
    column = id_of(letter, "column")
    acted(cast, letter, {"op": "insert", "type": "html", "parent": column, "at": 0})
    broken = {"op": "set", "id": ids(letter, "html")[0], "field": "source", "value": "<div>"}
    assert changes(acted(cast, letter, broken))["canvas"] == {"reload": True}


def test_the_last_section_goes_and_the_first_comes_with_the_whole_tree(
    cast: Cast, letter: Message
) -> None:
    both = [{"op": "remove", "id": one} for one in ids(letter, "section")]
    page = acted(cast, letter, *both)
    assert changes(page) == {"canvas": {"reload": True}} and "Nothing here yet" in page
    page = acted(cast, letter, {"op": "insert", "type": "text", "parent": "", "at": 0})
    assert 'id="letter-outline"' in page


def test_what_is_behind_gets_all_of_it(cast: Cast, letter: Message) -> None:
    old = seen(letter)
    acted(cast, letter, typed(letter, "Theirs"))
    data = {**old, "act": json.dumps(typed(letter, "Mine"))}
    answer = cast.client("owner").post(url("operations", letter), data, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 409 and changes(page) == {"canvas": {"reload": True}}
    assert 'id="letter-outline"' in page


def test_what_is_refused_brings_the_reason_alone(cast: Cast, letter: Message) -> None:
    data = {**seen(letter), "act": json.dumps({"op": "remove", "id": "nothing00"})}
    answer = cast.client("owner").post(url("operations", letter), data, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422 and "no longer exists" in page
    assert 'id="letter-outline"' not in page and changes(page) == ""
