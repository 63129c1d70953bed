"""A message of blocks written by plain forms alone, saved, previewed, and never lost."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from apps.core.content.blocks.editing import places
from apps.mailings.models import Message, MessageDraft
from apps.mailings.services.letters.draft_operations import draft_for
from tests.factories import MailingFactory, RecipientFactory, TagFactory
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(cast: Cast) -> Message:
    return a_letter(cast.owner)


def url(name: str, letter: Message, *more: str) -> str:
    return reverse(f"messages:{name}", args=[letter.pk, *more])


def seen(letter: Message) -> dict[str, str]:
    """The hidden fields of a page as it is now."""
    message = Message.objects.get(pk=letter.pk)
    draft = draft_for(message, message.owner)
    return {"sequence": str(draft.sequence), "base_revision": str(draft.base_revision)}


def do(cast: Cast, letter: Message, act: Any, **fields: str) -> Any:
    data = {**seen(letter), "act": json.dumps(act), **fields}
    return cast.client("owner").post(url("operations", letter), data)


def kinds(letter: Message) -> list[str]:
    document = draft_for(letter, letter.owner).document or {}
    return [places.kind_of(place.node) for place in places.each(document)]


def node_of(letter: Message, kind: str) -> dict[str, Any]:
    """The first part of this kind in the draft."""
    document = draft_for(letter, letter.owner).document or {}
    return next(p.node for p in places.each(document) if places.kind_of(p.node) == kind)


def filled(page: str) -> dict[str, str]:
    """What a form holds as the page shows it: enough of HTML for our own."""
    form = page[page.index('id="part-form"') :]
    data: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form[: form.index("</form>")]):
        found = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if found.get("type") != "checkbox" or "checked" in tag:
            data[found["name"]] = found.get(
                "value", "on" if found.get("type") == "checkbox" else ""
            )
    for name, body in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        data[name] = unescape(body).lstrip("\n")
    for name, body in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)"\s+selected', body)
        first = re.search(r'<option value="([^"]*)"', body)
        data[name] = unescape((chosen or first)[1])  # type: ignore[index]
    return {name: value for name, value in data.items() if name != "form_key"}


def test_a_message_begins_blank_and_is_written_by_forms(cast: Cast) -> None:
    client = cast.client("owner")
    assert "Blank message" in client.get(reverse("messages:create")).content.decode()
    made = client.post(reverse("messages:create"), {"form": "blocks"})
    message = Message.objects.latest("pk")
    assert made["Location"] == url("edit", message)
    assert (message.form, message.owner, message.revision) == ("blocks", cast.owner, 1)
    column = id_of(message, "column")
    do(cast, message, {"op": "insert", "parent": column, "at": 0}, **{f"kind-{column}": "button"})
    assert kinds(message)[:3] == ["section", "column", "button"]
    do(cast, message, {"op": "insert", "parent": "", "at": 9}, **{"kind-": "section:2"})
    assert kinds(message)[-3:] == ["section", "column", "column"]


def test_a_part_is_edited_on_a_page_of_its_own(cast: Cast, letter: Message) -> None:
    client, node = cast.client("owner"), id_of(letter, "text")
    page = url("part", letter, node)
    data = filled(client.get(page).content.decode()) | {"html": "Hello\n\nworld & <b>you</b>"}
    answer = client.post(page, data)
    assert answer["Location"] == f"{url('edit', letter)}#part-{node}"
    shown = client.get(page).context["part_form"]["html"].value()
    assert shown == "<p>Hello</p><p>world &amp; <strong>you</strong></p>"
    assert len(draft_for(letter, letter.owner).steps.all()) == 1


def test_a_form_sent_as_it_came_changes_nothing(cast: Cast, letter: Message) -> None:
    client = cast.client("owner")
    for place in places.each(letter.document or {}):
        page = url("part", letter, place.node["id"])
        assert client.post(page, filled(client.get(page).content.decode())).status_code == 302
    theme = url("theme", letter)
    assert client.post(theme, filled(client.get(theme).content.decode())).status_code == 302
    assert not MessageDraft.objects.exists()


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [("button", "link", "javascript:alert(1)"), ("spacer", "height", "9999")],
)
def test_what_is_wrong_is_said_at_its_field(
    cast: Cast, letter: Message, kind: str, field: str, value: str
) -> None:
    do(cast, letter, {"op": "insert", "type": kind, "parent": id_of(letter, "column"), "at": 0})
    client, page = cast.client("owner"), url("part", letter, id_of(letter, kind))
    data = filled(client.get(page).content.decode()) | {field: value}
    answer = client.post(page, data)
    assert answer.status_code == 422 and field in answer.context["part_form"].errors
    fragment = client.post(page, data, headers=HTMX)
    assert fragment.status_code == 422
    assert f'data-fields="{field}"' in fragment.content.decode()


def test_items_are_added_moved_and_removed(cast: Cast, letter: Message) -> None:
    do(cast, letter, {"op": "insert", "type": "menu", "parent": id_of(letter, "column"), "at": 0})
    client, node = cast.client("owner"), id_of(letter, "menu")
    page = url("part", letter, node)
    for number, label in enumerate(("One", "Two")):
        data = filled(client.get(page).content.decode())
        client.post(page, data | {f"entries-{number}-label": label})
    data = filled(client.get(page).content.decode()) | {"entries-0-PLACE": "3"}
    client.post(page, data)
    assert [one["label"] for one in node_of(letter, "menu")["entries"]] == ["Two", "One"]
    data = filled(client.get(page).content.decode()) | {"entries-0-REMOVE": "on"}
    client.post(page, data)
    assert [one["label"] for one in node_of(letter, "menu")["entries"]] == ["One"]


def test_conditions_name_ones_own_tags_alone(cast: Cast, letter: Message) -> None:
    mine, other = TagFactory.create(owner=cast.owner), TagFactory.create(owner=cast.stranger)
    client, page = cast.client("owner"), url("part", letter, id_of(letter, "text"))
    shown = client.get(page).content.decode()
    assert f'value="tag:{mine.pk}"' in shown and f'value="tag:{other.pk}"' not in shown
    data = filled(shown)
    assert client.post(page, data | {"visibility-0-what": f"tag:{other.pk}"}).status_code == 422
    client.post(page, data | {"visibility-0-what": f"tag:{mine.pk}"})
    again = filled(client.get(page).content.decode())
    assert again["visibility-0-what"] == f"tag:{mine.pk}" and again["visibility-1-what"] == ""
    refused = client.post(page, again | {"visibility-0-op": "contains"})  # a tag holds no words
    assert refused.status_code == 422 and "visibility-0-op" in refused.context["part_form"].errors
    again |= {"visibility-1-what": "field:full_name", "visibility-1-op": "not_empty"}
    client.post(page, again)
    text = node_of(letter, "text")
    assert [rule["kind"] for rule in text["visibility"]["rules"]] == ["tag", "field"]


def test_the_design_is_a_form(cast: Cast, letter: Message) -> None:
    client, page = cast.client("owner"), url("theme", letter)
    data = filled(client.get(page).content.decode())
    data |= {"font": "georgia", "light-button": "#AA0000"}
    del data["has_dark"]
    client.post(page, data)
    theme = (MessageDraft.objects.get().document or {})["theme"]
    assert (theme["font"], theme["light"]["button"], theme["dark"]) == ("georgia", "#aa0000", None)


def test_undo_and_redo_are_buttons(cast: Cast, letter: Message) -> None:
    client = cast.client("owner")
    do(cast, letter, {"op": "remove", "id": id_of(letter, "heading")})
    assert "heading" not in kinds(letter)
    page = client.get(url("edit", letter)).content.decode()
    assert "Undo: delete: Heading" in page
    client.post(url("undo", letter), seen(letter))
    assert "heading" in kinds(letter)
    client.post(url("redo", letter), seen(letter))
    assert "heading" not in kinds(letter)


def test_every_place_to_move_to_is_said_in_words(cast: Cast, letter: Message) -> None:
    client, node = cast.client("owner"), id_of(letter, "heading")
    page = client.get(url("move", letter, node))
    sentences = [target.words for target in page.context["targets"]]
    assert sentences == [
        "Section 1, Column 1: after Text “Hello, {{ full_name }}!”",
        "Section 2, Column 1: first",
        "Section 2, Column 1: after Footer “Kofein”",
    ]
    target = page.context["targets"][1].act
    client.post(url("operations", letter), {**seen(letter), "act": target})
    assert kinds(letter) == ["section", "column", "text", "section", "column", "heading", "footer"]


def test_an_act_from_an_old_page_changes_nothing(cast: Cast, letter: Message) -> None:
    old = seen(letter)
    do(cast, letter, {"op": "duplicate", "id": id_of(letter, "heading")})
    act = json.dumps({"op": "remove", "id": id_of(letter, "text")})
    answer = cast.client("owner").post(url("operations", letter), {**old, "act": act}, headers=HTMX)
    assert answer.status_code == 409 and "text" in kinds(letter)
    page = answer.content.decode()
    assert 'data-sequence="1"' in page and "changed elsewhere" in page
    plain = cast.client("owner").post(url("operations", letter), {**old, "act": act}, follow=True)
    assert "changed elsewhere" in plain.content.decode() and "text" in kinds(letter)
    part = url("part", letter, id_of(letter, "text"))
    typed = filled(cast.client("owner").get(part).content.decode())
    kept = cast.client("owner").post(part, {**typed, **old, "html": "<p>Unsent</p>"})
    assert kept.status_code == 409 and "Unsent" in kept.content.decode()


@pytest.mark.parametrize(
    "act",
    [
        "",
        "[",
        "7",
        "null",
        '["x"]',
        '{"op": "set"}',
        "[" * 5000,
        f'{{"op": "set", "value": {"[" * 400}{"]" * 400}}}',
        f'{{"op": "insert", "node": {"[" * 900}{"]" * 900}}}',
        '{"op": [1]}',
        '{"op": {"op": 1}}',
        '{"op": "set", "id": "%(heading)s", "field": []}',
        '{"op": "letter", "field": []}',
        '{"op": "letter", "field": "subject", "value": "half \\ud83d"}',
        '{"op": "letter", "field": "name", "value": "x", "\\udc00": 1}',
        '{"op": "set", "id": "%(heading)s", "field": "text", "value": "half \\ud83d"}',
        '{"op": "insert", "type": "saved", "parent": "", "at": 0}',
        '{"op": "insert", "type": "saved", "parent": "", "at": 0, "block": "x"}',
        '{"op": "insert", "type": "saved", "parent": "", "at": 0, "block": 0}',
        '{"op": "insert", "type": [], "parent": "", "at": 0}',
    ],
)
def test_nonsense_is_refused(cast: Cast, letter: Message, act: str) -> None:
    data = {**seen(letter), "act": act.replace("%(heading)s", id_of(letter, "heading"))}
    answer = cast.client("owner").post(url("operations", letter), data, headers=HTMX)
    assert answer.status_code == 422
    assert not MessageDraft.objects.exists()


def test_save_makes_a_version_with_its_head(cast: Cast, letter: Message) -> None:
    do(cast, letter, {"op": "remove", "id": id_of(letter, "heading")})
    data = {**seen(letter), "subject": "Summer", "preheader": "Soon", "name": "", "language": "EN"}
    answer = cast.client("owner").post(url("edit", letter), data)
    assert answer["Location"] == reverse("messages:detail", args=[letter.pk])
    letter.refresh_from_db()
    assert (letter.subject, letter.preheader, letter.name, letter.language, letter.revision) == (
        "Summer", "Soon", "Summer", "en", 2,
    )  # fmt: skip
    assert "heading" not in kinds(letter) and not MessageDraft.objects.exists()
    asked = cast.client("owner").post(url("edit", letter), {**seen(letter), "then": "mailing"})
    assert asked["Location"].startswith(reverse("mailings:create"))


def test_without_a_subject_nothing_is_saved_and_nothing_is_lost(
    cast: Cast, letter: Message
) -> None:
    do(cast, letter, {"op": "remove", "id": id_of(letter, "heading")})
    answer = cast.client("owner").post(url("edit", letter), {**seen(letter), "subject": " "})
    assert answer.status_code == 200 and "subject" in answer.content.decode()
    letter.refresh_from_db()
    assert letter.revision == 1 and "heading" not in kinds(letter)


def test_of_two_who_write_both_are_shown_and_neither_is_lost(cast: Cast, letter: Message) -> None:
    do(cast, letter, {"op": "remove", "id": id_of(letter, "heading")})
    Message.objects.filter(pk=letter.pk).update(subject="Theirs", revision=2)
    client = cast.client("owner")
    asked = client.post(url("edit", letter), {**seen(letter), "subject": "Mine"})
    page = asked.content.decode()
    assert asked.status_code == 409 and "Theirs" in page and "Mine" in page
    letter.refresh_from_db()
    assert letter.subject == "Theirs"
    mine = {**seen(letter), "base_revision": "2"}
    assert client.post(url("edit", letter), mine).status_code == 302
    letter.refresh_from_db()
    assert (letter.subject, letter.revision) == ("Mine", 3)


def test_a_draft_is_its_owners_alone(cast: Cast, letter: Message) -> None:
    node = id_of(letter, "heading")
    act = {"op": "set", "id": node, "field": "text", "value": "Secret draft"}
    do(cast, letter, act)
    frame = f"{url('frame', letter)}?draft=1"
    assert "Secret draft" in cast.client("owner").get(frame).content.decode()
    shown = cast.client("manager").get(frame)
    assert shown.status_code == 200 and "Secret draft" not in shown.content.decode()
    assert cast.client("stranger").get(frame).status_code == 404


def test_each_view_of_the_preview(cast: Cast, letter: Message) -> None:
    RecipientFactory.create(owner=cast.owner, full_name="Zoë <b>", email="zoe@example.org")
    html = '<p>{{ full_name }}</p><img src="https://example.org/x.png" alt="Pic" onerror="x()">'
    column = id_of(letter, "column")
    do(cast, letter, {"op": "insert", "type": "html", "parent": column, "at": 0})
    do(cast, letter, {"op": "set", "id": id_of(letter, "html"), "field": "source", "value": html})
    client = cast.client("owner")
    pages = {
        view: client.get(
            url("frame", letter), {"draft": "1", "view": view, "recipient": "zoe@"}
        ).content.decode()
        for view in ("desktop", "phone", "dark", "images_off", "text")
    }
    for page in pages.values():
        assert "Zoë" in page and "<b>" not in page and "onerror" not in page
    assert "x.png" in pages["desktop"] and "x.png" not in pages["images_off"]
    assert "Pic" in pages["images_off"] and "<table" not in pages["text"]
    assert "#12171c" in pages["dark"] and "#12171c" not in pages["desktop"]


def test_a_frame_runs_nothing(cast: Cast, letter: Message) -> None:
    html = "<script>x()</script><form action='/'><input></form><a href='javascript:x()'>l</a>"
    do(cast, letter, {"op": "insert", "type": "html", "parent": id_of(letter, "column"), "at": 0})
    do(cast, letter, {"op": "set", "id": id_of(letter, "html"), "field": "source", "value": html})
    for page in (f"{url('frame', letter)}?draft=1", url("canvas", letter)):
        answer = cast.client("owner").get(page)
        text, policy = answer.content.decode(), answer["Content-Security-Policy"]
        ours = re.findall(r'<script nonce="([^"]+)" src="/static/[^"]+"', text)
        assert text.count("<script") == len(ours) == (3 if "canvas" in page else 0)
        assert not re.search(r"<form|<input|javascript:", text)
        assert "default-src 'none'" in policy and "script-src 'self'" not in policy
        assert all(f"script-src 'nonce-{one}'" in policy for one in ours)
        assert ours or "script-src" not in policy
    assert "sandbox" in cast.client("owner").get(url("frame", letter))["Content-Security-Policy"]


def test_a_version_of_blocks_is_shown_and_restored(cast: Cast, letter: Message) -> None:
    client = cast.client("owner")
    client.post(url("edit", letter), {**seen(letter), "subject": "Second"})
    frame = reverse("messages:version_frame", args=[letter.pk, 2])
    assert "Spring news" in client.get(frame).content.decode()
    client.post(reverse("messages:version", args=[letter.pk, 2]))
    letter.refresh_from_db()
    assert (letter.form, letter.revision) == ("blocks", 3)


def test_what_is_missing_is_said_beside_its_part_and_on_the_page_of_the_message(
    cast: Cast, letter: Message
) -> None:
    do(cast, letter, {"op": "insert", "type": "button", "parent": id_of(letter, "column"), "at": 0})
    page = cast.client("owner").get(url("edit", letter)).content.decode()
    assert "Give the button a link." in page
    detail = reverse("messages:detail", args=[letter.pk])
    assert cast.client("owner").get(detail).context["complete"]
    cast.client("owner").post(url("edit", letter), seen(letter))
    assert not cast.client("owner").get(detail).context["complete"]


def test_a_missing_footer_is_put_in_by_its_suggestion(cast: Cast, letter: Message) -> None:
    do(cast, letter, {"op": "remove", "id": id_of(letter, "footer")})
    cast.client("owner").post(url("edit", letter), seen(letter))
    fix = reverse("messages:fix", args=[letter.pk])
    cast.client("owner").post(fix, {"fix": "unsubscribe"})
    assert "footer" in kinds(Message.objects.get(pk=letter.pk))


def test_a_part_goes_into_another_message(cast: Cast, letter: Message) -> None:
    other = a_letter(cast.owner)
    page = f"{url('part', letter, id_of(letter, 'heading'))}?as=json"
    node = cast.client("owner").get(page).json()
    do(cast, other, {"op": "insert", "node": node, "parent": id_of(other, "column"), "at": 0})
    assert kinds(other).count("heading") == 2


def test_what_is_pasted_is_cleaned(cast: Cast) -> None:
    html = "<div style='mso:x'><!--[if mso]>x<![endif]--><b onclick='x()'>Bold</b> text</div>"
    answer = cast.client("owner").post(reverse("messages:paste"), {"html": html})
    assert answer.content.decode() == "<p><strong>Bold</strong> text</p>"
    deep = "<ul><li>" * 20_000
    assert cast.client("owner").post(reverse("messages:paste"), {"html": deep}).status_code == 422


def test_a_message_in_use_can_be_one_of_blocks(cast: Cast, letter: Message) -> None:
    MailingFactory.create(owner=cast.owner, message=letter)
    page = cast.client("owner").get(reverse("messages:list")).content.decode()
    assert "Spring" in page and "Made of blocks" in page
    assert cast.client("owner").get(reverse("mailings:create")).status_code == 200
