"""A page of the editor that is behind another one is brought up to date and writes over nothing."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest

from apps.mailings.models import Message
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.mailings.views.letters.test_editor import do, filled, kinds, node_of, seen, url
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(name="mine")
def a_letter_of_mine(cast: Cast) -> Message:
    return a_letter(cast.owner)


def sent(cast: Cast, letter: Message, node: str, data: dict[str, str], script: bool = True) -> Any:
    headers = HTMX if script else {}
    return cast.client("owner").post(url("part", letter, node), data, headers=headers)


@pytest.mark.parametrize("script", [True, False])
def test_a_part_that_another_tab_deleted_is_no_page_not_found(
    cast: Cast, mine: Message, script: bool
) -> None:
    node, old = id_of(mine, "heading"), seen(mine)
    do(cast, mine, {"op": "remove", "id": node})
    answer = sent(cast, mine, node, {**old, "text": "Typed"}, script)
    assert answer.status_code == 409 and "changed elsewhere" in answer.content.decode()
    assert "heading" not in kinds(mine)


def test_what_is_typed_into_a_part_that_is_gone_is_refused(cast: Cast, mine: Message) -> None:
    node = id_of(mine, "heading")
    do(cast, mine, {"op": "remove", "id": node})
    answer = sent(cast, mine, node, {**seen(mine), "text": "Typed"})
    assert answer.status_code == 422 and "no longer exists" in unescape(answer.content.decode())


def test_that_a_page_is_behind_is_said_before_its_fields_are_judged(
    cast: Cast, mine: Message
) -> None:
    node, old = id_of(mine, "heading"), seen(mine)
    do(cast, mine, {"op": "letter", "field": "subject", "value": "Theirs"})
    assert sent(cast, mine, node, {**old, "level": "9"}).status_code == 409


def test_a_page_behind_gets_the_form_and_the_head_as_they_are(cast: Cast, mine: Message) -> None:
    node = id_of(mine, "heading")
    old = filled(cast.client("owner").get(url("part", mine, node)).content.decode())
    do(cast, mine, {"op": "set", "id": node, "field": "level", "value": 3})
    do(cast, mine, {"op": "letter", "field": "subject", "value": "Theirs"})
    page = sent(cast, mine, node, {**old, "text": "Typed"}).content.decode()
    fresh = filled(page)
    assert (fresh["level"], fresh["text"]) == ("3", "Spring news")
    assert "Theirs" in page and node_of(mine, "heading")["text"] == "Spring news"


def test_an_act_of_a_page_behind_brings_the_form_that_it_shows(cast: Cast, mine: Message) -> None:
    old, act = seen(mine), json.dumps({"op": "remove", "id": id_of(mine, "text")})
    do(cast, mine, {"op": "theme", "field": "light.text", "value": "#102030"})
    for shown, found in (("theme", "#102030"), (id_of(mine, "heading"), "Spring news"), ("x", "")):
        data = {**old, "act": act, "selected": shown}
        answer = cast.client("owner").post(url("operations", mine), data, headers=HTMX)
        page = answer.content.decode()
        assert answer.status_code == 409 and (found in page if found else "part-form" not in page)


def test_an_answer_says_what_stands_above_the_blocks(cast: Cast, mine: Message) -> None:
    do(cast, mine, {"op": "letter", "field": "subject", "value": 'A "new" one'})
    answer = cast.client("owner").post(url("undo", mine), seen(mine), headers=HTMX)
    head = answer.content.decode().split('data-head="')[1].split('"')[0]
    assert json.loads(unescape(head))["subject"] == "Spring"
