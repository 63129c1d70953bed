"""The queue: what is being sent, what waits for its turn, what comes next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.generic import TemplateView, View

from apps.core.mixins import HtmxLoginRequiredMixin, TwoTemplatesMixin
from apps.delivery.selectors.panel import (
    QUEUE_SHOWN,
    coming_mailings,
    open_runs,
    open_transactional,
    percent_of,
    queue_status,
    scheduler_beat,
)
from apps.mailings.selectors.mailings import next_step, queue_places
from apps.mailings.selectors.standing import TABS


class Queue(TwoTemplatesMixin, HtmxLoginRequiredMixin, TemplateView):
    """Open runs in the order in which they are served, and the mailings that start next."""

    page_template = "delivery/queue.html"
    results_template_name = "delivery/queue_results.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        runs = list(open_runs(self.actor)[:QUEUE_SHOWN])
        turns = queue_places(runs)
        return super().get_context_data(
            runs=[
                (
                    run,
                    percent_of(run),
                    next_step(run.mailing, run, now, turn=turns.get(run.pk, "")),
                )
                for run in runs
            ],
            coming=coming_mailings(self.actor, now=now)[:10],
            transactional=open_transactional(self.actor),
            beat=scheduler_beat(),
            mailing_tabs=TABS.items(),
            **kwargs,
        )


class QueuePoll(HtmxLoginRequiredMixin, View):
    """The same for programs, as JSON. Without a sign-in 401: a program cannot fill in a form."""

    http_method_names = ["get", "head", "options"]

    def handle_no_permission(self) -> Any:
        return JsonResponse({"error": "not_authenticated"}, status=401)

    def get(self, request: HttpRequest) -> HttpResponse:
        answer = JsonResponse(queue_status(self.actor, now=timezone.now()))
        answer["Cache-Control"] = "no-store"
        return answer
