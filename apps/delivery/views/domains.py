"""The page of the domains that are sent from: what DNS says of each, and what is missing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, ManagerRequiredMixin
from apps.core.text.formatting import figure
from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.doctor.domain_reports import (
    check_and_keep,
    domains_in_use,
    kept_findings,
    mail_of,
)
from apps.delivery.engine.bulk_headers import feedback_sender
from apps.delivery.models import DomainReport
from apps.delivery.selectors.reputation import DomainFigures, domain_figures, stop_percent
from apps.delivery.selectors.share_chart import ShareChart
from apps.delivery.service import service


class DomainList(ManagerRequiredMixin, TemplateView):
    """Every domain with what DNS said when it was last asked, and what came back of its emails."""

    template_name = "delivery/domains.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        names = domains_in_use()
        reports = {one.domain: one for one in DomainReport.objects.filter(domain__in=names)}
        figures = domain_figures(timezone.now())
        shown = [
            {**_shown(name, reports.get(name), name in names), "figures": _drawn(figures.get(name))}
            for name in sorted({*names, *figures})
        ]
        percent = figure(f"{stop_percent():g}") if stop_percent() else ""
        return super().get_context_data(
            domains=shown, stop_percent=percent, feedback_sender=feedback_sender(), **kwargs
        )


class DomainCheck(LoggingMixin, ManagerRequiredMixin, CostlyMixin, View):
    """Asks DNS of one domain now."""

    http_method_names = ["post"]
    resolver: Resolver = SystemResolver()

    def post(self, request: HttpRequest) -> HttpResponse:
        domain = request.POST.get("domain", "")
        if domain not in domains_in_use():
            raise Http404
        check_and_keep(domain, self.resolver, timezone.now())
        return redirect(f"{reverse('sending:domains')}#{domain}")


class ReputationAllow(LoggingMixin, ManagerRequiredMixin, View):
    """Ends the stop of an account that was complained about too much."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        account, domain = request.POST.get("account", ""), request.POST.get("domain", "")
        if not service.allow_sending(account=account, domain=domain):
            raise Http404
        text = _("%(account)s may send from %(domain)s again.")
        messages.success(request, text % {"account": account, "domain": domain})
        return redirect(f"{reverse('sending:domains')}#{domain}")


def _drawn(figures: DomainFigures | None) -> dict[str, Any] | None:
    """A domain's figures with the chart of its complaints."""
    if figures is None:
        return None
    return {"accounts": figures.accounts, "chart": ShareChart(figures.days, stop_percent())}


def _shown(name: str, report: DomainReport | None, in_use: bool) -> dict[str, Any]:
    findings = kept_findings(report) if report is not None else []
    accounts = [one.name for one in mail_of(name).accounts]
    about = {"report": report, "findings": findings, "accounts": accounts, "in_use": in_use}
    return {"name": name, **about}
