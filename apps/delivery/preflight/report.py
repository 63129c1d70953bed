"""A preflight as it is shown: every check with its result, in the language of the moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.delivery.models import Preflight
from apps.delivery.preflight.checks import CHECKS
from apps.delivery.preflight.findings import Finding, Place, Result
from apps.mailings.models import Mailing
from apps.mailings.services.experiments.variants import experiment_of, written

_LABELS: Final = {
    Result.PASS: pgettext_lazy("preflight", "Passed"),
    Result.UNCHECKED: pgettext_lazy("preflight", "Not checked"),
    Result.WARN: pgettext_lazy("preflight", "Warning"),
    Result.FAIL: pgettext_lazy("preflight", "Problem"),
}
_TONES: Final = {
    Result.PASS: "good",
    Result.UNCHECKED: "plain",
    Result.WARN: "warn",
    Result.FAIL: "bad",
}
_PLACES: Final = {
    Place.MESSAGE: _("Edit message"),
    Place.FILES: _("Files for each recipient"),
    Place.MAILING: _("Edit mailing"),
    Place.SENDER: _("Open sender"),
    Place.SENDERS: _("Senders"),
    Place.EXPERIMENT: _("Experiment"),
    Place.RECIPIENTS: _("Recipients"),
    Place.PROBES: _("Send probe…"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding with the place where it is fixed: its address and what the link is called."""

    finding: Finding
    url: str
    link: str

    @property
    def result(self) -> str:
        return self.finding.result.value

    @property
    def label(self) -> str:
        return str(_LABELS[self.finding.result])

    @property
    def tone(self) -> str:
        return _TONES[self.finding.result]


@dataclass(frozen=True, slots=True)
class Row:
    """A check. ``result`` None: it has not been looked at yet."""

    name: str
    title: str
    result: Result | None = None
    found: Sequence[Shown] = ()

    @property
    def label(self) -> str:
        return str(_LABELS[self.result]) if self.result is not None else ""

    @property
    def tone(self) -> str:
        return _TONES[self.result] if self.result is not None else "plain"

    @property
    def url(self) -> str:
        """Where the worst of it is fixed."""
        return next((one.url for one in self.found if one.url), "")

    @property
    def link(self) -> str:
        return next((one.link for one in self.found if one.url), "")


def rows_of(preflight: Preflight) -> list[Row]:
    """What is known, and while it goes on what is still to be looked at."""
    places = _Places(preflight.mailing)
    rows = [_row(kept, places) for kept in preflight.findings]
    if preflight.state == Preflight.State.DONE:
        return rows
    known = {row.name for row in rows}
    return rows + [Row(one.name, gettext(one.title)) for one in CHECKS if one.name not in known]


def counts_of(rows: Sequence[Row]) -> list[tuple[str, str, int]]:
    """How many checks came to what, the worst first: label, tone, number."""
    found = []
    for result in reversed(Result):
        number = sum(row.result is result for row in rows)
        if number:
            found.append((str(_LABELS[result]), _TONES[result], number))
    return found


def lines_of(preflight: Preflight) -> Iterator[str]:
    """The same for a terminal."""
    for row in rows_of(preflight):
        yield f"{row.label or '…'}: {row.title}"
        for one in row.found:
            remedy = f" {one.finding.remedy}" if one.finding.remedy else ""
            yield f"  {one.label}: {one.finding.sentence}{remedy}"


class _Places:
    """Where findings are fixed: those of one variant at what is its own."""

    def __init__(self, mailing: Mailing) -> None:
        self._mailing = mailing

    @cached_property
    def _variants(self) -> dict[str, Mailing]:
        of = experiment_of(self._mailing)
        return {one.letter: one.mailing for one in written(self._mailing, of)}

    def of(self, finding: Finding) -> tuple[str, str]:
        """The address, and what the link is called."""
        mailing = self._mailing
        if finding.variants:
            mailing = self._variants.get(finding.variants[0], mailing)
        return _place(finding.place, mailing)


def _row(kept: Mapping[str, Any], places: _Places) -> Row:
    found = [Finding.from_json(one) for one in kept["found"]]
    order = list(Result)
    found.sort(key=lambda one: -order.index(one.result))
    shown = [Shown(one, *places.of(one)) for one in found]
    return Row(kept["check"], gettext(kept["title"]), Result(kept["result"]), shown)


def _place(place: Place, mailing: Mailing) -> tuple[str, str]:
    if place is Place.SENDER and mailing.sender_id is None:
        place = Place.SENDERS
    match place:
        case Place.MESSAGE:
            url = reverse("messages:edit", args=[mailing.message_id])
        case Place.FILES:
            url = reverse("messages:personal_files", args=[mailing.message_id])
        case Place.MAILING:
            url = reverse("mailings:edit", args=[mailing.pk])
        case Place.SENDER:
            url = reverse("senders:detail", args=[mailing.sender_id])
        case Place.SENDERS:
            url = reverse("senders:list")
        case Place.EXPERIMENT:
            url = reverse("mailings:experiment", args=[mailing.pk])
        case Place.RECIPIENTS:
            url = reverse("recipients:list")
        case Place.PROBES:
            url = f"{reverse('probes:list')}?mailing={mailing.pk}"
        case _:
            return "", ""
    return url, str(_PLACES[place])
