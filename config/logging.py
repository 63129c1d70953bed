"""structlog: JSON lines in a rotating file under LOG_DIR, readable lines on the terminal."""

from __future__ import annotations

import logging.config
import re
from pathlib import Path

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET = ("password", "secret", "token", "authorization", "cookie", "api_key")
_ADDRESS = ("email", "address", "phone", "recipient_address", "user_email")

_SECRET_PATH = re.compile(r"/(u|hooks/[a-z_]+)/[A-Za-z0-9_-]+")

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def redact(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Mask addresses and blot out secrets, whatever the caller put in."""
    for key, value in event.items():
        lowered = key.lower()
        if any(word in lowered for word in _SECRET):
            event[key] = "***"
        elif lowered in _ADDRESS and isinstance(value, str):
            event[key] = masked(value)
        elif isinstance(value, str) and ("/u/" in value or "/hooks/" in value):
            event[key] = _SECRET_PATH.sub(r"/\1/***", value)
    return event


def masked(address: str) -> str:
    """``anna@example.org`` -> ``an***@example.org``; a phone keeps its first two digits."""
    local, at, domain = address.partition("@")
    return f"{local[:2]}***{at}{domain}"


def configure(*, level: str, directory: Path) -> None:
    """Set up logging for this process. ``directory`` is made when it is not there."""
    directory.mkdir(parents=True, exist_ok=True)
    structlog.configure(
        processors=[
            *_SHARED,
            redact,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_handlers(level, directory / "vestnik.jsonl"))


def _formatter(renderer: Processor) -> dict[str, object]:
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "processor": renderer,
        "foreign_pre_chain": [*_SHARED, redact],
    }


def _handlers(level: str, file: Path) -> dict[str, object]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": _formatter(structlog.processors.JSONRenderer(ensure_ascii=False)),
            "plain": _formatter(structlog.dev.ConsoleRenderer(colors=False)),
        },
        "handlers": {
            "file": {
                "class": "logging.handlers.RotatingFileHandler",
                "filename": str(file),
                "maxBytes": 20_000_000,
                "backupCount": 5,
                "encoding": "utf-8",
                "delay": True,
                "formatter": "json",
            },
            "terminal": {
                "class": "logging.StreamHandler",
                "level": "WARNING",
                "formatter": "plain",
            },
        },
        "loggers": {
            "apscheduler": {"level": "WARNING"},
            "waitress.queue": {"level": "ERROR"},
        },
        "root": {"handlers": ["file", "terminal"], "level": level},
    }
