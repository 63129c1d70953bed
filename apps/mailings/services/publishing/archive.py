"""Showing a mailing to everybody, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.site import site_url
from apps.core.text.slugs import slug_of
from apps.mailings.models import Mailing, PublicArchive, Sender
from apps.users.models import User

log = structlog.get_logger(__name__)

_LONGEST_SLUG: Final = 80
_LONGEST_ARCHIVE_SLUG: Final = 60


class NotPublishable(Refused):
    """The mailing is one person's, or has a link by which its recipient alone acts."""

    code = "not_publishable"


def utm_of(mailing: Mailing) -> dict[str, str]:
    """The parameters of its links; its slug is the campaign where none is given."""
    return {"campaign": usual_slug(mailing), **mailing.utm} if mailing.utm else {}


def usual_slug(mailing: Mailing) -> str:
    """What it is called in addresses."""
    return mailing.slug or slug_of(mailing.name, _LONGEST_SLUG) or f"mailing-{mailing.pk or 0}"


@transaction.atomic
def publish(mailing: Mailing) -> Mailing:
    """Show it in its owner's archive from its first run on. Raises NotPublishable."""
    row = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if not row.public:
        row.public = True
        settle_public(row)
        row.save(update_fields=["public", "slug", "updated_at"])
        log.info("mailing_published", mailing_id=row.pk)
    return row


@transaction.atomic
def withdraw(mailing: Mailing) -> Mailing:
    """Take it out of the archive at once. It keeps its name there."""
    row = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if row.public:
        row.public = False
        row.save(update_fields=["public", "updated_at"])
        log.info("mailing_withdrawn", mailing_id=row.pk)
    return row


def settle_public(mailing: Mailing) -> None:
    """Give a mailing that is to be public its name, and its owner an archive.

    Raises NotPublishable.
    """
    if not mailing.public:
        return
    if mailing.kind != Mailing.Kind.MAILING or mailing.purpose == Mailing.Purpose.CONFIRMATION:
        raise NotPublishable(_("This mailing cannot be shown to everybody."))
    mailing.slug = mailing.slug or _free_slug(mailing)
    archive_of(mailing.owner)


def archive_of(owner: User) -> PublicArchive:
    """The owner's archive, made when there is none."""
    found = PublicArchive.objects.filter(owner=owner).first()
    return found or PublicArchive.objects.get_or_create(owner=owner, defaults=_named(owner))[0]


def archive_url(archive: PublicArchive) -> str:
    """Where everybody reads it."""
    return f"{site_url()}/archive/{archive.slug}/"


def archive_url_of(mailing: Mailing) -> str:
    """The address of the archive that the mailing is shown in; empty where it is in none."""
    if not mailing.public:
        return ""
    found = PublicArchive.objects.filter(owner_id=mailing.owner_id).first()
    return archive_url(found) if found is not None else ""


def public_urls(mailings: Iterable[Mailing]) -> dict[int, str]:
    """Where everybody reads those of them that are public, by their ids."""
    public = [one for one in mailings if one.public]
    if not public:
        return {}
    rows = PublicArchive.objects.filter(owner_id__in={one.owner_id for one in public})
    archives = {row.owner_id: archive_url(row) for row in rows}
    return {
        one.pk: f"{archives[one.owner_id]}{one.slug}/" for one in public if one.owner_id in archives
    }


def public_url(mailing: Mailing) -> str:
    """Where everybody reads the mailing; empty where nobody may."""
    return public_urls([mailing]).get(mailing.pk, "")


def _named(owner: User) -> dict[str, str]:
    """The name of the owner's confirmed sender, if nobody else has it; else a random one."""
    senders = Sender.objects.filter(owner=owner, archived_at=None, confirmed_at__isnull=False)
    sender = senders.order_by("-is_default", "pk").first()
    slug = slug_of(sender.name, _LONGEST_ARCHIVE_SLUG) if sender is not None else ""
    taken = PublicArchive.objects.filter(slug=slug).exists()
    return {"slug": slug} if slug and not taken else {}


def _free_slug(mailing: Mailing) -> str:
    stem = usual_slug(mailing)[: _LONGEST_SLUG - 6]
    others = Mailing.objects.filter(owner_id=mailing.owner_id, slug__startswith=stem)
    taken = set(others.exclude(pk=mailing.pk).values_list("slug", flat=True))
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name
