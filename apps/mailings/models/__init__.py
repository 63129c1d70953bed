from apps.mailings.models.audience import Channel, Recipient, RecipientTag, Suppression, Tag
from apps.mailings.models.content import Message
from apps.mailings.models.ledger import Attempt, Delivery, Run, Trigger
from apps.mailings.models.mailing import Mailing

__all__ = [
    "Attempt",
    "Channel",
    "Delivery",
    "Mailing",
    "Message",
    "Recipient",
    "RecipientTag",
    "Run",
    "Suppression",
    "Tag",
    "Trigger",
]
