"""The pages of mailings: list, one mailing, one of its runs, and the managers' switch."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.mixins import (
    HtmxLoginRequiredMixin,
    LoggingMixin,
    OwnerFilterMixin,
    TwoTemplatesMixin,
    wants_fragment,
)
from apps.core.paging import filter_query, keyset_page
from apps.mailings.models import Mailing
from apps.mailings.recurrence import coming, rule_words
from apps.mailings.selectors.failures import failures_of, is_partly
from apps.mailings.selectors.mailings import (
    MailingCard,
    audience_text,
    cards_of,
    fallback_routes,
    listed,
    living_mailings,
    named_like,
    newest_runs,
    shown_mailings,
)
from apps.mailings.services.mailings import ToggleForbidden, may_toggle, toggle_mailing
from apps.users.models import User

CARDS_ON_A_PAGE = 24
#: The choice of the filter that is no status.
ARCHIVED = "archived"


class MailingList(TwoTemplatesMixin, OwnerFilterMixin, TemplateView):
    """Cards, newest first, found by name and status."""

    page_template = "mailings/mailing_list.html"
    results_template_name = "mailings/mailing_list_results.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.get("q", "")[:200]
        status = self.request.GET.get("status", "")
        found = shown_mailings(archived=status == ARCHIVED)
        rows = named_like(self.visible(listed(found)), query)
        if status in Mailing.Status.values:
            rows = rows.filter(status=status)
        page = keyset_page(rows, self.request.GET, size=CARDS_ON_A_PAGE, newest_first=True)
        cards = cards_of(page.rows, now=timezone.now())
        return super().get_context_data(
            cards=[(card, status != ARCHIVED and switchable(card, self.request)) for card in cards],
            page=page,
            keep=filter_query(self.request.GET, "q", "status"),
            words=query,
            status=status,
            statuses=[*Mailing.Status.choices, (ARCHIVED, _("In the archive"))],
            **kwargs,
        )


class MailingDetail(OwnerFilterMixin, TemplateView):
    """The facts of one mailing. What it is doing now is a fragment that delivery serves."""

    template_name = "mailings/mailing_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailing = self.visible_or_404(shown_mailings(), pk=self.kwargs["pk"])
        now = timezone.now()
        (card,) = cards_of([mailing], now=now)
        return super().get_context_data(
            card=card,
            mailing=mailing,
            switchable=mailing.archived_at is None and switchable(card, self.request),
            audience=audience_text(mailing),
            runs=newest_runs(mailing),
            repeats=rule_words(mailing.repeat) if mailing.repeat else "",
            coming=coming(mailing, after=mailing.starts_at, count=3),
            troubles=failures_of(card.run) if card.run else [],
            partly=card.run is not None and is_partly(card.run),
            further_ways=fallback_routes(mailing),
            editable=mailing.owner_id == self.actor.pk,
            has_history=bool(card.run) or mailing.current_run > 1,
            transactional=mailing.kind == Mailing.Kind.TRANSACTIONAL,
            **kwargs,
        )


class ToggleMailing(LoggingMixin, HtmxLoginRequiredMixin, View):
    """The managers' switch. With htmx only the card changes, otherwise the page is shown again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            # What is wanted, not the reverse of what is: two clicks are one.
            wanted = {"1": True, "0": False}.get(request.POST.get("active", ""))
            actor = cast(User, request.user)
            mailing = toggle_mailing(mailing_id=pk, actor=actor, active=wanted)
        except Mailing.DoesNotExist as error:
            raise Http404 from error
        except ToggleForbidden as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        if not wants_fragment(request):
            return redirect("mailings:detail", pk=mailing.pk)
        (card,) = cards_of([living_mailings().get(pk=mailing.pk)], now=timezone.now())
        return render(request, "mailings/mailing_card.html", {"card": card, "switchable": True})


def switchable(card: MailingCard, request: HttpRequest) -> bool:
    """Whether this card carries the switch. Its mailing comes from ``living_mailings``."""
    mailing: Any = card.mailing
    return may_toggle(
        cast(User, request.user),
        owner_id=mailing.owner_id,
        owner_oversees=mailing.owner_oversees,
    )
