"""structlog: JSON lines in files under LOG_DIR, and on the terminal readable lines, or JSON too."""

from __future__ import annotations

import logging.config
from pathlib import Path
from typing import Any, Final, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from apps.core.logs.masking import Masking

Form = Literal["text", "json"]

#: Who says too much: a line for every tick, or whole addresses, with the tokens that some services
#: want in them (httpx).
_QUIETER: Final = {
    "apscheduler": "WARNING",
    "celery.app.trace": "WARNING",
    "celery.beat": "WARNING",
    "celery.worker.strategy": "WARNING",
    "httpcore": "WARNING",
    "httpx": "WARNING",
    "waitress.queue": "ERROR",
}

#: Which of our ids the ``pk`` in a path is, for the log's lines: by the name of the page, by its
#: namespace, or, in the API, by the path up to it. What is made there has that id as well.
SUBJECTS: Final = {
    "mailings": "mailing_id",
    "delivery": "mailing_id",
    "reports": "mailing_id",
    "recipients": "recipient_id",
    "timelines": "recipient_id",
    "recipients:tag": "tag_id",
    "messages": "message_id",
    "attempts": "attempt_id",
    "imports": "import_id",
    "api/recipients/": "recipient_id",
    "api/recipients/import/": "import_id",
    "api/customers/": "recipient_id",
    "api/tags/": "tag_id",
    "lists": "list_id",
    "segments": "segment_id",
    "attributes": "attribute_id",
    "forms": "form_id",
    "suppressions": "suppression_id",
    "senders": "sender_id",
    "media": "media_id",
    "blocks": "saved_block_id",
    "templates": "template_id",
    "templates:save": "message_id",
    "probes": "probe_id",
    "automations": "automation_id",
    "automations:of_recipient": "recipient_id",
    "webhooks": "webhook_id",
    "webhooks:call": "call_id",
    "webhooks:again": "call_id",
    "feedback:news": "delivery_id",
    "feedback:telegram": "recipient_id",
    "feedback:telegram_qr": "recipient_id",
    "feedback:max": "recipient_id",
    "feedback:max_qr": "recipient_id",
    "feedback:vk": "recipient_id",
    "feedback:vk_qr": "recipient_id",
    "privacy:erase": "recipient_id",
    "privacy:data": "recipient_id",
    "privacy:copy": "recipient_id",
    "privacy:erasure": "erasure_id",
    "privacy:certificate": "erasure_id",
    "privacy:sunset": "sunset_id",
    "api/automations/": "automation_id",
    "api/lists/": "list_id",
    "api/segments/": "segment_id",
    "api/attributes/": "attribute_id",
    "api/forms/": "form_id",
    "api/suppressions/": "suppression_id",
    "api/blocked-domains/": "blocked_domain_id",
    "api/senders/": "sender_id",
    "api/media/": "media_id",
    "api/saved-blocks/": "saved_block_id",
    "api/templates/": "template_id",
    "api/sunset/": "sunset_id",
    "api/messages/": "message_id",
    "api/messages/attachments/": "attachment_id",
    "api/mailings/": "mailing_id",
    "api/mailouts/": "mailing_id",
    "api/mailouts/messages": "delivery_id",
    "api/runs/": "run_id",
    "api/deliveries/": "delivery_id",
    "api/webhooks/": "webhook_id",
}


def configure(*, level: str, directory: Path, form: Form, masking: Masking) -> None:
    """Set up logging for this process. ``directory`` is made when it is not there.

    ``form`` is for the terminal: ``text`` shows people warnings and worse, ``json`` gives a
    collector everything.
    """
    directory.mkdir(parents=True, exist_ok=True)
    prepared = _prepared(masking)
    structlog.configure(
        processors=[*prepared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_handlers(level, directory, form, prepared))


def _prepared(masking: Masking) -> list[Processor]:
    """What every event goes through, ours and the libraries'. Masking is last: tracebacks too."""

    def mask(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        return masking.fields(event)

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask,
    ]


def _handlers(
    level: str, directory: Path, form: Form, prepared: list[Processor]
) -> dict[str, object]:
    def formatter(renderer: Processor) -> dict[str, Any]:
        return {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": renderer,
            "foreign_pre_chain": prepared,
        }

    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": formatter(structlog.processors.JSONRenderer(ensure_ascii=False)),
            "text": formatter(structlog.dev.ConsoleRenderer(colors=False)),
        },
        "handlers": {
            "file": {
                "class": "apps.core.logs.files.LogFiles",
                "directory": str(directory),
                "formatter": "json",
            },
            "terminal": {
                "class": "logging.StreamHandler",
                "level": "WARNING" if form == "text" else level,
                "formatter": form,
            },
        },
        "loggers": {name: {"level": least} for name, least in _QUIETER.items()},
        "root": {"handlers": ["file", "terminal"], "level": level},
    }
