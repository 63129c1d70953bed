"""All mailings week after week: what was opened and clicked, who came and who left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.cache.dashboard import figures_key
from apps.core.mixins import CacheMixin, HtmxLoginRequiredMixin
from apps.reports.selectors.engagement.trend import Trend, Week, trend_of

#: The figures of a week that are drawn, each as a chart of its own.
_CHARTS: Final[list[tuple[Promise, Callable[[Week], float | None]]]] = [
    (_("Opened (persons), % of sent"), lambda week: week.opened_rate),
    (_("Clicked, % of sent"), lambda week: week.clicked_rate),
    (_("Bounced, % of sent"), lambda week: week.bounced_rate),
    (_("Complaints, % of sent"), lambda week: week.complaint_rate),
    (_("Unsubscribed, recipients"), lambda week: week.unsubscribed),
]


class Trends(CacheMixin, HtmxLoginRequiredMixin, TemplateView):
    """One's own mailings; managers see everybody's."""

    template_name = "reports/trends.html"

    @property
    def cache_timeout(self) -> int:  # type: ignore[override]
        return settings.CACHE_TIMEOUT_REPORTS

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        key = f"{figures_key(self.actor)}:trend"
        found: Trend = self.cached(key, lambda: trend_of(self.actor, timezone.localdate()))
        named = [(date_format(week.start, "j E"), week) for week in found.weeks]
        return super().get_context_data(
            trend=found,
            weeks=named,
            charts=[
                (title, [(name, figure(week) or 0, 0) for name, week in named])
                for title, figure in _CHARTS
            ],
            growth=[(name, week.added, week.left) for name, week in named],
            **kwargs,
        )
