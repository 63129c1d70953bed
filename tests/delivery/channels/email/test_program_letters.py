"""A letter made of parts: what is meant for this recipient arrives, and not a byte more."""

from __future__ import annotations

import html as markup
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.program import Condition, Program, asked_by
from apps.core.contracts import Claimed
from apps.delivery.channels.email.compile import RenderRefused
from tests.core.content.letters import assert_travels, body_of, compiled, parsed, to

#: Three tags, a field and a language: the truth of each is known here without asking the program.
CONDITIONS: list[dict[str, Any]] = [
    *({"rules": [{"kind": "tag", "id": pk, "op": "is"}]} for pk in (5, 6, 7)),
    {"rules": [{"kind": "field", "name": "city", "op": "is_not", "value": "Omsk"}]},
    {
        "match": "any",
        "rules": [
            {"kind": "language", "op": "is", "value": "ru"},
            {"kind": "tag", "id": 6, "op": "is_not"},
        ],
    },
]
KEPT = [Condition.from_json(one) for one in CONDITIONS]
ASKED = asked_by(KEPT)


def truths(texts: dict[str, str], bits: int) -> list[bool]:
    five, six, seven = (bool(bits & bit) for bit in (1, 2, 4))
    spoken = texts.get("language", "") in ("ru", "ru-RU")
    return [five, six, seven, texts.get("city", "") != "Omsk", spoken or not six]


def joined(
    parts: list[Any], texts: dict[str, str], lists: dict[str, Any], shown: list[bool], kind: str
) -> str:
    """The letter, joined as plainly as can be."""
    out = ""
    for part in parts:
        if isinstance(part, str):
            out += part
        elif "value" in part:
            value = texts.get(part["value"], "") or part["else"]
            out += value if kind == "plain" else ESCAPED[part["place"]](value)
        elif "if" in part:
            out += joined(part["parts"], texts, lists, shown, kind) if shown[part["if"]] else ""
        elif "each" in part:
            items = lists.get(part["each"], [])[: part["limit"]]
            for item in items:
                out += joined(part["parts"], {**texts, **item}, lists, shown, kind)
            out += "" if items else joined(part["empty"], texts, lists, shown, kind)
        elif texts.get("name"):
            name = texts["name"]
            out += name if kind == "plain" else f"<b>{markup.escape(name)}</b>"
    return out


ESCAPED: dict[str, Any] = {"text": markup.escape, "link": lambda value: quote(value, safe="")}
LIQUID = {
    "plain": "{% if name %}{{ name }}{% endif %}",
    "html": "{% if name %}<b>{{ name }}</b>{% endif %}",
}


def stored(part: Any, kind: str) -> Any:
    """A part of a test as a run keeps it."""
    if isinstance(part, str):
        return part
    if "value" in part:
        other = f" | default: '{part['else']}'" if part["else"] else ""
        return {"placeholder": f"{{{{ {part['value']}{other} }}}}"}
    if "liquid" in part:
        return {"liquid": LIQUID[kind]}
    inner = {
        name: [stored(one, kind) for one in part[name]]
        for name in ("parts", "empty")
        if name in part
    }
    return {**part, **inner}


def program(parts: list[Any], kind: str) -> Program:
    return Program.from_json([stored(part, kind) for part in parts], KEPT, ASKED)


_hostile = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=90),
    st.sampled_from(
        ["</p><script>x</script>", "\"'><img src=x onerror=y>", "javascript:x", "\r\n.\r\n", ".",
         "-- =_", "=3D=\r\n", "{{ name }}{% if x %}", "-->", "]]>", "ы" * 90, "=" * 90, "&lt;"]
    ),
)  # fmt: skip
_fallback = st.sampled_from(["", "friend", "<друг>", "a=b"])


def _value(names: list[str]) -> st.SearchStrategy[list[Any]]:
    value = st.builds(
        lambda name, other, place: {"value": name, "else": other, "place": place},
        st.sampled_from(names),
        _fallback,
        st.sampled_from(["text", "link"]),
    )
    return value.map(
        lambda one: (
            ["<p>", one, "</p>"]
            if one["place"] == "text"
            else ['<a href="https://x.ru/?q=', one, '&amp;z">x</a>']
        )
    )


_literal = _hostile.map(lambda text: [f"<p>{markup.escape(text)}</p>"])
_plain = st.one_of(
    _literal, _value(["name", "city", "other"]), st.just([{"liquid": ""}]), st.just(["\r\n"])
)


def _flat(strategy: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, max_size=5).map(lambda found: [one for each in found for one in each])


_repeat = st.builds(
    lambda limit, inner, empty: [
        {"each": "orders", "limit": limit, "parts": inner, "empty": empty}
    ],
    st.integers(1, 5),
    _flat(st.one_of(_literal, _value(["item.id", "item.name", "name"]))),
    _flat(_plain),
)


def _when(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
    return st.builds(
        lambda number, parts: [{"if": number, "parts": parts}],
        st.integers(0, len(CONDITIONS) - 1),
        _flat(inner),
    )


_nested = st.one_of(_plain, _repeat, _when(st.one_of(_plain, _repeat)))
_bodies = _flat(st.one_of(_nested, _when(_nested)))
_texts = st.fixed_dictionaries(
    {},
    optional={
        "name": _hostile,
        "city": st.sampled_from(["Omsk", "Казань", ""]),
        "language": st.sampled_from(["ru", "ru-RU", "en"]),
    },
)
_bought = st.lists(st.fixed_dictionaries({"item.id": _hostile, "item.name": _hostile}), max_size=6)


def same(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(_bodies, _texts, _bought, st.integers(0, 7))
def test_the_letter_is_the_plain_join_of_its_parts(
    parts: list[Any], texts: dict[str, str], bought: list[dict[str, str]], bits: int
) -> None:
    parts = [*parts, "<p>end</p>"]
    email = compiled(text=program(parts, "plain"), html=program(parts, "html"))
    lists = {"orders": bought}
    letter = email.fill(Claimed(7, 70, "anna@example.org", 1, texts, lists, bits))
    assert_travels(letter.body, longest=76)
    assert [part.get_content_type() for part in parsed(letter).walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    for kind in ("plain", "html"):
        expected = joined(parts, texts, lists, truths(texts, bits), kind)
        assert same(body_of(letter, kind)) == same(expected).removesuffix("\n")


@pytest.mark.parametrize("word", ["plain words", "русские слова"])
def test_what_is_hidden_is_not_in_the_letter_at_all(word: str) -> None:
    parts = ["<p>a</p>", {"if": 0, "parts": [f"<p>secret {word}</p>"]}, "<p>b</p>"]
    email = compiled(text=program(parts, "plain"), html=program(parts, "html"))
    for bits in (0, 1):
        letter = email.fill(Claimed(7, 70, "a@example.org", 1, {}, {}, bits))
        for kind in ("plain", "html"):
            assert ("secret" in body_of(letter, kind)) is bool(bits)
    hidden = email.fill(Claimed(7, 70, "a@example.org", 1))
    assert len(hidden.body) < len(letter.body)


def test_an_item_without_a_name_does_not_show_the_last_ones() -> None:
    repeat = {"each": "a", "limit": 5, "parts": [{"value": "item.x", "else": "-", "place": "text"}]}
    email = compiled(text=program([{**repeat, "empty": []}], "plain"))
    lists = {"a": [{"item.x": "1"}, {"item.x": ""}, {"item.x": "3"}]}
    assert body_of(email.fill(Claimed(7, 70, "a@x.ru", 1, {}, lists)), "plain") == "1-3"


@pytest.mark.parametrize("place", ["text", "link"])
def test_a_value_of_an_item_that_cannot_be_written_fails_one_letter(place: str) -> None:
    repeat = {
        "each": "a",
        "limit": 5,
        "parts": [
            '<a title="',
            {"placeholder": "{{ item.t }}"},
            '" href="',
            {"placeholder": "{{ item.u }}"},
            '">x</a>',
        ],
    }
    email = compiled(html=Program.from_json([repeat, "x"], [], ()))
    good = {"item.t": "t", "item.u": "https://x.ru/"}
    bad = {**good, **({"item.t": "\0"} if place == "text" else {"item.u": "javascript:x"})}
    with pytest.raises(RenderRefused):
        email.fill(Claimed(7, 70, "a@x.ru", 1, {}, {"a": [good, bad]}))
    letter = email.fill(Claimed(8, 71, "b@x.ru", 1, {}, {"a": [good]}))
    assert body_of(letter, "html") == '<a title="t" href="https://x.ru/">x</a>x'


def test_a_letter_without_conditions_is_filled_as_before() -> None:
    source = "Dear {{ full_name | default: 'friend' }}, <b>hello</b>"
    assert body_of(compiled(text=source).fill(to()), "plain") == "Dear friend, <b>hello</b>"
