"""Which links were followed, and by which devices, mail programs and domains letters were read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Sum
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from apps.mailings.models import EngagementShare, Run, TrackedLink
from apps.mailings.selectors.engagement.people import link_name
from apps.mailings.selectors.totals import percent

#: Mail programs that are shown; the others are summed up.
_SHOWN: Final = 10
By = EngagementShare.By
#: A name, and how many opened and clicked.
_Counted = tuple[Promise | str, int, int]
DEVICES: Final[dict[str, Promise]] = {
    "desktop": pgettext_lazy("device", "Computer"),
    "phone": pgettext_lazy("device", "Phone"),
    "tablet": pgettext_lazy("device", "Tablet"),
}
UNKNOWN: Final = pgettext_lazy("device", "Not known")
OTHERS: Final = pgettext_lazy("device", "All others")


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link of a letter: ``share`` of those who clicked anything in percent."""

    link: TrackedLink
    share: float | None

    @property
    def name(self) -> str:
        return link_name(self.link)


@dataclass(frozen=True, slots=True)
class ShareRow:
    """Persons who opened and who clicked with one device or mail program, or on one domain."""

    name: Promise | str
    opened: int
    clicked: int
    share: float | None = None


def links_of(run: Run) -> list[LinkRow]:
    """The links in the order of the letter, version after version.

    Where nobody is known the share is that of the clicks.
    """
    links = list(TrackedLink.objects.filter(run=run).order_by("version", "number"))
    clicks = sum(link.clicks for link in links)
    if run.engaged_clicked:
        return [LinkRow(link, percent(link.persons, run.engaged_clicked)) for link in links]
    return [LinkRow(link, percent(link.clicks, clicks)) for link in links]


def devices_of(run: Run) -> list[ShareRow]:
    """The devices on which persons read and clicked, the most used first."""
    rows = _shares(run, By.DEVICE)
    return _with_share(run, [(DEVICES[name], n, clicked) for name, n, clicked in rows])


def clients_of(run: Run) -> list[ShareRow]:
    """The mail programs in which persons read and clicked, the most used first."""
    found = _shares(run, By.CLIENT)
    rows: list[_Counted] = [*found]
    rest = rows[_SHOWN:]
    if len(rest) > 1:
        opened, clicked = sum(row[1] for row in rest), sum(row[2] for row in rest)
        rows[_SHOWN:] = [(OTHERS, opened, clicked)]
    return _with_share(run, rows)


def domains_of(run: Run, domains: Collection[str]) -> dict[str, ShareRow]:
    """Persons by the domain of their address: of these, and under no name of all others."""
    shares = EngagementShare.objects.filter(run=run, by=By.DOMAIN).order_by()
    named = shares.filter(value__in=[name for name in domains if name])
    found = {
        value: ShareRow(value, opened, clicked)
        for value, opened, clicked in named.values_list("value", "opened", "clicked")
    }
    if "" in domains:
        others = shares.exclude(value__in=list(found))
        sums = others.aggregate(opened=Sum("opened", default=0), clicked=Sum("clicked", default=0))
        found[""] = ShareRow("", sums["opened"], sums["clicked"])
    return found


def _shares(run: Run, by: str) -> list[tuple[str, int, int]]:
    rows = EngagementShare.objects.filter(run=run, by=by).order_by("-opened", "-clicked", "value")
    return list(rows.values_list("value", "opened", "clicked"))


def _with_share(run: Run, rows: Sequence[_Counted]) -> list[ShareRow]:
    """Shares of all persons who opened. Behind a proxy of images nobody knows the device."""
    opened, clicked = sum(row[1] for row in rows), sum(row[2] for row in rows)
    unknown, clicked = run.engaged_person - opened, run.engaged_clicked - clicked
    if unknown > 0:
        rows = [*rows, (UNKNOWN, unknown, max(clicked, 0))]
        opened += unknown
    return [ShareRow(name, n, clicked, percent(n, opened)) for name, n, clicked in rows]
