""" "Try it": one recipient played through the draft by a clock of one's own."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.views.generic import TemplateView

from apps.automations.definition.parts import END
from apps.automations.forms.trying import TryForm
from apps.automations.models import Automation
from apps.automations.services.preflight.checking import AutomationUnfit, check_playable
from apps.automations.showing.in_words import Speaker
from apps.automations.trying.play import Play, Played
from apps.automations.views.findings import finding_lines
from apps.core.mixins import OwnerFilterMixin
from apps.mailings.models import Recipient
from apps.mailings.selectors.recipient_search import with_address


class TryOut(OwnerFilterMixin, TemplateView):
    """Every step with its time and reason. Nothing is sent or written."""

    template_name = "automations/try.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Automation.objects.select_related("owner", "version")
        automation = self.visible_or_404(rows, pk=self.kwargs["pk"])
        asked = "address" in self.request.GET
        initial = {"start": timezone.now(), "address": self._first(automation)}
        form = TryForm(self.request.GET if asked else None, initial=initial)
        context: dict[str, Any] = {"automation": automation, "form": form}
        if asked and form.is_valid():
            context |= self._played(automation, form.cleaned_data)
        return super().get_context_data(**context, **kwargs)

    def _first(self, automation: Automation) -> str:
        """The newest recipient who has an email address."""
        rows = Recipient.objects.filter(owner=automation.owner, archived_at=None)
        found = rows.exclude(email=None).order_by("-pk").values_list("email", flat=True).first()
        return str(found or "")

    def _played(self, automation: Automation, data: dict[str, Any]) -> dict[str, Any]:
        living = Recipient.objects.filter(owner=automation.owner, archived_at=None)
        person = with_address(living, data["address"])
        if person is None:
            return {"nobody": True}
        try:
            definition = check_playable(automation)
        except AutomationUnfit as refused:
            return {"failures": finding_lines(automation, refused.findings)}
        play = Play(automation, definition, person, data["start"], data["reaction"])
        steps = {one["key"]: one for one in automation.draft["steps"]}
        speaker = Speaker(automation.owner, automation.draft, steps.values())

        def text_of(one: Played) -> str:
            return "" if one.key == END else speaker.step(steps[one.key])

        return {"person": person, "played": [(one, text_of(one)) for one in play.run()]}
