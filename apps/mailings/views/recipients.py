"""The pages of recipients: list, one of them, the form, and acts on many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.generic import CreateView, TemplateView, UpdateView, View

from apps.core.errors import Refused
from apps.core.exports.tables import Cell
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import KeysetPage, SortKey, keyset_page, sorted_page
from apps.mailings.attribute_values import as_text
from apps.mailings.failure_reasons import explain
from apps.mailings.forms.recipients import RecipientForm
from apps.mailings.models import Channel, Recipient, RecipientImport, Suppression
from apps.mailings.models.audience import ADDRESS
from apps.mailings.recipient_export import worded_table_of
from apps.mailings.selectors.permission.lists import subscriptions_of
from apps.mailings.selectors.recipient_search import Search
from apps.mailings.selectors.recipient_status import statuses_of
from apps.mailings.selectors.recipient_table import columns_for, rows_of
from apps.mailings.selectors.recipients import (
    STATUSES,
    RecipientFilters,
    count_of,
    found_recipients,
    history_of,
    lists_of,
    segments_of,
    suppressions_of,
    tags_of,
    with_last_sent,
)
from apps.mailings.services import recipients as audience
from apps.mailings.services.privacy.rights import COPY, ERASE, may
from apps.users.models import User


def recipients() -> OwnedQuerySet[Recipient]:
    return Recipient.objects.all()


class RecipientList(OwnerFilterMixin, ListPage[Recipient, RecipientFilters]):
    """A table, newest first, with search and filters; custom fields are columns to choose."""

    page_template = "recipients/list.html"
    results_template_name = "recipients/list_results.html"
    filter_form = RecipientFilters
    export_name = "recipients"

    def is_costly(self, request: HttpRequest) -> bool:
        return super().is_costly(request) or request.GET.get("all") == "1"

    @cached_property
    def search(self) -> Search:
        """What was found, and whether everything was looked through."""
        return found_recipients(self.visible(recipients()), self.filters)

    def get_table_columns(self) -> Sequence[TableColumn]:
        return columns_for(self.actor)

    def get_queryset(self) -> OwnedQuerySet[Recipient]:
        table = self.page_table
        rows = (
            self.search.rows.select_related("owner") if table.shows("owner") else self.search.rows
        )
        if table.shows("sent") or table.order.get("sort", "").endswith("sent"):
            return with_last_sent(rows)
        return rows

    def get_page(self) -> KeysetPage[Recipient]:
        if self.search.field and not self.page_table.order:  # its index has this order
            params, key = self.request.GET, SortKey(self.search.field, "", indexed=True)
            return sorted_page(self.get_queryset(), params, size=self.size, key=key)
        return super().get_page()

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        found = worded_table_of(self.search.rows)
        return found.header, found.rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = self.filters.written["tag"]
        tags = [(str(tag.pk), tag.name) for tag in tags_of(self.actor, chosen=chosen)]
        self.filters.offer("tag", [("", _("any tag")), *tags])
        self.filters.offer("state", STATUSES)
        self.filters.offer("list", [("", pgettext("filter", "any list")), *lists_of(self.actor)])
        every = ("", pgettext("filter", "any segment"))
        self.filters.offer("segment", [every, *segments_of(self.actor)])
        page = self.get_page()
        number, imported = self.filters.value("added_by"), None
        if number is not None:
            mine = RecipientImport.objects.visible_to(self.actor)
            imported = mine.filter(pk=number).first()
        return super().get_context_data(
            page=page,
            rows=rows_of(page.rows, self.page_table),
            found=count_of(self.search),
            partly=self.search.partly,
            imported=imported,
            **kwargs,
        )


class RecipientDetail(OwnerFilterMixin, TemplateView):
    """Everything that is known of one recipient, and what was sent there."""

    template_name = "recipients/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = recipients().select_related("owner")
        recipient = self.visible_or_404(rows, pk=self.kwargs["pk"])
        stops = list(suppressions_of(recipient))
        page = keyset_page(history_of(recipient), self.request.GET, size=25, newest_first=True)
        stopped = {(stop.channel, stop.address) for stop in stops}
        return super().get_context_data(
            recipient=recipient,
            status=statuses_of([recipient])[recipient.pk],
            tags=recipient.tags.all(),
            subscriptions=subscriptions_of(recipient),
            attributes=[(name, as_text(value)) for name, value in recipient.attributes.items()],
            suppressions=stops,
            open_channels=open_channels(recipient, stops),
            page=page,
            history=[
                (row, explain(row, suppressed=(row.channel, row.address) in stopped))
                for row in page.rows
            ],
            editable=recipient.owner_id == self.actor.pk and recipient.erased_at is None,
            erasable=recipient.erased_at is None
            and may(cast(User, self.actor), ERASE, owner_id=recipient.owner_id),
            copyable=recipient.erased_at is None
            and may(cast(User, self.actor), COPY, owner_id=recipient.owner_id),
            **kwargs,
        )


def open_channels(recipient: Recipient, stops: list[Suppression]) -> list[tuple[str, str]]:
    """The kinds of address that this recipient has and that may be written to, with their names."""
    closed = {stop.channel for stop in stops}
    return [
        (channel.value, str(channel.label))
        for channel in Channel
        if channel.value not in closed and getattr(recipient, ADDRESS[channel.value])
    ]


class _RecipientForm(LoggingMixin, OwnedFormMixin):
    rows = Recipient.objects.all()

    def get_success_url(self) -> str:
        messages.success(self.request, _("Saved."))
        recipient: Recipient = cast(Any, self).object
        return reverse("recipients:detail", args=[recipient.pk])


class RecipientCreate(_RecipientForm, CreateView[Recipient, RecipientForm]):
    """A new recipient of one's own."""

    model = Recipient
    form_class = RecipientForm
    template_name = "recipients/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("recipients:list")
        return super().get_context_data(heading=_("New recipient"), back_url=back, **kwargs)


class RecipientEdit(_RecipientForm, UpdateView[Recipient, RecipientForm]):
    """Changes one's own recipient."""

    model = Recipient
    form_class = RecipientForm
    template_name = "recipients/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("recipients:detail", args=[self.object.pk])
        heading = f"{self.object} (id:{self.object.pk})"
        return super().get_context_data(heading=heading, back_url=back, **kwargs)


class RecipientDelete(LoggingMixin, OwnerFilterMixin, TemplateView):
    """Asks, and says whether the history makes it an archiving."""

    template_name = "delete_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recipient = self.editable_or_403(recipients(), pk=self.kwargs["pk"])
        archives = history_of(recipient).exists()
        if archives:
            word = _(
                "This recipient has received messages, so it will be archived with its history."
            )
        else:
            word = _("Nothing was ever sent to this recipient: it will be deleted for good.")
        back = reverse("recipients:detail", args=[recipient.pk])
        return super().get_context_data(
            heading=_("Archive this recipient?") if archives else _("Delete this recipient?"),
            object=recipient,
            consequences=[word],
            archives=archives,
            back_url=back,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mine = audience.RecipientService(self.actor)
        if mine.remove(mine.editable_or_403(pk), now=timezone.now()):
            messages.success(request, _("Deleted."))
            return redirect("recipients:list")
        undo = reverse("recipients:restore", args=[pk])
        messages.success(request, _("Recipient archived."), extra_tags=undo)
        return redirect("recipients:detail", pk=pk)


class RecipientRestore(LoggingMixin, OwnerFilterMixin, View):
    """Takes a recipient out of the archive."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mine = audience.RecipientService(self.actor)
        try:
            mine.restore(mine.editable_or_403(pk))
            messages.success(request, _("Restored from the archive."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("recipients:detail", pk=pk)
