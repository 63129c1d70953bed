"""The page that says how long what is kept, and what the last run removed."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from apps.core.mixins import ManagerRequiredMixin
from apps.mailings.models import RetentionRun
from apps.mailings.services.privacy.retention import KEPT


class RetentionPage(ManagerRequiredMixin, TemplateView):
    """For managers: the keys are the installation's."""

    template_name = "privacy/retention.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        runs = RetentionRun.objects.in_bulk(list(KEPT))
        rows = [(kept, runs.get(name)) for name, kept in KEPT.items()]
        return super().get_context_data(rows=rows, **kwargs)
