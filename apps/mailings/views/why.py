"""Why somebody gets a mailing, or does not: one address, one page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from apps.core.mixins import OwnerFilterMixin
from apps.core.paging import row_id
from apps.mailings.models import Mailing, Recipient, Run
from apps.mailings.selectors.mailings import newest_mailings, shown_mailings, shown_runs
from apps.mailings.selectors.why import person_asked, why_of_mailing, why_of_run


class _OneAddress(OwnerFilterMixin, TemplateView):
    """Asks for an address, or is led here with the id of a recipient."""

    template_name = "mailings/why.html"

    def shown(self, mailing: Mailing, run: Run | None = None) -> dict[str, Any]:
        """What the template is given of the person who was asked about."""
        given, now = self.request.GET, timezone.now()
        address = given.get("address", "")[:254]
        asked = {"recipient": row_id(given.get("recipient", "")), "address": address}
        person, why = person_asked(mailing, asked, run), None
        if person is not None and run is not None:
            why = why_of_run(run, person, now=now)
        elif person is not None:
            why = why_of_mailing(mailing, person, now=now)
        return {
            "mailing": mailing,
            "run": run,
            "why": why,
            "asked": any(asked.values()),
            "address": address,
        }


class MailingWhy(_OneAddress):
    """What would become of one person, if the mailing were started now."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing = self.visible_or_404(shown_mailings(), pk=self.kwargs["pk"])
        return super().get_context_data(**self.shown(mailing), **kwargs)


class RunWhy(_OneAddress):
    """What a run did with one person, by the rule that it has kept."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = self.visible_or_404(
            shown_runs(), mailing_id=self.kwargs["pk"], number=self.kwargs["number"]
        )
        return super().get_context_data(**self.shown(run.mailing, run), **kwargs)


class RecipientWhy(OwnerFilterMixin, TemplateView):
    """The same from the recipient's side: one of the owner's mailings is chosen."""

    template_name = "recipients/why.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Recipient.objects.select_related("owner")
        person = self.visible_or_404(rows, pk=self.kwargs["pk"])
        offered = newest_mailings(person.owner_id)
        chosen, why = row_id(self.request.GET.get("mailing", "")), None
        if chosen is not None:
            mailings = self.visible(shown_mailings().filter(owner_id=person.owner_id))
            mailing = self.visible_or_404(mailings, pk=chosen)
            why = why_of_mailing(mailing, person, now=timezone.now())
        return super().get_context_data(
            recipient=person,
            offered=offered,
            chosen=chosen,
            why=why,
            back_url=reverse("recipients:detail", args=[person.pk]),
            **kwargs,
        )
