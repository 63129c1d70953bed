"""The first page: what was sent last, what is running and comes next, what needs a person."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.generic import TemplateView

from apps.core.cache.dashboard import figures_key
from apps.core.contracts import Actor
from apps.core.mixins import CacheMixin, HtmxLoginRequiredMixin, TwoTemplatesMixin
from apps.delivery.monitoring.health import alert_text, check_health
from apps.delivery.selectors.panel import coming_mailings, open_runs, percent_of, scheduler_beat
from apps.mailings.forms.imports import SourceForm
from apps.mailings.selectors.engagement.reactions import measured_reactions
from apps.mailings.selectors.mailings import next_step, queue_places
from apps.mailings.selectors.standing import standing_of
from apps.mailings.selectors.totals import figures_of as figures_of_run
from apps.reports.selectors.dashboard import (
    SHOWN,
    Changes,
    Figures,
    changes_of,
    concerns,
    failure_text,
    figures_of,
    first_steps,
    is_quickly_counted,
    last_run,
    needing_a_person,
    top_senders,
)
from apps.reports.selectors.statistics import last_days


class _Counted(CacheMixin):
    """Keeps the figures of the page, which take long when there are many recipients."""

    request: HttpRequest

    @property
    def cache_timeout(self) -> int:  # type: ignore[override]
        return settings.CACHE_TIMEOUT_HOME

    def counted(self, actor: Actor) -> tuple[Figures, Changes]:
        """The kept figures, or fresh ones."""
        today = timezone.localdate()
        return self.cached(
            figures_key(actor), lambda: (figures_of(actor), changes_of(actor, today))
        )


class Home(_Counted, TemplateView):
    """A landing page for strangers; for the others their own figures, managers see everybody's.

    Figures that take long to count come after the page (``HomeFigures``).
    """

    template_name = "reports/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return render(request, "reports/landing.html")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        actor, now = cast(Actor, self.request.user), timezone.now()
        runs = list(open_runs(actor)[:SHOWN])
        turns = queue_places(runs)
        figures, changes = self._at_once(actor)
        last = last_run(actor)
        return super().get_context_data(
            figures=figures,
            changes=changes,
            steps=first_steps(actor),
            file_form=SourceForm(),
            last=last,
            last_figures=figures_of_run(last) if last is not None else None,
            last_reactions=measured_reactions(last) if last is not None else None,
            standing=standing_of(last.mailing, last, now) if last is not None else None,
            beat=scheduler_beat() if actor.sees_all else None,
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
            failed_runs=[(run, failure_text(run, now)) for run in needing_a_person(actor)[:SHOWN]],
            concerns=concerns(actor, now),
            senders=top_senders(actor, timezone.localdate()) if actor.sees_all else [],
            **kwargs,
        )

    def _at_once(self, actor: Actor) -> tuple[Figures | None, Changes | None]:
        """What is kept, or counted quickly; nothing when it would keep the page waiting."""
        if cache.get(figures_key(actor)) is None and not is_quickly_counted(actor):
            return None, None
        return self.counted(actor)

    def _days(self, actor: Actor) -> list[tuple[date, int, int]]:
        key = f"{figures_key(actor)}:days"
        return self.cached(key, lambda: last_days(actor, timezone.localdate()))


class HomeFigures(_Counted, HtmxLoginRequiredMixin, TwoTemplatesMixin, TemplateView):
    """The figures alone: a part of the first page, and a page of its own without JavaScript."""

    page_template = "reports/home_figures_page.html"
    results_template_name = "reports/home_figures.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        figures, changes = self.counted(self.actor)
        return super().get_context_data(figures=figures, changes=changes, **kwargs)
