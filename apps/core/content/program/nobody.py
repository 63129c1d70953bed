"""A body as it is shown to nobody in particular: without what depends on a person, or with all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from apps.core.content.program.parts import Each, Part, Program, When


def for_nobody(program: Program) -> Program:
    """The program without its conditional parts; of a repeat, what stands for no item."""
    return replace(program, parts=tuple(_parts(program.parts)))


def _parts(parts: Sequence[Part]) -> Iterator[Part]:
    for part in parts:
        match part:
            case When():
                continue
            case Each(empty=empty):
                yield from _parts(empty)
            case _:
                yield part


def with_every_part(program: Program) -> Program:
    """The program with all its conditional parts, for any reader."""
    return replace(program, parts=tuple(_every(program.parts)))


def _every(parts: Sequence[Part]) -> Iterator[Part]:
    for part in parts:
        match part:
            case When(parts=inner):
                yield from _every(inner)
            case Each():
                inner, empty = tuple(_every(part.parts)), tuple(_every(part.empty))
                yield replace(part, parts=inner, empty=empty)
            case _:
                yield part
