"""What would come of a mailing as it is filled in: to how many, from when to when, what is odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Final, cast

from django.db.models import Count, Field, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.contracts import Forecast
from apps.core.errors import Refused
from apps.core.slots import planner
from apps.core.text.formatting import grouped
from apps.mailings.fields import BASIC
from apps.mailings.ledger.permission.bars import OF_ADDRESS
from apps.mailings.ledger.reach import Reach
from apps.mailings.models import Channel, Mailing, Message, Recipient
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.selectors.messages import names_in
from apps.mailings.selectors.permission.exclusions import exclusion_words
from apps.mailings.services.letters.sms_cost import SmsCost, costs_of_message
from apps.mailings.services.local_time import Opening, later_days, openings
from apps.mailings.services.reach import Audience, Totals, audience_of, text_of

#: The largest audience whose fields are looked through, and the fields that are.
_LOOKED_AT: Final = 20_000
_FIELDS: Final = 10
#: Zones that a warning names.
_CITIES: Final = 3


@dataclass(frozen=True, slots=True)
class Planned:
    """A mailing as it is filled in so far, or as it is saved."""

    audience: Audience
    routes: Sequence[tuple[str, str]]
    message: Message | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    local_from: time | None = None
    local_to: time | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """``openings`` are by zone, for a mailing with local hours; ``late`` those of them that come a
    day after the first; ``lacking`` fields that some recipients have not. ``totals``: exact, where
    the reasons are not. ``texts``: what goes to phones, by account.
    """

    reach: Reach
    split: Sequence[tuple[str, int]]
    forecast: Forecast | None
    openings: Sequence[Opening]
    late: Sequence[Opening]
    lacking: Sequence[tuple[str, int]]
    exact: bool = True
    exclusions: Sequence[tuple[str, int]] = ()
    totals: Totals | None = None
    texts: Sequence[SmsCost] = ()

    @property
    def count(self) -> int:
        """How many would get it, as far as addresses go."""
        return self.totals.reached if self.totals is not None else self.reach.reached

    @property
    def reached(self) -> int:
        return self.count

    @property
    def reasons(self) -> list[str]:
        """Who is left out and why, in phrases: what lies in the address first."""
        found = self.reach
        texts = []
        if found.suppressed:
            text = ngettext("%(shown)s suppressed", "%(shown)s suppressed", found.suppressed)
            texts.append(text % {"shown": grouped(found.suppressed)})
        if found.no_address:
            text = ngettext(
                "%(shown)s has no address on this channel",
                "%(shown)s have no address on this channel",
                found.no_address,
            )
            texts.append(text % {"shown": grouped(found.no_address)})
        return texts + [f"{label}: {grouped(number)}" for label, number in self.other_reasons]

    @property
    def matching(self) -> int:
        """How many the rule names."""
        return self.totals.matching if self.totals is not None else self.reach.matching

    @property
    def totals_exact(self) -> bool:
        """False while the two totals, too, are from the sample."""
        return self.exact or self.totals is not None

    @property
    def other_reasons(self) -> list[tuple[str, int]]:
        """Who is left out for other reasons than an address, the strongest first."""
        found = self.reach.left_out
        return [
            (str(label), found[code])
            for code, label in LeftOut.choices
            if found[code] and code not in OF_ADDRESS
        ]

    @property
    def first(self) -> Opening | None:
        """The zone that is first, if there are several."""
        return self._in_time[0] if self._in_time else None

    @property
    def last(self) -> Opening | None:
        return self._in_time[-1] if self._in_time else None

    @property
    def too_late(self) -> int:
        """How many have no such hour before the end."""
        return sum(one.count for one in self.openings if one.at is None)

    @property
    def late_days(self) -> list[tuple[date, int, str]]:
        """Of each later day: how many get it then, and in which zones."""
        days = sorted({day for one in self.late if (day := one.day) is not None})
        return [
            (day, sum(one.count for one in found), _cities(found))
            for day in days
            if (found := [one for one in self.late if one.day == day])
        ]

    @property
    def has_warnings(self) -> bool:
        left = self.forecast is not None and self.forecast.left
        return bool(not self.count or left or self.too_late or self.late or self.lacking)

    @property
    def _in_time(self) -> list[Opening]:
        return [one for one in self.openings if one.at is not None]

    @property
    def done_at(self) -> datetime | None:
        """When it would be through, with the account's rate and the recipients' hours."""
        if self.forecast is None or self.forecast.left or self.forecast.done_at is None:
            return None
        last = self.last.at if self.last is not None else None
        return max(self.forecast.done_at, last) if last is not None else self.forecast.done_at


def _cities(found: Sequence[Opening]) -> str:
    """The zones with the most recipients, by name."""
    named = [one.city for one in sorted(found, key=lambda one: -one.count)]
    text, more = ", ".join(named[:_CITIES]), len(named) - _CITIES
    if more > 0:
        text = _("%(cities)s and %(count)s more") % {"cities": text, "count": grouped(more)}
    return text


def totals_of(planned: Planned) -> Totals:
    """The two totals of a large audience, exactly."""
    return planned.audience.totals(_channels(planned))


def _channels(planned: Planned) -> list[str]:
    return [channel for channel, _account in planned.routes] or [Channel.EMAIL]


def summary_of(planned: Planned, *, exact: bool = False) -> Summary:
    """Counted as the freeze of its audience would. Of many people a sample, unless ``exact``."""
    channels = _channels(planned)
    exact = exact or not planned.audience.is_large
    reach = planned.audience.reach(channels) if exact else planned.audience.estimate(channels)
    parts = list(zip(planned.routes, reach.by_channel, strict=False))
    found = _openings(planned, channels)
    return Summary(
        reach=reach,
        split=[(str(Channel(route[0]).label), number) for route, number in parts],
        forecast=_forecast(planned, [(route[1], number) for route, number in parts if number]),
        openings=found,
        late=later_days(found),
        lacking=_lacking(planned) if 0 < reach.matching <= _LOOKED_AT else [],
        exact=exact,
        exclusions=exclusion_words(reach.excluded),
        texts=costs_of_message(planned.message, parts, timezone.now()) if planned.message else (),
    )


def summary_of_mailing(mailing: Mailing, *, exact: bool = False, totals: bool = False) -> Summary:
    """The same of a mailing as it is saved. ``totals``: of many people, too, these exactly."""
    planned = Planned(
        audience=audience_of(mailing),
        routes=mailing.routes,
        message=mailing.message,
        starts_at=mailing.starts_at,
        ends_at=mailing.ends_at,
        local_from=mailing.local_from,
        local_to=mailing.local_to,
    )
    found = summary_of(planned, exact=exact)
    return replace(found, totals=totals_of(planned)) if totals and not found.exact else found


def _forecast(planned: Planned, parts: list[tuple[str, int]]) -> Forecast | None:
    """When so many by each of these accounts would be out."""
    starts_at, ends_at = planned.starts_at, planned.ends_at
    if not parts or starts_at is None or ends_at is None:
        return None
    try:
        return Forecast.together(
            planner.value.forecast(
                account=account, count=count, starts_at=starts_at, ends_at=ends_at
            )
            for account, count in parts
        )
    except Refused:  # an account that is declared no more: the checks of a start say so
        return None


def _openings(planned: Planned, channels: Sequence[str]) -> list[Opening]:
    opens, closes = planned.local_from, planned.local_to
    if planned.starts_at is None or planned.ends_at is None or opens is None or closes is None:
        return []
    zones = planned.audience.zones(channels)
    begin = max(planned.starts_at, timezone.now())
    return openings(zones, opens=opens, closes=closes, starts_at=begin, ends_at=planned.ends_at)


def _lacking(planned: Planned) -> list[tuple[str, int]]:
    """The fields that the message shows and some of the audience do not have."""
    if planned.message is None:
        return []
    message = planned.message
    names = sorted(names_in(message.subject, message.text, message.html))[:_FIELDS]
    counted = {
        f"lack_{at}": Count("pk", filter=Q(**{f"text_{at}": ""})) for at in range(len(names))
    }
    texts = {f"text_{at}": text_of(name) for at, name in enumerate(names)}
    if not names:
        return []
    found = planned.audience.people().order_by().annotate(**texts).aggregate(**counted)
    missing = [(name, found[f"lack_{at}"]) for at, name in enumerate(names)]
    return [(_label_of(name), count) for name, count in missing if count]


def _label_of(name: str) -> str:
    """A field as people call it; their own fields have the names that they gave them."""
    if name in BASIC:
        return str(cast("Field[Any, Any]", Recipient._meta.get_field(name)).verbose_name)
    return name.removeprefix("attributes.")
