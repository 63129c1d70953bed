"""The managers' page of the installation: what the doctor finds, and what runs here."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from apps.core.http.costly import CostlyMixin
from apps.core.mixins import ManagerRequiredMixin
from apps.delivery.doctor.checkup import check_installation
from apps.delivery.doctor.dns import Resolver, SystemResolver
from apps.delivery.doctor.findings import Finding, Level
from apps.delivery.selectors.panel import scheduler_beat

#: The packages whose versions are worth knowing.
_PACKAGES: Final = ("django-allauth", "django-ninja", "celery")


class SystemPage(ManagerRequiredMixin, CostlyMixin, TemplateView):
    """The doctor's lines. Accounts and domains are asked on demand: that takes its time."""

    template_name = "reports/system.html"
    resolver: Resolver = SystemResolver()

    @property
    def asks_servers(self) -> bool:
        """Are the accounts' servers and DNS to be asked?"""
        return "all" in self.request.GET

    def is_costly(self, request: HttpRequest) -> bool:
        return "all" in request.GET

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        findings = list(check_installation(self.resolver, offline=not self.asks_servers))
        return super().get_context_data(
            findings=_worst_first(findings),
            wrong=sum(one.level is Level.WRONG for one in findings),
            asked=self.asks_servers,
            beat=scheduler_beat(),
            versions=_versions(),
            now=timezone.now(),
            **kwargs,
        )


def _worst_first(findings: Sequence[Finding]) -> list[Finding]:
    order = list(reversed(Level))
    return sorted(findings, key=lambda one: order.index(one.level))


def _versions() -> list[tuple[str, str]]:
    database = ".".join(map(str, connection.get_database_version()))
    found = [
        (_("Vestnik"), _own_version()),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        (connection.display_name, database),
        (_("Operating system"), platform.platform(terse=True)),
    ]
    return found + [(name, number) for name in _PACKAGES if (number := _version(name))]


def _own_version() -> str:
    """It is not installed as a package: its number stands in the project's file."""
    text = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
