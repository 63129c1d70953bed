"""Deliveries with what was seen of each."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import CharField, DateTimeField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.mailings.models import Engagement

Rows = TypeVar("Rows", bound=QuerySet[Any])


def with_reactions(rows: Rows) -> Rows:
    """Each with ``term`` (empty: nothing was seen), ``opened_at`` and ``clicked_at``."""
    seen = Engagement.objects.filter(
        run_id=OuterRef("run_id"), recipient_id=OuterRef("recipient_id")
    )
    moment = DateTimeField(null=True)
    found: Rows = rows.annotate(
        term=Coalesce(Subquery(seen.values("term")), Value(""), output_field=CharField()),
        opened_at=Subquery(seen.values("opened_at"), output_field=moment),
        clicked_at=Subquery(seen.values("clicked_at"), output_field=moment),
    )
    return found
