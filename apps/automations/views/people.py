"""The people of an automation, what is done to some of them, and the automations of one person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic import TemplateView, View

from apps.automations.clock import database_now
from apps.automations.enrolling import entrance_of
from apps.automations.models import Automation, Enrolment
from apps.automations.services import people
from apps.automations.showing.in_words import Speaker
from apps.automations.showing.offers import Offers
from apps.automations.showing.people import (
    DID,
    automations_of,
    came_in_text,
    goes_on_text,
    in_state,
    people_of,
    positions_of,
    removed_text,
    with_positions,
)
from apps.core.errors import Refused
from apps.core.exports.tables import Cell
from apps.core.http.costly import CostlyMixin
from apps.core.lists.filters import ChoiceFilter, FilterForm, RowFilter, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import LoggingMixin, OwnerFilterMixin, wants_fragment
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_ids
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Recipient
from apps.mailings.selectors.recipient_search import search, with_address

#: The most people that can be ticked one by one for an act.
TICKED: Final = 10_000


class PeopleFilters(FilterForm):
    """What the list of people is asked for."""

    q = WordsFilter(longest=200, label=gettext_lazy("Recipient"))
    state = ChoiceFilter(
        [
            ("", pgettext_lazy("enrolment", "any status")),
            ("inside", pgettext_lazy("enrolment", "Inside")),
            *Enrolment.State.choices,
        ],
        label=gettext_lazy("Status"),
    )
    step = WordsFilter(longest=40, label=pgettext_lazy("one", "Step"))
    did = ChoiceFilter([("", "—"), *DID.items()], label=pgettext_lazy("step", "What of it"))
    version = RowFilter(label=gettext_lazy("Version"))

    folded = ("did", "version")


class AutomationPeople(OwnerFilterMixin, ListPage[Enrolment, PeopleFilters]):
    """Who is or was in an automation, newest first."""

    page_template = "automations/people.html"
    results_template_name = "automations/people_results.html"
    filter_form = PeopleFilters
    table_columns = (
        TableColumn(name="recipient", label=gettext_lazy("Recipient"), phone="lead"),
        TableColumn(name="state", label=gettext_lazy("Status"), phone="side"),
        TableColumn(name="step", label=pgettext_lazy("one", "Step")),
        TableColumn(name="since", label=gettext_lazy("Since"), sort="step_since"),
        TableColumn(name="next", label=pgettext_lazy("step", "Next")),
        TableColumn(name="when", label=gettext_lazy("When"), sort="due_at"),
        TableColumn(name="entered", label=gettext_lazy("Came in"), sort="pk", phone=""),
    )

    @cached_property
    def automation(self) -> Automation:
        """The automation whose people they are."""
        rows = Automation.objects.select_related("owner", "version")
        return self.visible_or_404(rows, pk=self.kwargs["pk"])

    @cached_property
    def filters(self) -> PeopleFilters:
        return filters_of(self.automation, self.request.GET)

    def get_queryset(self) -> OwnedQuerySet[Enrolment]:
        return found_people(self.automation, self.filters)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        return super().get_context_data(
            page=page,
            positions=positions_of(page.rows),
            automation=self.automation,
            editable=self.automation.owner_id == self.actor.pk,
            tags=self._tags(),
            **kwargs,
        )

    def _tags(self) -> list[tuple[str, str]]:
        """The tags by which the owner may let people in now."""
        mine = self.automation.owner_id == self.actor.pk
        is_open = mine and entrance_of(self.automation) is not None
        return Offers(self.automation.owner).choices("tag") if is_open else []

    def get_export_name(self) -> str:
        return f"automation-{self.automation.pk}"

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        header = [_("Recipient"), _("Status"), _("Reason"), _("Step"), _("Came in"), _("Changed")]
        rows = self.get_queryset().order_by("pk").iterator(chunk_size=2000)
        cells = (
            [
                str(one.recipient or ""),
                one.get_state_display(),
                one.reason,
                one.step.key if one.step else "",
                one.entered_at,
                one.changed_at,
            ]
            for one in rows
        )
        return header, cells


def filters_of(automation: Automation, params: Any) -> PeopleFilters:
    """The filters with the steps and versions of this automation to choose from."""
    filters = PeopleFilters(params)
    version = automation.version
    steps = version.definition["steps"] if version is not None else []
    definition = version.definition if version is not None else {}
    speaker = Speaker(automation.owner, definition, steps)
    choices = [("", _("any step")), *((one["key"], speaker.step(one)) for one in steps)]
    chosen = filters.value("step")
    if chosen and chosen not in dict(choices):
        choices.append((chosen, chosen))
    filters.offer("step", choices)
    numbers = automation.versions.order_by("-number").values_list("number", flat=True)
    any_one = ("", _("any version"))
    filters.offer("version", [any_one, *((str(number), str(number)) for number in numbers)])
    return filters


def found_people(automation: Automation, filters: PeopleFilters) -> OwnedQuerySet[Enrolment]:
    """The enrolments that the filters find."""
    rows: OwnedQuerySet[Enrolment] = Enrolment.objects.of(automation)
    if (number := filters.value("version")) is not None:
        rows = rows.filter(version__number=number)
    rows = in_state(rows, filters.value("state"))
    rows = people_of(rows, step=filters.value("step"), did=filters.value("did"))
    if query := filters.value("q"):
        known = Recipient.objects.filter(owner_id=automation.owner_id)
        rows = rows.filter(recipient__in=search(known, query).rows.values("pk"))
    found: Any = with_positions(rows)
    return found  # type: ignore[no-any-return]


class EnrolPeople(CostlyMixin, LoggingMixin, OwnerFilterMixin, View):
    """Lets one recipient in, or everybody with a tag, by the rule of re-entry."""

    http_method_names = ["post"]

    def is_costly(self, request: HttpRequest) -> bool:
        return bool(request.POST.get("tag"))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = Automation.objects.select_related("owner", "version")
        automation = self.editable_or_403(rows, pk=pk)
        try:
            count = people.enrol_people(
                automation=automation, people=self._whom(automation), now=database_now()
            )
        except Refused as refused:
            messages.error(request, refusal_text(refused))
        else:
            messages.success(request, came_in_text(count))
        return redirect("automations:people", pk=pk)

    def _whom(self, automation: Automation) -> OwnedQuerySet[Recipient]:
        mine = Recipient.objects.filter(owner_id=automation.owner_id, archived_at=None)
        if tags := row_ids([self.request.POST.get("tag", "")]):
            return mine.filter(tags__in=tags)
        found = with_address(mine, self.request.POST.get("address", ""))
        return mine.filter(pk=found.pk) if found is not None else mine.none()


class PeopleAct(LoggingMixin, OwnerFilterMixin, View):
    """Try again, skip the step or remove: the ticked, or all that the filters find."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = Automation.objects.select_related("owner", "version")
        automation = self.editable_or_403(rows, pk=pk)
        act = _ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise Http404
        try:
            messages.success(request, act(self._chosen(automation)))
        except Refused as refused:
            messages.error(request, refusal_text(refused))
        return redirect(self._back(automation))

    def _chosen(self, automation: Automation) -> OwnedQuerySet[Enrolment]:
        if self.request.POST.get("scope") == "all":
            found = found_people(automation, filters_of(automation, self.request.POST))
        else:
            ids = row_ids(self.request.POST.getlist("ids")[:TICKED])
            found = Enrolment.objects.filter(automation=automation, pk__in=ids)
        # The services lock rows, and no join may come with them.
        return Enrolment.objects.filter(pk__in=found.order_by().values("pk"))

    def _back(self, automation: Automation) -> str:
        recipient = row_ids([self.request.POST.get("recipient", "")])
        if recipient:
            return reverse("automations:of_recipient", args=recipient)
        url = reverse("automations:people", args=[automation.pk])
        query = filters_of(automation, self.request.POST).query()
        return f"{url}?{query}" if query else url


def _retry(rows: OwnedQuerySet[Enrolment]) -> str:
    return goes_on_text(people.retry_failed(enrolments=rows, now=database_now()))


def _skip(rows: OwnedQuerySet[Enrolment]) -> str:
    return goes_on_text(people.skip_failed(enrolments=rows, now=database_now()))


def _remove(rows: OwnedQuerySet[Enrolment]) -> str:
    return removed_text(people.remove(enrolments=rows, now=database_now()))


_ACTS: Final[Mapping[str, Callable[[OwnedQuerySet[Enrolment]], str]]] = {
    "retry": _retry,
    "skip": _skip,
    "remove": _remove,
}


class RecipientAutomations(OwnerFilterMixin, TemplateView):
    """In which automations a recipient is, at which step, and what comes next: a page, a part."""

    def get_template_names(self) -> list[str]:
        fragment = wants_fragment(self.request)
        return [f"automations/{'recipient_part' if fragment else 'recipient'}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Recipient.objects.select_related("owner")
        recipient = self.visible_or_404(rows, pk=self.kwargs["pk"])
        return super().get_context_data(
            recipient=recipient,
            positions=automations_of(recipient),
            editable=recipient.owner_id == self.actor.pk,
            **kwargs,
        )
