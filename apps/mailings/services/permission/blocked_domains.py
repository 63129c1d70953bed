"""Domains that are not written to: an owner's own, and those of the whole installation."""

from __future__ import annotations

from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import BlockedDomain
from apps.users.models import User

log = structlog.get_logger(__name__)

#: The right of a manager to block a domain for everybody.
BLOCK_DOMAIN: Final = "mailings.block_domain"


class DomainRefused(Refused):
    """No domain, one that is blocked already, or not this user's to block for everybody."""

    code = "domain_refused"


def visible_domains(actor: User) -> QuerySet[BlockedDomain]:
    """One's own and those of the installation; a manager sees everybody's."""
    rows = BlockedDomain.objects.select_related("owner")
    return rows if actor.sees_all else rows.filter(Q(owner=actor) | Q(owner=None))


def may_block_for_all(actor: User) -> bool:
    """May this user block a domain for the whole installation?"""
    return actor.has_perm(BLOCK_DOMAIN)


def may_unblock(domain: BlockedDomain, actor: User) -> bool:
    """May this user take the domain off: one's own, or one for all by the right to block it?"""
    return may_block_for_all(actor) if domain.owner_id is None else domain.owner_id == actor.pk


def block_domain(
    *, actor: User, domain: str, subdomains: bool = True, note: str = "", for_all: bool = False
) -> BlockedDomain:
    """Send nothing more to this domain. Raises DomainRefused."""
    if for_all and not may_block_for_all(actor):
        raise DomainRefused(_("Only managers block a domain for everybody."))
    row = BlockedDomain(
        owner=None if for_all else actor, domain=domain, subdomains=subdomains, note=note[:200]
    )
    try:
        with transaction.atomic():
            row.full_clean()
            row.save()
    except ValidationError as error:
        raise DomainRefused(" ".join(error.messages)) from None
    except IntegrityError:  # a moment ago
        raise DomainRefused(_("This domain is blocked already.")) from None
    log.info("domain_blocked", domain=row.domain, for_all=for_all, by=actor.pk)
    return row


def unblock_domain(*, domain: BlockedDomain, actor: User) -> None:
    """Let the domain be written to again. Idempotent. Raises DomainRefused."""
    if not may_unblock(domain, actor):
        raise DomainRefused(_("Only its owner, or for everybody a manager, takes a domain off."))
    BlockedDomain.objects.filter(pk=domain.pk).delete()
    log.info("domain_unblocked", domain=domain.domain, by=actor.pk)
