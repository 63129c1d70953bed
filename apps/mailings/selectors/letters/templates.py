"""What pages and programs ask about templates."""

from __future__ import annotations

import re

from django.db.models import Q

from apps.core.contracts import Actor
from apps.mailings.models import MessageTemplate
from apps.mailings.models.letters.templates import TemplateQuerySet


def shown_templates() -> TemplateQuerySet:
    """Templates as lists show them, without their content."""
    rows: TemplateQuerySet = MessageTemplate.objects.select_related("owner").defer("document")
    return rows


def templates_like(rows: TemplateQuerySet, query: str) -> TemplateQuerySet:
    """Those whose name or description has the words, in any case."""
    query = query.replace("\x00", "").strip()
    if not query:
        return rows
    pattern = re.escape(query)
    return rows.filter(Q(name__iregex=pattern) | Q(description__iregex=pattern))


def templates_to_begin_from(actor: Actor) -> TemplateQuerySet:
    """One's own, and those for everybody; not those of others, whom one may oversee."""
    return shown_templates().filter(Q(owner_id=actor.pk) | Q(owner=None)).order_by("name", "pk")
