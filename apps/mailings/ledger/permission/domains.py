"""Domains to which nothing is sent, by one owner or by anybody."""

from __future__ import annotations

from django.db.models import Q

from apps.mailings.models import BlockedDomain, Channel


def any_blocked(owner_id: int) -> bool:
    """True if there is any: nearly nobody has one, and then no statement asks."""
    return BlockedDomain.objects.filter(Q(owner_id=owner_id) | Q(owner_id=None)).exists()


def blocked_sql(address: str, channel: str, owner: str) -> str:
    """A condition: the domain of this SQL term is blocked. It takes no parameter."""
    if channel != Channel.EMAIL:
        return "1 = 0"
    tail = f"substr({address}, length({address}) - length(k.domain))"
    return f"""EXISTS (
        SELECT 1 FROM mailings_blockeddomain k
         WHERE (k.owner_id = {owner} OR k.owner_id IS NULL)
           AND ({tail} = '@' || k.domain OR (k.subdomains AND {tail} = '.' || k.domain)))"""
