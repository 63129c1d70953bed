"""Recipients chosen in their list are added to an automation, or removed from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from apps.automations.clock import database_now
from apps.automations.models import Automation, Enrolment
from apps.automations.services import people
from apps.automations.showing.people import came_in_text, removed_text
from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_id
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Recipient
from apps.mailings.selectors.recipients import TICKED, RecipientFilters, chosen_recipients

State = Automation.State
#: The heading of each act, the words on its button, and the automations that it is offered for.
ACTS: Final = {
    "enrol": (
        gettext_lazy("Add to an automation"),
        gettext_lazy("Add recipients"),
        (State.ACTIVE, State.PAUSED),
    ),
    "remove": (
        gettext_lazy("Remove from an automation"),
        gettext_lazy("Remove recipients"),
        (State.ACTIVE, State.PAUSED, State.STOPPING),
    ),
}


class RecipientsAct(CostlyMixin, LoggingMixin, OwnerFilterMixin, View):
    """The ticked recipients, or all that the filters find; which automation is asked for first."""

    http_method_names = ["post"]

    def is_costly(self, request: HttpRequest) -> bool:
        return request.POST.get("scope") == "all" and bool(request.POST.get("automation"))

    def post(self, request: HttpRequest) -> HttpResponse:
        act = request.POST.get("act", "")
        if act not in ACTS:
            raise Http404
        chosen = chosen_recipients(self.actor, request.POST)
        number = row_id(request.POST.get("automation", ""))
        if number is None and chosen.exists():
            return self._asked(act, chosen)
        if number is None:
            messages.error(request, _("None of your own recipients is selected."))
        else:
            rows = Automation.objects.select_related("owner", "version")
            self._do(act, self.editable_or_403(rows, pk=number), chosen)
        return redirect(f"{reverse('recipients:list')}?{RecipientFilters(request.POST).query()}")

    def _do(self, act: str, automation: Automation, chosen: OwnedQuerySet[Recipient]) -> None:
        try:
            messages.success(self.request, _DONE[act](automation, chosen))
        except Refused as refused:
            messages.error(self.request, refusal_text(refused))

    def _asked(self, act: str, chosen: OwnedQuerySet[Recipient]) -> HttpResponse:
        """The page that asks for the automation and keeps what was chosen."""
        heading, button, states = ACTS[act]
        mine = Automation.objects.editable_by(self.actor).filter(state__in=states)
        posted = self.request.POST
        count = chosen.order_by()[: TICKED + 1].count()
        context = {
            "act": act,
            "heading": heading,
            "button": button,
            "automations": mine.order_by("name", "pk"),
            "count": min(count, TICKED),
            "exact": count <= TICKED,
            "filters": RecipientFilters(posted),
            "scope": posted.get("scope", ""),
            "ids": posted.getlist("ids")[:TICKED] if posted.get("scope") != "all" else [],
        }
        return render(self.request, "automations/choose.html", context)


def _enrol(automation: Automation, chosen: OwnedQuerySet[Recipient]) -> str:
    count = people.enrol_people(automation=automation, people=chosen, now=database_now())
    return came_in_text(count)


def _remove(automation: Automation, chosen: OwnedQuerySet[Recipient]) -> str:
    # The services lock rows, and no join may come with them.
    ids = chosen.order_by().values("pk")
    rows = Enrolment.objects.filter(automation=automation, recipient_id__in=ids)
    return removed_text(people.remove(enrolments=rows, now=database_now()))


_DONE: Final[Mapping[str, Callable[[Automation, OwnedQuerySet[Recipient]], str]]] = {
    "enrol": _enrol,
    "remove": _remove,
}
