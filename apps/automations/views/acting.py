"""Activating, pausing, stopping and putting away, asked about where it cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from apps.automations.clock import database_now
from apps.automations.models import Automation
from apps.automations.services import automations
from apps.automations.services.automations import AutomationService
from apps.automations.services.drafts import discard_draft, duplicate
from apps.automations.services.preflight.checking import checked_draft
from apps.automations.services.switching import switch_automation
from apps.automations.showing.standing import inside_of
from apps.automations.views.findings import finding_lines
from apps.core.errors import Refused
from apps.core.mixins import HtmxLoginRequiredMixin, LoggingMixin, OwnerFilterMixin
from apps.core.text.formatting import refusal_text
from apps.users.models import User

#: The heading of each question, and the words on its button.
QUESTIONS: Final = {
    "activate": (gettext_lazy("Activate this automation?"), gettext_lazy("Activate")),
    "stop": (gettext_lazy("Stop this automation?"), gettext_lazy("Stop")),
    "archive": (gettext_lazy("Archive this automation?"), gettext_lazy("Archive")),
    "delete": (gettext_lazy("Delete this automation?"), gettext_lazy("Delete")),
    "discard": (gettext_lazy("Discard the changes?"), gettext_lazy("Discard changes")),
}


class Ask(OwnerFilterMixin, TemplateView):
    """Asks before an act, with how many it concerns."""

    template_name = "automations/ask.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Automation.objects.select_related("owner", "version").prefetch_related("versions")
        automation = self.editable_or_403(rows, pk=self.kwargs["pk"])
        act = kwargs.pop("act")
        if act not in QUESTIONS:
            raise Http404
        heading, button = QUESTIONS[act]
        if act == "activate":
            kwargs.update(_checked(automation))
        return super().get_context_data(
            automation=automation,
            act=act,
            heading=heading,
            button=button,
            inside=inside_of(automation),
            **kwargs,
        )


def _checked(automation: Automation) -> dict[str, Any]:
    """What prevents an activation, what might be better, and how many messages a day it means."""
    found = checked_draft(automation, database_now())
    return {
        "failures": finding_lines(automation, found.failures),
        "warnings": finding_lines(automation, found.warnings),
        "forecast": found.forecast,
    }


class AutomationAct(LoggingMixin, OwnerFilterMixin, View):
    """One act on one's own automation."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        rows = Automation.objects.select_related("owner", "version")
        automation = self.editable_or_403(rows, pk=pk)
        if act not in _ACTS:
            raise Http404
        try:
            text, where = _ACTS[act](automation, request.POST.get("inside", ""))
        except Refused as refused:
            messages.error(request, refusal_text(refused))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, text)
            return redirect(*where)
        return redirect("automations:detail", pk)


#: What is said afterwards, and where it leads.
Done = tuple[str, tuple[Any, ...]]


def _page(automation: Automation) -> tuple[Any, ...]:
    return ("automations:detail", automation.pk)


def _activate(automation: Automation, inside: str) -> Done:
    version = automations.activate(
        automation=automation,
        now=database_now(),
        leave=inside == "leave",
        move=inside == "move",
    )
    return _("Active: version %(number)d.") % {"number": version.number}, _page(automation)


def _pause(automation: Automation, inside: str) -> Done:
    automations.pause(automation=automation)
    return _("The automation is paused."), _page(automation)


def _resume(automation: Automation, inside: str) -> Done:
    automations.resume(automation=automation)
    return _("The automation goes on."), _page(automation)


def _stop(automation: Automation, inside: str) -> Done:
    automations.stop(automation=automation, now=database_now(), leave=inside == "leave")
    return _("Nobody comes in any more."), _page(automation)


def _remove(automation: Automation, inside: str) -> Done:
    service = AutomationService(cast(User, automation.owner))
    deleted = service.remove(automation, now=timezone.now())
    if deleted:
        return _("Automation deleted."), ("automations:list",)
    return _("Automation archived."), ("automations:list",)


def _discard(automation: Automation, inside: str) -> Done:
    discard_draft(automation_id=automation.pk, actor=automation.owner)
    return _("The draft is again what is active."), _page(automation)


def _duplicate(automation: Automation, inside: str) -> Done:
    made = duplicate(automation=automation, owner=automation.owner)
    return _("Draft created."), ("automations:edit", made.pk)


_ACTS: Final[Mapping[str, Callable[[Automation, str], Done]]] = {
    "activate": _activate,
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "archive": _remove,
    "delete": _remove,
    "discard": _discard,
    "duplicate": _duplicate,
}


class Switch(LoggingMixin, HtmxLoginRequiredMixin, View):
    """The managers' switch."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        enabled = request.POST.get("active") == "1"
        actor = cast(User, request.user)
        switch_automation(automation_id=pk, actor=actor, enabled=enabled)
        return redirect("automations:detail", pk=pk)
