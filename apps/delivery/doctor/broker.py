"""Celery: does its broker answer, and is there a worker for everything?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from apps.delivery.doctor.findings import Finding, ok, wrong

#: Seconds for the broker, and then for the workers, to answer.
_TIMEOUT: Final = 2.0


def look_at_broker() -> Iterator[Finding]:
    """Check the broker. Nothing to check where no Celery sends."""
    if settings.DISPATCH_BACKEND != "celery":
        return
    from celery import current_app  # an extra
    from kombu.exceptions import OperationalError

    subject = _("broker")
    try:
        with current_app.connection_for_read() as line:
            line.ensure_connection(max_retries=0)
            yield ok(subject, line.as_uri())
            answers = current_app.control.inspect(timeout=_TIMEOUT).active_queues() or {}
    except OperationalError as error:
        yield wrong(subject, str(error), _("start Redis, or fix REDIS_URL in .env"))
        return
    consumed = {queue["name"] for queues in answers.values() for queue in queues}
    idle = {name for name in current_app.amqp.queues} - consumed
    text = _("answering: %(names)s") % {"names": ", ".join(sorted(answers)) or "-"}
    if idle:
        fix = f"celery -A config worker -Q {','.join(sorted(idle))}"
        yield wrong(_("workers"), text, fix)
    else:
        yield ok(_("workers"), text)
