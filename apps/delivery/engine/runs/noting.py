"""What persons do to runs, in the audit log; what the engine does to them is in the ledger."""

from __future__ import annotations

from typing import Any

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.mailings.models import Mailing


def note(act: Act, mailing_id: int, *, run: int, count: int = 1, **details: Any) -> None:
    """Note an act on a mailing's run. Call it in the transaction of the act."""
    names = Mailing.objects.filter(pk=mailing_id).values_list("name", flat=True)
    about = Object(Mailing._meta.label_lower, mailing_id, names.first() or "")
    record(act, about, details={"run": run, **details}, count=count)
