"""What stranger, owner and manager are answered by an operation, and the usual ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.things import Things


@dataclass(frozen=True)
class Rule:
    """What stranger, owner and manager are answered. ``where`` fills in the path.

    ``form`` is sent as a form with a file, ``body`` as JSON.
    """

    stranger: int
    owner: int
    manager: int
    where: Callable[[Things], Mapping[str, int | str]] = lambda things: {}
    body: Callable[[Things], Any] = lambda things: None
    form: Mapping[str, Callable[[], SimpleUploadedFile]] = field(default_factory=dict)


def everybody(status: int, **more: Any) -> Rule:
    return Rule(status, status, status, **more)


def see(where: Callable[[Things], Mapping[str, int | str]]) -> Rule:
    return Rule(404, 200, 200, where)


def change(
    where: Callable[[Things], Mapping[str, int | str]],
    body: Any = None,
    good: int = 200,
    **more: Any,
) -> Rule:
    return Rule(404, good, 403, where, lambda things: body, **more)
