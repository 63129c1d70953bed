"""What the managers' page asks of the audit log, and how it says an entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from operator import attrgetter
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.acting import Kind
from apps.core.audit.acts import Act
from apps.core.audit.in_words import noted_models, value_in_words
from apps.core.contracts import Actor
from apps.core.exports.tables import Column
from apps.core.lists.filters import (
    ChoiceFilter,
    Choices,
    DayFilter,
    FilterForm,
    RowFilter,
    WordsFilter,
)
from apps.reports.selectors.attempts import start_of
from apps.users.audit import AuditQuery, entries_asked_for
from apps.users.models import AuditEntry


class AuditFilters(FilterForm):
    """What the log is asked for. ``until`` is included."""

    folded = ("kind", "object_id")
    user = WordsFilter(
        longest=254, label=pgettext_lazy("audit", "Who (email or command)"), suggested="people"
    )
    act = ChoiceFilter([("", _("any")), *Act.choices], label=pgettext_lazy("audit", "Act"))
    object_type = ChoiceFilter(lambda: kinds_of_objects(), label=pgettext_lazy("audit", "Object"))
    since = DayFilter(label=_("From"))
    until = DayFilter(label=_("To"))
    kind = ChoiceFilter([("", _("any")), *Kind.choices], label=pgettext_lazy("audit", "Acted as"))
    object_id = RowFilter(label=pgettext_lazy("audit", "ID of the object"))


#: What the details of acts are called.
DETAILS: Final = {
    "added": pgettext_lazy("audit", "added"),
    "updated": pgettext_lazy("audit", "updated"),
    "unchanged": pgettext_lazy("audit", "unchanged"),
    "suppressed": pgettext_lazy("audit", "suppressed"),
    "kept": pgettext_lazy("audit", "kept"),
    "account": pgettext_lazy("audit", "account"),
    "address": pgettext_lazy("audit", "address"),
    "after": pgettext_lazy("audit", "after"),
    "asked": pgettext_lazy("audit", "filters"),
    "before": pgettext_lazy("audit", "before"),
    "domain": pgettext_lazy("audit", "domain"),
    "dropped": pgettext_lazy("audit", "sign-up dropped"),
    "enrolled": pgettext_lazy("audit", "people brought in"),
    "event": pgettext_lazy("audit", "event"),
    "fields": pgettext_lazy("audit", "fields"),
    "form": pgettext_lazy("audit", "file format"),
    "links": pgettext_lazy("audit", "links changed"),
    "merged": pgettext_lazy("audit", "merged tag"),
    "of": pgettext_lazy("audit", "backup of"),
    "reason": pgettext_lazy("audit", "reason"),
    "recipient": pgettext_lazy("audit", "recipient ID"),
    "recipients": pgettext_lazy("audit", "recipient IDs"),
    "rejected": pgettext_lazy("audit", "rejected rows"),
    "released": pgettext_lazy("audit", "sign-up released"),
    "removed": pgettext_lazy("audit", "removed"),
    "rows": pgettext_lazy("audit", "rows by table"),
    "run": pgettext_lazy("audit", "run"),
    "saved": pgettext_lazy("audit", "keys written"),
    "sent_again": pgettext_lazy("audit", "call sent again"),
    "status": pgettext_lazy("audit", "status code of the answer"),
    "trigger": pgettext_lazy("audit", "started by"),
    "verdict": pgettext_lazy("audit", "outcome"),
    "version": pgettext_lazy("audit", "version of the content"),
    "what": pgettext_lazy("audit", "what was done"),
    "with": pgettext_lazy("audit", "deleted with it"),
}


def kinds_of_objects() -> Choices:
    """Every kind of object that has entries, by its name."""
    found = [(label, str(model._meta.verbose_name)) for label, model in noted_models().items()]
    return [("", _("any")), *sorted(found, key=lambda one: one[1])]


def kind_in_words(entry: AuditEntry) -> str:
    """The kind of the entry's object in words; one that is no more by its code."""
    model = noted_models().get(entry.object_type)
    return str(model._meta.verbose_name) if model is not None else entry.object_type


def details_of(entry: AuditEntry) -> Iterator[tuple[str, str]]:
    """What else is known of the act, as pairs."""
    for name, value in entry.details.items():
        yield str(DETAILS.get(name, name)), value_in_words(value)


def entries_found(actor: Actor, filters: AuditFilters) -> QuerySet[AuditEntry]:
    """Those that the actor may see and the filters describe."""
    since, until = filters.value("since"), filters.value("until")
    asked = AuditQuery(
        user=filters.value("user"),
        act=filters.value("act"),
        kind=filters.value("kind"),
        object_type=filters.value("object_type"),
        object_id=filters.value("object_id"),
        since=start_of(since) if since else None,
        until=start_of(until + timedelta(days=1)) if until else None,
    )
    return entries_asked_for(actor, asked)


#: The columns of the export, and their headings.
COLUMNS: Final[dict[str, Column]] = {
    "id": attrgetter("pk"),
    "at": attrgetter("at"),
    "act": attrgetter("act_label"),
    "kind": attrgetter("kind_label"),
    "who": attrgetter("name"),
    "token": attrgetter("token_id"),
    "ip": lambda row: row.ip or "",
    "client": attrgetter("client"),
    "object_type": kind_in_words,
    "object_id": attrgetter("object_id"),
    "object": attrgetter("object_name"),
    "count": attrgetter("count"),
    "changes": lambda row: json.dumps(row.changes, ensure_ascii=False) if row.changes else "",
    "details": lambda row: json.dumps(row.details, ensure_ascii=False) if row.details else "",
}
HEADINGS: Final = {
    "id": "ID",
    "at": _("When"),
    "act": pgettext_lazy("audit", "Act"),
    "kind": pgettext_lazy("audit", "Acted as"),
    "who": pgettext_lazy("audit", "Who"),
    "token": _("API token"),
    "ip": _("IP address"),
    "client": pgettext_lazy("audit", "Program"),
    "object_type": pgettext_lazy("audit", "Object"),
    "object_id": pgettext_lazy("audit", "ID of the object"),
    "object": _("Name"),
    "count": pgettext_lazy("audit", "How many"),
    "changes": pgettext_lazy("audit", "Changes"),
    "details": _("Details"),
}
