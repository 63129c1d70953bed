from apps.mailings.models.audience import Channel, Recipient, RecipientTag, Suppression, Tag
from apps.mailings.models.content import Message, MessageDraft, MessageVersion
from apps.mailings.models.imports import RecipientImport
from apps.mailings.models.ledger import Attempt, Delivery, Run, Trigger
from apps.mailings.models.mailing import Mailing

__all__ = [
    "Attempt",
    "Channel",
    "Delivery",
    "Mailing",
    "Message",
    "MessageDraft",
    "MessageVersion",
    "Recipient",
    "RecipientImport",
    "RecipientTag",
    "Run",
    "Suppression",
    "Tag",
    "Trigger",
]
