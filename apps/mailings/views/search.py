"""The search of the whole site: a page, and the list in the dialog of Ctrl+K."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from apps.core.mixins import HtmxLoginRequiredMixin, TwoTemplatesMixin
from apps.mailings.selectors.search import found_everywhere


class SearchPage(HtmxLoginRequiredMixin, TwoTemplatesMixin, TemplateView):
    """What was found, by kinds."""

    page_template = "search/page.html"
    results_template_name = "search/results.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.get("q", "").strip()[:200]
        groups = found_everywhere(self.actor, query)
        return super().get_context_data(query=query, groups=groups, **kwargs)
