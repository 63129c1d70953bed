"""For monitors: is the process alive, is the installation fit to send. No sign-in, no details."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.delivery.health import look


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of the database."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the installation is fit to send, otherwise 503; what is wrong stands in the body."""
    health = look(now=timezone.now())
    body = {
        "status": "ready" if health.ready else "not ready",
        "database": health.database,
        "scheduler": health.scheduler,
        "scheduler_heartbeat_seconds": health.heartbeat_age,
        "stuck_leases": health.stuck_leases,
        "queue_depth": health.queue_depth,
    }
    return JsonResponse(body, status=200 if health.ready else 503)
