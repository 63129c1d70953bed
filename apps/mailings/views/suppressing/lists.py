"""The suppression list: found, added to, taken away, lifted, and its history."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import FormView

from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.permissions import visible_or_404
from apps.core.resources import disk_full_refused
from apps.mailings.forms.permission.suppressions import SuppressionAddForm
from apps.mailings.importing.suppression_rows import rows_of_file, rows_of_text
from apps.mailings.models import Suppression, SuppressionEvent
from apps.mailings.selectors.permission.suppressions import (
    HEADINGS,
    WORDED,
    SuppressionEventFilters,
    SuppressionFilters,
    found_events,
    found_suppressions,
)
from apps.mailings.services.permission import suppressions
from apps.mailings.services.permission.suppressions import SuppressionReport
from apps.mailings.views.suppressing.recipient import LiftPage
from apps.users.models import User

#: Addresses that a page takes at once; the command takes any number.
MOST_ROWS: Final = 100_000

_OWNER: Final = TableColumn(name="owner", label=gettext_lazy("Owner"), phone="")


class SuppressionList(OwnerFilterMixin, ListPage[Suppression, SuppressionFilters]):
    """Suppressed addresses, newest first."""

    page_template = "suppressions/list.html"
    results_template_name = "suppressions/list_results.html"
    filter_form = SuppressionFilters
    columns = WORDED
    headings = HEADINGS
    export_name = "suppressions"

    def get_table_columns(self) -> Sequence[TableColumn]:
        return [
            TableColumn(name="address", label=HEADINGS["address"], sort="address", phone="lead"),
            TableColumn(name="reason", label=HEADINGS["reason"], sort="reason", phone="side"),
            TableColumn(name="channel", label=HEADINGS["channel"], sort="channel"),
            TableColumn(name="since", label=HEADINGS["since"], sort="pk"),
            *([_OWNER] if self.actor.sees_all else []),
        ]

    def get_queryset(self) -> OwnedQuerySet[Suppression]:
        rows = self.visible(Suppression.objects.select_related("owner"))
        return found_suppressions(rows, self.filters)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page, actor = self.get_page(), cast(User, self.request.user)
        rows = [(row, suppressions.may_lift(row, actor)) for row in page.rows]
        return super().get_context_data(page=page, rows=rows, **kwargs)


class SuppressionHistory(OwnerFilterMixin, ListPage[SuppressionEvent, SuppressionEventFilters]):
    """Every suppressing and lifting, newest first."""

    page_template = "suppressions/history.html"
    results_template_name = "suppressions/history_results.html"
    filter_form = SuppressionEventFilters

    def get_table_columns(self) -> Sequence[TableColumn]:
        return [
            TableColumn(name="address", label=HEADINGS["address"], phone="lead"),
            TableColumn(name="act", label=pgettext_lazy("suppression", "Event"), phone="side"),
            TableColumn(name="reason", label=HEADINGS["reason"]),
            TableColumn(name="actor", label=pgettext_lazy("event", "Who")),
            TableColumn(name="note", label=gettext_lazy("Note")),
            TableColumn(name="when", label=gettext_lazy("When"), sort="pk"),
            *([_OWNER] if self.actor.sees_all else []),
        ]

    def get_queryset(self) -> OwnedQuerySet[SuppressionEvent]:
        rows = self.visible(SuppressionEvent.objects.select_related("owner"))
        return found_events(rows, self.filters)


class SuppressionAdd(CostlyMixin, LoggingMixin, OwnerFilterMixin, FormView[SuppressionAddForm]):
    """Adds addresses to one's own list, typed or from a file."""

    template_name = "suppressions/add.html"
    form_class = SuppressionAddForm
    success_url = reverse_lazy("suppressions:list")

    def is_costly(self, request: HttpRequest) -> bool:
        return request.method == "POST"

    def form_valid(self, form: SuppressionAddForm) -> HttpResponse:
        try:
            report = self._add(form.cleaned_data)
        except Refused as refusal:
            form.add_error("file", str(refusal))
            return self.form_invalid(form)
        if report.rejected:
            return self.render_to_response(self.get_context_data(form=form, report=report))
        messages.success(self.request, added_words(report))
        return redirect(self.get_success_url())

    def form_invalid(self, form: SuppressionAddForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _add(self, given: dict[str, Any]) -> SuppressionReport:
        actor = cast(User, self.request.user)
        with tempfile.TemporaryDirectory(prefix="vestnik-stop-") as directory, disk_full_refused():
            rows = rows_of_text(given["addresses"])
            if given["file"]:
                path = _stored(given["file"], Path(directory))
                most_bytes = settings.IMPORT_MAX_MEGABYTES * 1024 * 1024
                rows = rows_of_file(path, most_bytes=most_bytes)
            return suppressions.add_rows(
                rows=rows,
                owner_id=actor.pk,
                reason=given["reason"],
                actor=actor.email,
                note=given["note"],
                most=MOST_ROWS,
            )


class SuppressionLift(LiftPage):
    """Asks before an address of the list is written to again."""

    def found(self) -> Suppression:
        actor = cast(User, self.request.user)
        row = visible_or_404(Suppression.objects.all(), actor, pk=self.kwargs["pk"])
        if row.owner_id != actor.pk and not suppressions.may_lift(row, actor):
            return self.editable_or_403(Suppression.objects.all(), pk=row.pk)
        return row

    def back_url(self) -> str:
        return reverse("suppressions:list")


def added_words(report: SuppressionReport) -> str:
    """What became of the addresses, as a sum."""
    text = _("%(rows)d addresses = %(added)d added + %(known)d known + %(rejected)d rejected")
    return text % {
        "rows": report.rows,
        "added": report.added,
        "known": report.known,
        "rejected": report.rejected,
    }


def _stored(upload: UploadedFile[Any], directory: Path) -> Path:
    path = directory / "list"
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return path
