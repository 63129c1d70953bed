"""What the suppression list and its history are asked for."""

from __future__ import annotations

from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.exports.tables import Column
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.models import OwnedQuerySet
from apps.core.values.addresses import phone_beginnings
from apps.mailings.models import Channel, Suppression, SuppressionEvent

_ANY_REASON: Final = ("", pgettext_lazy("reason", "any"))
_ANY_CHANNEL: Final = ("", pgettext_lazy("channel", "any"))

#: The columns of an export, which an import of suppressions reads again.
EXPORT: Final[dict[str, Column]] = {
    "channel": lambda row: str(row.channel),
    "address": lambda row: str(row.address),
    "reason": lambda row: str(row.reason),
    "since": lambda row: row.created_at,
}
WORDED: Final[dict[str, Column]] = {
    **EXPORT,
    "channel": lambda row: str(row.get_channel_display()),
    "reason": lambda row: str(row.get_reason_display()),
}
HEADINGS: Final = {
    "channel": _("Channel"),
    "address": _("Address"),
    "reason": _("Reason"),
    "since": pgettext_lazy("suppression", "Since"),
}


class SuppressionFilters(FilterForm):
    """What the suppression list is asked for."""

    q = WordsFilter(longest=254, label=_("Address or @domain"))
    reason = ChoiceFilter([_ANY_REASON, *Suppression.Reason.choices], label=_("Reason"))
    channel = ChoiceFilter([_ANY_CHANNEL, *Channel.choices], label=_("Channel"))


class SuppressionEventFilters(SuppressionFilters):
    """What its history is asked for."""

    act = ChoiceFilter(
        [("", pgettext_lazy("act", "any")), *SuppressionEvent.Act.choices],
        label=pgettext_lazy("suppression", "Event"),
    )


def found_suppressions(
    rows: OwnedQuerySet[Suppression], filters: FilterForm
) -> OwnedQuerySet[Suppression]:
    """Those that the filters find: addresses by their beginning, or by their domain."""
    return rows.filter(_asked(filters))


def found_events(
    rows: OwnedQuerySet[SuppressionEvent], filters: FilterForm
) -> OwnedQuerySet[SuppressionEvent]:
    """The same of the history."""
    return rows.filter(_asked(filters))


def _asked(filters: FilterForm) -> Q:
    found = Q()
    for name in ("reason", "channel", "act"):
        if name in filters.fields and (value := filters.value(name)):
            found &= Q(**{name: value})
    sought = str(filters.value("q") or "").lower()
    if sought.startswith("@"):
        found &= Q(address__endswith=sought)
    elif sought:
        beginnings = Q(address__startswith=sought)
        for digits in phone_beginnings(sought) if "@" not in sought else ():
            beginnings |= Q(channel=Channel.PHONE, address__startswith=digits)
        found &= beginnings
    return found
