"""The forms of what begins an automation, and of who comes in again and leaves early."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.generic import View

from apps.automations.definition.flow import Raw
from apps.automations.forms.parts import PartForm
from apps.automations.forms.rules import RulesForm
from apps.automations.forms.trigger import TriggerForm
from apps.automations.services.drafts import Draft
from apps.automations.views.conditions import ConditionBuilder
from apps.automations.views.drafting import DraftMixin
from apps.core.mixins import wants_fragment


class TriggerEdit(DraftMixin, View):
    """What begins the automation."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._shown(self._form())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = self._form(request.POST)
        if not form.is_valid():
            return self._shown(form)

        def change(draft: Draft) -> None:
            draft["trigger"] = form.part()

        return self.to_editor() if self.write(change) else self._shown(form)

    def _form(self, data: Any = None) -> TriggerForm:
        raw = self.automation.draft.get("trigger")
        known: Raw = raw if isinstance(raw, dict) else {}
        return TriggerForm(data, raw=known, offers=self.offers)

    def _shown(self, form: PartForm) -> HttpResponse:
        context = {"automation": self.automation, "form": form, "heading": _("Trigger")}
        return render(self.request, "automations/step.html", context)


class RulesEdit(DraftMixin, View):
    """Re-entry, exit rules and the goal."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._shown(self._form(), self._builder())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form, builder = self._form(request.POST), self._builder()
        if not builder.saves or not form.is_valid():
            return self._shown(form, builder)
        part = form.part()
        if form.cleaned_data["has_goal"]:
            part["exits"]["goal"] = builder.read()
            if part["exits"]["goal"] is None:
                return self._shown(form, builder)

        def change(draft: Draft) -> None:
            draft.update(part)

        return self.to_editor() if self.write(change) else self._shown(form, builder)

    def _form(self, data: Any = None) -> RulesForm:
        return RulesForm(data, raw=self.automation.draft, offers=self.offers)

    def _builder(self) -> ConditionBuilder:
        exits = self.automation.draft.get("exits")
        goal = exits.get("goal") if isinstance(exits, dict) else None
        return ConditionBuilder(self.request, self.automation.owner, goal)

    def _shown(self, form: PartForm, builder: ConditionBuilder) -> HttpResponse:
        context = {
            "automation": self.automation,
            "form": form,
            "heading": _("Re-entry and exit rules"),
            **builder.context(),
        }
        fragment = wants_fragment(self.request)
        template = "automations/step_form.html" if fragment else "automations/step.html"
        return render(self.request, template, context)
