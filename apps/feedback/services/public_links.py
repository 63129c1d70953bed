"""Fresh links to the pages of a person, made when asked for and opened for an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.site import site_url
from apps.feedback.models import PublicLink
from apps.mailings.links import PUBLIC, sealed, unsealed
from apps.mailings.models import Recipient

#: How long a link can be used.
LIVES: Final = timedelta(hours=1)


class LinkExpired(Refused):
    """The link is older than an hour, or its person is no longer known."""

    code = "link_expired"


def make_link(
    *, recipient: Recipient, purpose: str, now: datetime, address: str = ""
) -> PublicLink:
    """A fresh link for this person and purpose; those made before open nothing any more.

    ``address``: one that is not the person's yet, to which it is sent.
    """
    expire_links(recipient=recipient, purpose=purpose, now=now, addressed=bool(address))
    return PublicLink.objects.create(
        recipient=recipient,
        purpose=purpose,
        address=address,
        created_at=now,
        expires_at=now + LIVES,
    )


def expire_links(*, recipient: Recipient, purpose: str, now: datetime, addressed: bool) -> None:
    """Let what was made before open nothing any more: the links to the person's own mailbox, or
    (``addressed``) those to a new one. One kind says nothing of the other."""
    before = PublicLink.objects.filter(recipient=recipient, purpose=purpose, expires_at__gt=now)
    own = Q(address="")
    before.filter(~own if addressed else own).update(expires_at=now)


def url_of(link: PublicLink) -> str:
    """The address in the letter that carries the link."""
    return f"{site_url()}/p/{sealed(PUBLIC, link.pk)}/"


def opened(*, token: str, now: datetime) -> PublicLink | None:
    """The link of this token; None for a forged one. Raises LinkExpired.

    Its page is there until it expires; what is done once is done by the call that uses it up.
    """
    number = unsealed(PUBLIC, token)
    if number is None:
        return None
    link = PublicLink.objects.select_related("recipient").filter(pk=number).first()
    if link is None or link.expires_at <= now or link.recipient.archived_at is not None:
        raise LinkExpired(_("This link is no longer valid. Ask for a new one."))
    return link


def use(*, link: PublicLink, now: datetime) -> bool:
    """Use the link up. False when it was used before: of any number of processes one uses it."""
    return bool(PublicLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now))
