"""For monitors: is the process alive, is the installation fit to send. No sign-in, no details."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from apps.delivery.monitoring.health import check_health
from apps.delivery.monitoring.metrics import REGISTRY, Installation


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the installation is fit to send, otherwise 503; what is wrong stands in the body."""
    health = check_health(now=timezone.now())
    body = {
        "status": "ready" if health.ready else "not ready",
        "database": health.database,
        "scheduler": health.scheduler,
        "scheduler_heartbeat_seconds": health.heartbeat_age,
        "stuck_leases": health.stuck_leases,
        "queue_depth": health.queue_depth,
        "alerts": health.codes,
    }
    return JsonResponse(body, status=200 if health.ready else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for clients with METRICS_TOKEN; none set: no page."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    wanted = settings.METRICS_TOKEN
    if not wanted or not secrets.compare_digest(token.encode(), wanted.encode()):
        return HttpResponseNotFound()
    registry = CollectorRegistry()
    registry.register(Installation(timezone.now()))
    body = generate_latest(registry) + generate_latest(REGISTRY)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)
