"""`manage.py logs`: how a moment may be written, and how an error is shown to people."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.mailings.models import Recipient
from tests.factories import RecipientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def log_dir(settings: LazySettings, tmp_path: Path) -> Path:
    settings.LOG_DIR = tmp_path
    return tmp_path


def written(log_dir: Path, **line: Any) -> None:
    """One more line in the log of today."""
    now = timezone.now()
    text = json.dumps({"timestamp": now.isoformat(), "level": "error", **line})
    file = log_dir / f"vestnik-{now:%Y-%m-%d}.1.jsonl"
    file.write_text(f"{text}\n", encoding="utf-8")


def readable(*args: object) -> str:
    out = io.StringIO()
    call_command("logs", *map(str, args), stdout=out)
    return out.getvalue()


def test_an_error_is_shown_with_its_traceback_behind_the_line(log_dir: Path) -> None:
    written(
        log_dir,
        event="letter_broke",
        recipient_id=7,
        reply="two words",
        exception="Traceback:\n  ZeroDivisionError",
    )
    text = readable("--recipient", 7)
    assert 'error   letter_broke recipient_id=7 reply="two words"\nTraceback:' in text


def test_a_recipient_that_was_changed_later_says_so() -> None:
    row = RecipientFactory.create()
    made = timezone.now() - timedelta(days=2)
    Recipient.objects.filter(pk=row.pk).update(created_at=made, updated_at=timezone.now())
    lines = readable("--recipient", row.pk)
    assert "recipient_added" in lines and "recipient_last_changed" in lines
    later = readable("--recipient", row.pk, "--since", "1d")
    assert "recipient_added" not in later and "recipient_last_changed" in later


@pytest.mark.parametrize("text", ["2000-01-01", "2000-01-01T09:00", "2000-01-01T09:00+03:00"])
def test_a_moment_is_a_day_or_a_time_with_or_without_a_zone(text: str) -> None:
    row = RecipientFactory.create()
    assert "recipient_added" in readable("--recipient", row.pk, "--since", text)


@pytest.mark.parametrize("text", ["", "soon", "3w", "2000-13-01", "2000-01-01T25:00"])
def test_what_is_no_moment_is_refused_before_anything_is_read(text: str) -> None:
    with pytest.raises(CommandError, match="is neither a time nor a span"):
        call_command("logs", "--recipient", "7", "--since", text)
