"""What the pages that write a draft have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django_htmx.http import HttpResponseClientRedirect

from apps.automations.definition.flow import Raw, shown_steps
from apps.automations.models import Automation
from apps.automations.services.drafts import Draft, change_draft
from apps.automations.showing.in_words import Speaker
from apps.automations.showing.offers import Offers
from apps.core.errors import Refused
from apps.core.mixins import LoggingMixin, OwnerFilterMixin, wants_fragment
from apps.core.text.formatting import refusal_text


class DraftMixin(LoggingMixin, OwnerFilterMixin):
    """One's own automation, whose draft is written."""

    kwargs: dict[str, Any]

    @cached_property
    def automation(self) -> Automation:
        """The automation. 404 when it is not visible, 403 when it is somebody else's."""
        rows = Automation.objects.select_related("owner", "version")
        return self.editable_or_403(rows, pk=self.kwargs["pk"])

    @cached_property
    def offers(self) -> Offers:
        """What its forms offer."""
        return Offers(self.automation.owner)

    @property
    def steps(self) -> list[Raw]:
        """The steps of the draft; none when they cannot be read."""
        return shown_steps(self.automation.draft)

    def speaker(self) -> Speaker:
        """Says the parts of the draft."""
        return Speaker(self.automation.owner, self.automation.draft, self.steps)

    def write(self, change: Callable[[Draft], None]) -> bool:
        """Let ``change`` write the draft; what refuses it is shown. True when it was written."""
        try:
            change_draft(automation_id=self.automation.pk, actor=self.actor, change=change)
        except Refused as refused:
            messages.error(self.request, refusal_text(refused))
        except ValidationError as error:
            messages.error(self.request, " ".join(error.messages))
        else:
            return True
        return False

    def to_editor(self, anchor: str = "") -> HttpResponse:
        """Back to the editor, at this step."""
        url = reverse("automations:edit", args=[self.automation.pk])
        return self.to(f"{url}#{anchor}" if anchor else url)

    def to(self, url: str) -> HttpResponse:
        """Another page, also for a form that htmx has sent."""
        return HttpResponseClientRedirect(url) if wants_fragment(self.request) else redirect(url)
