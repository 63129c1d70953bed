"""The page of the sending accounts: their state, their limits, a test; switches for superusers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.contracts import Verdict
from apps.core.errors import Refused
from apps.core.http.costly import CostlyMixin
from apps.core.http.throttle import count_test
from apps.core.mixins import LoggingMixin, ManagerRequiredMixin
from apps.core.text.formatting import in_words
from apps.delivery.account_settings.declarations import declarations
from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.doctor.sending import look_at_domain
from apps.delivery.selectors.accounts import AccountCard, account_cards
from apps.delivery.service import service
from apps.users.models import User


class AccountList(ManagerRequiredMixin, TemplateView):
    """Every sending account with what it does now, and why not."""

    template_name = "delivery/accounts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        found = declarations()
        return super().get_context_data(
            cards=account_cards(now),
            problems=found.problems(),
            editable=found.names(),
            now=now,
            **kwargs,
        )


class AccountDomain(ManagerRequiredMixin, CostlyMixin, TemplateView):
    """What DNS says of the domain that an account writes from, with the records to publish."""

    template_name = "delivery/domain.html"
    resolver: Resolver = SystemResolver()

    def is_costly(self, request: HttpRequest) -> bool:
        return True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        card = card_or_404(self.kwargs["name"])
        if not card.domain:
            raise Http404
        findings = list(look_at_domain(card.domain, self.resolver))
        return super().get_context_data(card=card, findings=findings, **kwargs)


class AccountDisable(ManagerRequiredMixin, TemplateView):
    """The question before an account is disabled by which runs are being sent."""

    template_name = "delivery/disable.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not cast(User, self.request.user).is_superuser:
            raise PermissionDenied
        return super().get_context_data(card=card_or_404(self.kwargs["name"]), **kwargs)


def card_or_404(name: str) -> AccountCard:
    """The card of this account, or 404."""
    for card in account_cards(timezone.now()):
        if card.declared.name == name:
            return card
    raise Http404


class _AccountAct(LoggingMixin, ManagerRequiredMixin, View, ABC):
    """What only a superuser does to an account."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        if not cast(User, request.user).is_superuser:
            raise PermissionDenied
        if name not in service.accounts():
            raise Http404
        try:
            self.act(name)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("sending:accounts")

    @abstractmethod
    def act(self, name: str) -> None:
        """Do it, and return what came of it. Raises a Refused."""


class AccountSwitch(_AccountAct):
    """Disables an account, or enables it again; what waited for it goes on."""

    def act(self, name: str) -> None:
        if service.switch_account(name):
            messages.success(self.request, _("Account %(name)s enabled.") % {"name": name})
        else:
            text = _("Account %(name)s disabled. Its runs wait or use the fallback.")
            undo = reverse("sending:switch", args=[name])
            messages.success(self.request, text % {"name": name}, extra_tags=undo)


class AccountTest(_AccountAct):
    """A letter to the superuser's own address, through this very account.

    For an account that writes no email, the page asks for a phone or a chat.
    """

    def act(self, name: str) -> None:
        address = self.request.POST.get("address", "").strip()[:254]
        user = cast(User, self.request.user)
        count_test(user.pk)
        address = address or user.email
        outcome = service.probe_account(name, address)
        reply = f"{outcome.code or ''} {in_words(outcome.response)}".strip()
        if outcome.verdict is Verdict.SENT:
            text = _("Sent to %(address)s: %(reply)s")
            messages.success(self.request, text % {"address": address, "reply": reply})
        else:
            text = _("Not sent to %(address)s: %(reply)s")
            messages.error(self.request, text % {"address": address, "reply": reply})
