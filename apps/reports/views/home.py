"""The first page: figures, what is running, what comes next, what needs a person."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.generic import TemplateView

from apps.core.cache.dashboard import figures_key
from apps.core.contracts import Actor
from apps.core.mixins import CacheMixin
from apps.delivery.monitoring.health import alert_text, check_health
from apps.delivery.selectors.panel import coming_mailings, open_runs, percent_of, scheduler_beat
from apps.mailings.selectors.mailings import next_step, queue_places
from apps.reports.selectors.dashboard import (
    failure_text,
    figures_of,
    first_steps,
    needing_a_person,
)
from apps.reports.selectors.statistics import last_days

SHOWN = 5


class Home(CacheMixin, TemplateView):
    """A landing page for strangers; for the others their own figures, managers see everybody's."""

    template_name = "reports/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return render(request, "reports/landing.html")
        self.cache_timeout = settings.CACHE_TIMEOUT_HOME
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        actor, now = cast(Actor, self.request.user), timezone.now()
        runs = list(open_runs(actor)[:SHOWN])
        turns = queue_places(runs)
        failed = needing_a_person(actor)[:SHOWN]
        figures = self.cached(figures_key(actor), lambda: figures_of(actor))
        return super().get_context_data(
            figures=figures,
            steps=first_steps(actor, figures),
            beat=scheduler_beat(),
            days=[(date_format(day, "j E"), good, bad) for day, good, bad in self._days(actor)],
            running=[
                (
                    run,
                    percent_of(run),
                    next_step(run.mailing, run, now, turn=turns.get(run.pk, "")),
                )
                for run in runs
            ],
            coming=coming_mailings(actor, now=now)[:SHOWN],
            alerts=alert_text(check_health(now=now)) if actor.sees_all else [],
            failed_runs=[(run, failure_text(run, now)) for run in failed],
            **kwargs,
        )

    def _days(self, actor: Actor) -> list[tuple[date, int, int]]:
        key = f"{figures_key(actor)}:days"
        return self.cached(key, lambda: last_days(actor, timezone.localdate()))
