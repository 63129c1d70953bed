"""Recipients as the clients of the phone notification service know them: a phone and one tag."""

from __future__ import annotations

from dataclasses import dataclass

from apps.mailings.models import Channel, Recipient, RecipientTag
from apps.mailings.models.audience import normal_address
from apps.mailings.services.recipients import RecipientService
from apps.users.models import User


@dataclass(frozen=True, slots=True)
class Customer:
    """What such a client says of a customer. An empty operator code follows from the phone."""

    phone: str
    operator_code: str
    tag: str
    time_zone: str


def add_customer(*, owner: User, given: Customer) -> Recipient:
    """A new recipient. One with this phone that was removed before comes back, with its history.

    Raises ValidationError.
    """
    phone = normal_address(Channel.PHONE, given.phone)
    gone = Recipient.objects.filter(owner=owner, phone=phone).exclude(archived_at=None)
    recipient = gone.first() or Recipient(owner=owner)
    recipient.archived_at = None
    return _save(recipient, given, {given.tag})


def replace_customer(*, recipient: Recipient, given: Customer) -> Recipient:
    """Change what a customer has and nothing else that the recipient has.

    The tag takes the place of the newest one; others, which such a client does not see, stay. No
    tag takes all of them off. Raises ValidationError.
    """
    links = RecipientTag.objects.filter(recipient=recipient).order_by("-pk")
    names = list(links.values_list("tag__name", flat=True))
    if names[:1] == [given.tag]:
        return _save(recipient, given, set(names))
    return _save(recipient, given, {*names[1:], given.tag} if given.tag else set())


def _save(recipient: Recipient, given: Customer, tags: set[str]) -> Recipient:
    recipient.phone = given.phone
    recipient.operator_code = given.operator_code
    recipient.time_zone = given.time_zone
    return RecipientService(recipient.owner).save(recipient, tags=sorted(tags - {""}))
