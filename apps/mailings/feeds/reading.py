"""A feed's document becomes items: a process with limits does it, and says what it found."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import structlog
from django.utils.translation import gettext_noop as _

from apps.core.text.formatting import refusal
from apps.mailings.feeds.errors import FeedInvalid
from apps.mailings.feeds.worker.job import Findings, Job

log = structlog.get_logger(__name__)

MOST_ITEMS: Final = 1_000
#: Memory for one feed, seconds of a processor, and for the whole.
_MEGABYTES: Final = 400
_CPU_SECONDS: Final = 10
_SECONDS: Final = 30.0
_ROOT: Final = Path(__file__).resolve().parents[3]
#: One feed at a time in a process, as with pictures.
_turn: Final = threading.Lock()
_REASONS: Final = {
    "no_feed": _("There is no feed (RSS or Atom) at this address."),
    "too_big": _("The feed takes too much memory to be read."),
    "too_slow": _("The feed takes too long to be read."),
}


def parsed(content: bytes, *, url: str, content_type: str) -> Findings:
    """The items of the document that came from this address. Raises FeedInvalid."""
    with tempfile.TemporaryDirectory(prefix="vestnik-feed-") as directory:
        source = Path(directory) / "feed"
        source.write_bytes(content)
        job = Job(str(source), url, content_type[:200], MOST_ITEMS, _MEGABYTES, _CPU_SECONDS)
        return _run(job)


def _run(job: Job) -> Findings:
    command = [sys.executable, "-m", "apps.mailings.feeds.worker", json.dumps(asdict(job))]
    with _turn:
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, cwd=_ROOT)
        except subprocess.TimeoutExpired as error:
            raise _refusal("too_slow") from error
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        # The system ended it at a limit, or the parser crashed.
        log.warning("feed_parser_died", status=done.returncode, size=len(done.stderr))
        raise _refusal("too_big") from None
    if code := found.get("error"):
        raise _refusal(code)
    return Findings.read(found)


def _refusal(code: str) -> FeedInvalid:
    return refusal(FeedInvalid, _REASONS.get(code, _REASONS["no_feed"]))
