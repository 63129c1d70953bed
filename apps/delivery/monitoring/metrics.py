"""The figures for Prometheus. Counted from the database, so that no restart forgets them.

No address is ever part of a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Sum
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from apps.core.slots import figure_sources
from apps.delivery.accounts import declared
from apps.delivery.limit_periods import used_now
from apps.delivery.models import AccountState
from apps.delivery.monitoring import send_latency
from apps.delivery.monitoring.health import Health, check_health
from apps.mailings.models import Run
from apps.mailings.models.ledger import STATES

#: What the process reports of itself: memory, time, garbage.
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_FINAL = tuple(state for state in STATES if state not in ("pending", "sending"))


class Installation(Collector):
    """What the database says at one moment."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterable[Metric]:
        health = check_health(now=self._now)
        yield from _health(health)
        if health.database:
            yield _runs()
            yield _deliveries()
            yield from _attempts()
            yield _limits(self._now)
            yield from _figures()


def _figures() -> Iterator[Metric]:
    """What the apps above count."""
    for source in figure_sources:
        given = source()
        labels = [given.label] if given.label else []
        found = GaugeMetricFamily(given.name, given.text, labels=labels)
        for value, count in given.values.items():
            found.add_metric([value] if given.label else [], count)
        yield found


def _health(health: Health) -> Iterator[Metric]:
    alerts = GaugeMetricFamily("mailings_alert", "1 for what is wrong now", labels=["code"])
    for code in health.codes:
        alerts.add_metric([code], 1)
    yield alerts
    yield GaugeMetricFamily("mailings_queue_depth", "Mailings' runs not done", health.queue_depth)
    yield GaugeMetricFamily(
        "mailings_transactional", "Messages to one not done", health.transactional
    )
    yield GaugeMetricFamily("mailings_unknown", "Deliveries of unknown outcome", health.unknown)
    yield GaugeMetricFamily("mailings_stuck_leases", "Leases not settled", health.stuck_leases)
    yield GaugeMetricFamily(
        "mailings_scheduler_heartbeat_seconds",
        "Since the scheduler last looked; -1 when it never has",
        -1 if health.heartbeat_age is None else health.heartbeat_age,
    )


def _runs() -> Metric:
    found = GaugeMetricFamily("mailings_runs", "Runs by state", labels=["state"])
    rows = Run.objects.order_by().values("state").annotate(n=Count("pk"))
    counts = dict(rows.values_list("state", "n"))
    for state in Run.State.values:
        found.add_metric([state], counts.get(state, 0))
    return found


def _deliveries() -> Metric:
    """A delivery may change its state later, so this is a gauge."""
    found = GaugeMetricFamily(
        "mailings_deliveries_state",
        "Deliveries by the state in which they are",
        labels=["channel", "account", "state"],
    )
    sums = [Sum(state) for state in _FINAL]
    rows = Run.objects.order_by().values("channel", "account").annotate(*sums)
    for channel, account, *counts in rows.values_list(
        "channel", "account", *(f"{state}__sum" for state in _FINAL)
    ):
        for state, count in zip(_FINAL, counts, strict=True):
            if count:
                found.add_metric([channel, account, state], count)
    return found


def _attempts() -> Iterator[Metric]:
    """What is counted of the attempts: events that have happened, once and for all."""
    row = send_latency.collect()
    ended = CounterMetricFamily(
        "mailings_deliveries",
        "Hand-overs by what came of them",
        labels=["channel", "account", "outcome"],
    )
    for key, count in row.outcomes.items():
        ended.add_metric(key.split(" "), count)
    yield ended
    buckets = [(name, row.counts.get(name, 0)) for name in (*send_latency.BOUNDS, "+Inf")]
    found = HistogramMetricFamily("mailings_send_seconds", "Seconds that a hand-over took")
    found.add_metric([], buckets=buckets, sum_value=row.seconds)
    yield found


def _limits(now: datetime) -> Metric:
    found = GaugeMetricFamily(
        "mailings_limit_used_ratio", "Used part of a limit", labels=["account", "period"]
    )
    for row in AccountState.objects.filter(name__in=settings.ACCOUNTS).order_by("name"):
        limits = dict(declared(row.name).limits)
        for period, used in used_now(row.pk, limits, now).items():
            found.add_metric([row.name, period], used / limits[period])
    return found
