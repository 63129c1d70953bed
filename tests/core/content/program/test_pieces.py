"""Pieces are written once; for a recipient only values are."""

from __future__ import annotations

from apps.core.content.program import (
    Condition,
    Ink,
    Program,
    Values,
    html_steps,
    pieces_of,
    values_of,
)


class Bracketed(Ink[str]):
    """Shows what was written, and where a gap was left."""

    nothing = ""
    gap = "|"

    def __init__(self) -> None:
        self.literals = 0

    def literal(self, text: str) -> str:
        self.literals += 1
        return text

    @staticmethod
    def value(text: str, /) -> str:
        return f"[{text}]"

    @staticmethod
    def token(values: Values, /) -> str:
        return values["letter_token"]


NAMED = Condition.from_json({"rules": [{"kind": "field", "name": "name", "op": "not_empty"}]})
PARTS = [
    "<p>a</p>",
    {"if": 0, "parts": ["<b>", {"placeholder": "{{ name }}"}, "</b>"]},
    {"each": "a", "limit": 3, "parts": ["<i>c</i>"]},
    {"if": 0, "parts": ["<p>d</p>\r\n"]},
]


def test_what_is_the_same_for_all_is_written_once() -> None:
    ink = Bracketed()
    pieces = pieces_of(html_steps(Program.from_json(PARTS, [NAMED], ())), ink)
    once = ink.literals
    values = values_of({"name": "A"}, lists={"a": [{"item.x": ""}] * 2})
    expected = "<p>a</p>|<b>|[A]|</b>|<i>c</i>|<i>c</i>|<p>d</p>\r\n"
    assert {pieces.fill(values) for _ in range(20)} == {expected}
    assert pieces.fill(Values()) == "<p>a</p>|"
    assert ink.literals == once


def test_a_value_may_be_followed_by_the_end_of_its_line() -> None:
    program = Program.from_json(
        [{"placeholder": "{{ name }}"}, "\r\n", {"placeholder": "{{ name }}"}, "x"], [], ()
    )
    pieces = pieces_of(html_steps(program), Bracketed())
    assert pieces.fill(Values({"name": "A"})) == "[A]\r\n[A]|x"


def test_pieces_become_parts_of_larger_ones() -> None:
    pieces = pieces_of(html_steps(Program.from_json(PARTS, [NAMED], ())), Bracketed())
    assert [piece for piece in pieces.unfilled() if isinstance(piece, str) and piece] == [
        "<p>a</p>|"
    ]
    assert not pieces.is_fixed
    assert pieces_of(html_steps(Program(("a", "b"))), Bracketed()).is_fixed
