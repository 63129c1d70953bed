"""The editor of a draft: its steps as a list that buttons change, and the form of each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.generic import View

from apps.automations.definition.flow import FlowUnreadable, Node, Raw, tree_of
from apps.automations.definition.outline import Outline
from apps.automations.forms.steps import FORMS, StepForm, ThenForm
from apps.automations.models import Step
from apps.automations.services.drafts import Draft, differs, is_open, rename
from apps.automations.services.preflight.checking import checked_outline
from apps.automations.services.preflight.findings import EXITS, TRIGGER, WHOLE
from apps.automations.showing.steps import lines_of
from apps.automations.views.conditions import ConditionBuilder
from apps.automations.views.drafting import DraftMixin
from apps.automations.views.findings import by_step
from apps.core.mixins import wants_fragment
from apps.mailings.models import Channel
from apps.mailings.sending_accounts import default_account

#: What the menu "Add a step" offers, in its order.
ADDABLE: Final = (
    ("send", pgettext_lazy("add a step", "Message")),
    ("wait", pgettext_lazy("add a step", "Wait")),
    ("condition", pgettext_lazy("add a step", "Condition")),
    ("split", pgettext_lazy("add a step", "Split")),
    ("act", pgettext_lazy("add a step", "Action")),
    ("exit", pgettext_lazy("add a step", "Exit")),
)


class StepGone(LookupError):
    """The step was deleted meanwhile."""


class AutomationEdit(DraftMixin, View):
    """The draft as a list of steps. Every button posts the form; the list comes back changed."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._shown()

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        act = request.POST.get("act", "")
        verb, _colon, rest = act.partition(":")
        if verb == "name":
            self._rename()
            return self.to_editor()
        if verb == "add":
            return self._add(rest)
        if verb == "delete" and self._holds_steps(rest) and "sure" not in request.POST:
            return self._shown(sure=rest)
        if verb in ("up", "down", "duplicate", "delete"):
            self.write(lambda draft: _act(draft, verb, rest))
            del self.automation  # it is read again
        if wants_fragment(request):
            return self._shown(focus=act)
        return self.to_editor(f"step-{rest}" if verb != "delete" else "steps")

    def _rename(self) -> None:
        name = self.request.POST.get("name", "")
        rename(automation_id=self.automation.pk, actor=self.actor, name=name)
        messages.success(self.request, _("Saved."))

    def _add(self, rest: str) -> HttpResponse:
        kind, _colon, place = rest.partition(":")
        made: list[str] = []

        def change(draft: Draft) -> None:
            outline = Outline(draft)
            node = outline.add(kind, place)
            if node is None:
                return
            if kind == "send":
                node.step["account"] = default_account(Channel.EMAIL, self.automation.owner)
            draft["steps"] = outline.steps()
            made.append(node.key)

        if not self.write(change) or not made:
            return self.to_editor()
        return self.to(reverse("automations:step", args=[self.automation.pk, made[0]]))

    def _holds_steps(self, key: str) -> bool:
        try:
            node = Outline(self.automation.draft).find(key)
        except FlowUnreadable:
            return False
        return node is not None and any(branch.nodes for branch in node.branches)

    def _shown(self, *, sure: str = "", focus: str = "") -> HttpResponse:
        automation = self.automation
        checked = checked_outline(automation)
        findings = by_step(checked.findings)
        speaker, steps = self.speaker(), self.steps

        def about(node: Node) -> Mapping[str, Any]:
            found = findings.get(node.key, ())
            wrong = any(one.stops for one in found)
            return {"findings": found, "wrong": wrong, "sure": node.key == sure}

        context = {
            "automation": automation,
            "writable": is_open(automation),
            "differs": differs(automation),
            "lines": lines_of(tree_of(steps), speaker, about),
            "trigger": speaker.trigger(automation.draft.get("trigger")),
            "reentry": speaker.reentry(automation.draft.get("reentry")),
            "exits": speaker.exits(automation.draft.get("exits")),
            "of_trigger": findings.get(TRIGGER, ()),
            "of_rules": findings.get(EXITS, ()),
            "of_whole": findings.get(WHOLE, ()),
            "missing": len(checked.failures),
            "addable": ADDABLE,
            "focus": focus,
        }
        fragment = wants_fragment(self.request)
        template = "automations/outline.html" if fragment else "automations/edit.html"
        return render(self.request, template, context)


def _act(draft: Draft, verb: str, key: str) -> None:
    outline = Outline(draft)
    acts = {
        "up": outline.up,
        "down": outline.down,
        "duplicate": outline.duplicate,
        "delete": outline.delete,
    }
    if acts[verb](key):
        draft["steps"] = outline.steps()


class StepEdit(DraftMixin, View):
    """The form of one step. What is missing is saved all the same, and shown in the editor."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        raw, then = self._step()
        builder = self._builder(raw)
        return self._shown(raw, self._form(raw), then, builder)

    def post(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        raw, unsent = self._step()
        form = self._form(raw, request.POST)
        then = None
        if unsent is not None:
            then = ThenForm(request.POST, jump=None, others=self._others())
        builder = self._builder(raw)
        if builder is not None and not builder.saves:
            return self._shown(raw, form, then, builder)
        if not form.is_valid() or (then is not None and not then.is_valid()):
            return self._shown(raw, form, then, builder)
        step = {"key": raw["key"], "kind": raw["kind"], **form.part()}
        if builder is not None and form.cleaned_data.get("mode") == "tree":
            tree = builder.read()
            if tree is None:
                return self._shown(raw, form, then, builder)
            step["tree"] = tree
        try:
            written = self.write(lambda draft: _change(draft, step, then))
        except StepGone as error:
            raise Http404 from error
        if not written:
            return self._shown(raw, form, then, builder)
        return self.to_editor(f"step-{key}")

    def _step(self) -> tuple[Raw, ThenForm | None]:
        """The step, and where it goes on unless it has branches."""
        try:
            node = Outline(self.automation.draft).find(self.kwargs["key"])
        except FlowUnreadable as error:
            raise Http404 from error
        if node is None:
            raise Http404
        if node.branches or node.step["kind"] == "exit":
            return node.step, None
        return node.step, ThenForm(jump=node.jump, others=self._others())

    def _others(self) -> list[tuple[str, str]]:
        speaker = self.speaker()
        own = self.kwargs["key"]
        return [(one["key"], speaker.step(one)) for one in self.steps if one["key"] != own]

    def _form(self, raw: Raw, data: Any = None) -> StepForm:
        letters = [(key, name) for key, name in self.speaker().letters.items()]
        kind = FORMS[raw["kind"]]
        return kind(data, raw=raw, offers=self.offers, letters=letters)

    def _builder(self, raw: Raw) -> ConditionBuilder | None:
        if raw["kind"] != "condition":
            return None
        return ConditionBuilder(self.request, self.automation.owner, raw.get("tree"))

    def _shown(
        self,
        raw: Raw,
        form: StepForm,
        then: ThenForm | None,
        builder: ConditionBuilder | None,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "automation": self.automation,
            "raw": raw,
            "heading": _("Step: %(kind)s") % {"kind": Step.Kind(raw["kind"]).label},
            "form": form,
            "then": then,
            "texts": self.speaker().step(raw),
        }
        if builder is not None:
            context |= builder.context()
        fragment = wants_fragment(self.request)
        template = "automations/step_form.html" if fragment else "automations/step.html"
        return render(self.request, template, context)


def _change(draft: Draft, step: Raw, then: ThenForm | None) -> None:
    outline = Outline(draft)
    node = outline.find(step["key"])
    if node is None:
        raise StepGone(step["key"])
    outline.change(node, step)
    if then is not None and not node.branches:
        node.jump = then.jump
    draft["steps"] = outline.steps()
