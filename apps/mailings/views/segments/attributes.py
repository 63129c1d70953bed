"""The pages of custom fields: their kinds, and the values that do not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import CreateView, UpdateView, View

from apps.core.errors import Refused
from apps.core.exports.tables import Cell
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnedFormMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.attribute_values import as_text
from apps.mailings.forms.attributes import AttributeForm
from apps.mailings.models import AttributeDefinition, Recipient
from apps.mailings.segments import ground_of
from apps.mailings.services.segmentation.attributes import AttributeService, misfits_of


class AttributeFilters(FilterForm):
    """What the list of custom fields is asked for."""

    q = WordsFilter(longest=100, label=gettext_lazy("Custom field"))
    state = ChoiceFilter(
        [("", gettext_lazy("In use")), ("archived", gettext_lazy("Archived"))],
        label=gettext_lazy("Status"),
    )


class AttributeList(OwnerFilterMixin, ListPage[AttributeDefinition, AttributeFilters]):
    """The custom fields that the actor sees."""

    page_template = "attributes/list.html"
    results_template_name = "attributes/list_results.html"
    filter_form = AttributeFilters
    table_columns = (
        TableColumn(name="name", label=gettext_lazy("Name"), sort="name", phone="lead"),
        TableColumn(name="label", label=gettext_lazy("Label"), sort="label"),
        TableColumn(name="kind", label=gettext_lazy("Kind"), sort="kind", phone="side"),
        TableColumn(name="misfits", label=gettext_lazy("Misfits"), number=True, sort="misfits"),
    )

    def get_queryset(self) -> OwnedQuerySet[AttributeDefinition]:
        rows = self.visible(AttributeDefinition.objects.all())
        if query := self.filters.value("q"):
            rows = rows.filter(name__iregex=re.escape(query))
        return rows.filter(archived_at__isnull=self.filters.value("state") != "archived")


class _AttributeForm(LoggingMixin, OwnedFormMixin):
    rows = AttributeDefinition.objects.select_related("owner")

    def get_success_url(self) -> str:
        messages.success(self.request, _("Saved."))
        return reverse("attributes:list")


class AttributeCreate(_AttributeForm, CreateView[AttributeDefinition, AttributeForm]):
    """A new custom field."""

    model = AttributeDefinition
    form_class = AttributeForm
    template_name = "attributes/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("attributes:list")
        return super().get_context_data(heading=_("New custom field"), back_url=back, **kwargs)


class AttributeEdit(_AttributeForm, UpdateView[AttributeDefinition, AttributeForm]):
    """Changes a custom field: another kind reads all its values anew."""

    model = AttributeDefinition
    form_class = AttributeForm
    template_name = "attributes/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        heading = f"{self.object} (id:{self.object.pk})"
        back = reverse("attributes:list")
        return super().get_context_data(heading=heading, back_url=back, **kwargs)


class AttributeArchive(LoggingMixin, OwnerFilterMixin, View):
    """Puts a custom field away, or brings it back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        mine = AttributeService(self.actor)
        definition = mine.editable_or_403(pk)
        try:
            if act == "restore":
                mine.restore(definition)
                messages.success(request, _("Restored from the archive."))
            else:
                mine.remove(definition, now=timezone.now())
                undo = reverse("attributes:restore", args=[pk])
                messages.success(request, _("Custom field archived."), extra_tags=undo)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("attributes:list")


class AttributeMisfits(OwnerFilterMixin, ListPage[Recipient, FilterForm]):
    """The people whose value does not fit the kind of the custom field."""

    page_template = "attributes/misfits.html"
    results_template_name = "attributes/misfits_results.html"
    filter_form = FilterForm
    table_columns = (
        TableColumn(name="recipient", label=gettext_lazy("Recipient"), phone="lead"),
        TableColumn(name="value", label=gettext_lazy("Value"), phone="side"),
    )

    @property
    def definition(self) -> AttributeDefinition:
        rows = AttributeDefinition.objects.select_related("owner")
        return self.visible_or_404(rows, pk=self.kwargs["pk"])

    def get_queryset(self) -> OwnedQuerySet[Recipient]:
        definition = self.definition
        return misfits_of(definition, ground_of(definition.owner, timezone.now()))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page, definition = self.get_page(), self.definition
        rows = [(row, as_text(row.attributes[definition.name])) for row in page.rows]
        return super().get_context_data(page=page, rows=rows, definition=definition, **kwargs)

    def get_export_name(self) -> str:
        return f"misfits-{self.definition.name}"

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        name = self.definition.name
        found = self.get_queryset().order_by("pk").iterator(chunk_size=2000)
        rows = ([row.email, row.phone, as_text(row.attributes[name])] for row in found)
        return [_("Email"), _("Phone"), name], rows
