"""The audit log, for managers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.in_words import changes_in_words
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import ManagerRequiredMixin
from apps.reports.selectors.audit import (
    COLUMNS,
    HEADINGS,
    AuditFilters,
    details_of,
    entries_found,
    kind_in_words,
)
from apps.users.models import AuditEntry
from apps.users.selectors import suggested_emails

_COLUMNS = [
    TableColumn(name="act", label=pgettext_lazy("audit", "Act"), phone="lead"),
    TableColumn(name="object", label=pgettext_lazy("audit", "Object")),
    TableColumn(name="who", label=pgettext_lazy("audit", "Who")),
    TableColumn(name="changes", label=pgettext_lazy("audit", "Changes"), phone="line"),
    TableColumn(name="from", label=pgettext_lazy("audit", "From where"), phone=""),
    TableColumn(name="when", label=_("When"), sort="pk", phone="side"),
]


class AuditList(ManagerRequiredMixin, ListPage[AuditEntry, AuditFilters]):
    """Who did what, newest first; nothing on this page can be changed."""

    page_template = "audit/list.html"
    results_template_name = "audit/list_results.html"
    filter_form = AuditFilters
    table_columns = _COLUMNS
    columns = COLUMNS
    headings = HEADINGS
    export_name = "audit"

    def get_queryset(self) -> QuerySet[AuditEntry]:
        return entries_found(self.actor, self.filters)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        rows = [
            (
                row,
                kind_in_words(row),
                list(changes_in_words(row.object_type, row.changes)),
                list(details_of(row)),
            )
            for row in page.rows
        ]
        return super().get_context_data(page=page, rows=rows, people=suggested_emails(), **kwargs)
