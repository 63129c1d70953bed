"""What a check found, kept as texts of the catalogues: said again in another language later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext, ngettext

from apps.core.errors import Refused
from apps.core.text.formatting import facts_of, figure, grouped, kept_words
from apps.mailings.models.permission.left_out import LeftOut


class Result(StrEnum):
    """A closed set, from good to bad: ``UNCHECKED`` says nothing, its sentence says why."""

    PASS = "pass"
    UNCHECKED = "unchecked"
    WARN = "warn"
    FAIL = "fail"


_ORDER: Final = list(Result)
#: Values that are written with the decimal mark of the reader's language.
_FRACTIONS: Final = frozenset({"ratio", "score", "limit"})


class Place(StrEnum):
    """Where something is fixed."""

    NOWHERE = ""
    MESSAGE = "message"
    FILES = "files"
    MAILING = "mailing"
    SENDER = "sender"
    SENDERS = "senders"
    EXPERIMENT = "experiment"
    RECIPIENTS = "recipients"
    PROBES = "probes"


@dataclass(frozen=True, slots=True)
class Finding:
    """``text`` and ``fix`` are texts of the catalogues with ``params`` for their places.

    A whole number is written as the reader's language writes it, and ``reason`` is a code of
    LeftOut. ``fix``: how it is fixed, at ``place``. ``refusal``: of a start, as facts_of keeps it;
    it is the sentence then. ``variants``: letters of those that it is about; empty: of all.
    """

    result: Result
    text: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    fix: str = ""
    place: Place = Place.NOWHERE
    refusal: Mapping[str, Any] = field(default_factory=dict)
    variants: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """In the reader's language."""
        text = kept_words(self.refusal) if self.refusal else self._said(self.text)
        if not self.variants:
            return text
        of_some = ngettext(
            "Variant %(letters)s: %(sentence)s",
            "Variants %(letters)s: %(sentence)s",
            len(self.variants),
        )
        return of_some % {"letters": ", ".join(self.variants), "sentence": text}

    @property
    def remedy(self) -> str:
        """How it is fixed, in the reader's language; empty where nothing has to be."""
        return self._said(self.fix) if self.fix else ""

    def _said(self, text: str) -> str:
        if not self.params:
            return gettext(text)
        return gettext(text) % {name: _shown(name, one) for name, one in self.params.items()}

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        about: dict[str, Any] = {
            "result": self.result.value,
            "text": self.text,
            "params": dict(self.params),
        }
        about |= {"fix": self.fix, "place": self.place.value}
        about |= {"variants": list(self.variants)} if self.variants else {}
        return {**about, "refusal": dict(self.refusal)} if self.refusal else about

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Finding:
        """What was kept."""
        result, place = Result(kept["result"]), Place(kept["place"])
        variants = tuple(kept.get("variants", ()))
        return cls(**{**kept, "result": result, "place": place, "variants": variants})


def _shown(name: str, value: str | int) -> str:
    if isinstance(value, int):
        return grouped(value)
    if name in _FRACTIONS:
        return figure(value)
    return str(LeftOut(value).label) if name == "reason" else value


def worst_of(results: Iterable[Result]) -> Result:
    """The worst of them; of none: all is well."""
    return max(results, key=_ORDER.index, default=Result.PASS)


def passed(text: str, /, **params: str | int) -> Finding:
    """All is well."""
    return Finding(Result.PASS, text, params)


def unchecked(text: str, /, **params: str | int) -> Finding:
    """Nobody looked, and why."""
    return Finding(Result.UNCHECKED, text, params)


def warning(text: str, fix: str, place: Place, /, **params: str | int) -> Finding:
    """It can be sent like this, and might be better."""
    return Finding(Result.WARN, text, params, fix, place)


def failure(text: str, fix: str, place: Place, /, **params: str | int) -> Finding:
    """It should not be sent like this."""
    return Finding(Result.FAIL, text, params, fix, place)


def refused_by(refusal: Refused, place: Place) -> Finding:
    """A start would be refused."""
    return Finding(Result.FAIL, "", place=place, refusal=facts_of(refusal))
