"""Celery's application, for ``celery -A config worker`` and ``celery -A config beat``.

The broker only wakes somebody: what is to be done stands in the database. So a task is acknowledged
before it runs, is never tried again and has no result; one that is lost costs a tick of the clock.
"""

from __future__ import annotations

import os
import ssl
import sys
from typing import Any

from celery import Celery, signals
from django.conf import settings
from kombu import Connection, Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

#: Seconds that a page may wait for the broker: for the connection, and for an answer. The second is
#: longer than a worker waits for a message at a time.
CONNECT, ANSWER = 1.0, 2.5


class Line(Connection):  # type: ignore[misc]
    """A connection that a worker finds again within two seconds, however long it was away."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        return super().ensure_connection(*args, **{"interval_max": 2, **kwargs})


def _configuration() -> dict[str, Any]:
    """Asked for when the first task is sent or received, so settings need not be loaded before."""
    ours: dict[str, Any] = {
        "broker_url": settings.REDIS_URL,
        # A worker waits for its broker for ever.
        "broker_connection_max_retries": None,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            "socket_connect_timeout": CONNECT,
            "socket_timeout": ANSWER,
            "max_retries": 0,
        },
        "task_publish_retry": False,
        "task_ignore_result": True,
        "task_default_queue": "clock",
        "task_queues": [Queue(name, Exchange(name), name) for name in ("clock", "urgent", "work")],
        # A task that is fetched by a busy worker would wait for it while others are idle.
        "worker_disable_prefetch": True,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        # In memory: what has been missed need not be made up for.
        "beat_scheduler": "celery.beat:Scheduler",
        "timezone": "UTC",
    }
    if settings.REDIS_URL.startswith("rediss://"):
        ours["broker_use_ssl"] = {
            "ssl_cert_reqs": ssl.CERT_REQUIRED,
            "ssl_check_hostname": True,
        }
    return ours


app = Celery("vestnik")
app.amqp.Connection = Line
app.add_defaults(_configuration)
app.autodiscover_tasks(["apps.delivery"])
app.set_default()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _leave_logging_alone(**_: object) -> None:
    """Django's settings have set it up; somebody must listen, or Celery sets up its own."""


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]
@signals.beat_init.connect  # type: ignore[untyped-decorator]
def _refuse_where_it_has_no_part(**_: object) -> None:
    if settings.DISPATCH_BACKEND != "celery":
        sys.exit("Celery has nothing to do here: .env does not say DISPATCH_BACKEND=celery.")


@app.on_after_finalize.connect  # type: ignore[untyped-decorator]
def _set_the_clock(sender: Celery, **_: object) -> None:
    from apps.delivery.tasks import beat_schedule  # not before Django is set up

    sender.conf.beat_schedule = beat_schedule()
