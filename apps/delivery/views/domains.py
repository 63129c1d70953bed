"""The page of the domains that are sent from: what DNS says of each, and what is missing."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView, View

from apps.core.http.costly import CostlyMixin
from apps.core.mixins import LoggingMixin, ManagerRequiredMixin
from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.doctor.domain_reports import (
    check_and_keep,
    domains_in_use,
    kept_findings,
    mail_of,
)
from apps.delivery.models import DomainReport


class DomainList(ManagerRequiredMixin, TemplateView):
    """Every domain with what was found when it was last checked."""

    template_name = "delivery/domains.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        names = domains_in_use()
        reports = {one.domain: one for one in DomainReport.objects.filter(domain__in=names)}
        shown = [_shown(name, reports.get(name)) for name in names]
        return super().get_context_data(domains=shown, **kwargs)


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


def _shown(name: str, report: DomainReport | None) -> dict[str, Any]:
    findings = kept_findings(report) if report is not None else []
    accounts = [one.name for one in mail_of(name).accounts]
    return {"name": name, "report": report, "findings": findings, "accounts": accounts}
