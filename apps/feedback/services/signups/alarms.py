"""Floods of sign-ups: more work for browsers, and one notification for the owner."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache

from apps.feedback.models import Signup
from apps.mailings.models import SignupForm
from apps.users.notifications import NewNotification, notify

#: So many times the usual hour is a flood; a form has at least this usual hour.
_TIMES: Final = 10
_LEAST: Final = 6
_WEEK: Final = timedelta(days=7)
_HOUR: Final = timedelta(hours=1)
#: Seconds for which the answer is kept: a flood asks often.
_KEPT: Final = 30
_DAY: Final = 86_400
#: Held for these, somebody floods the form; one address alone is no flood.
_FLOODS: Final = frozenset({"limit_network", "limit_form", "limit_site"})


def is_flooded(form_id: int, now: datetime) -> bool:
    """True while a form gets ten times as many sign-ups as in its usual hour."""
    key = f"signup-flood:{form_id}"
    kept = cache.get(key)
    if kept is None:
        kept = _is_flooded(form_id, now)
        cache.set(key, kept, _KEPT)
    return bool(kept)


def _is_flooded(form_id: int, now: datetime) -> bool:
    rows = Signup.objects.filter(form_id=form_id, received_at__gt=now - _WEEK)
    recent = rows.filter(received_at__gt=now - _HOUR).count()
    if recent < _TIMES * _LEAST:
        return False
    usual = (rows.count() - recent) / (_WEEK / _HOUR - 1)
    return recent >= _TIMES * max(usual, _LEAST)


def note_held(*, form: SignupForm, code: str, now: datetime) -> None:
    """Notify the owner, once a day, that sign-ups are held because there are so many."""
    day = now.date().isoformat()
    if code not in _FLOODS or not cache.add(f"signup-held:{form.pk}:{day}", 1, _DAY):
        return
    facts = {"form": form.pk, "name": form.title, "reason": code}
    key = f"signups:{form.pk}"
    notify([NewNotification(form.owner_id, "signups_held", key, facts, mark=day)])
