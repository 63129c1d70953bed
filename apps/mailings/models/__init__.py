from apps.mailings.models.audience import Channel, Recipient, RecipientTag, Suppression, Tag
from apps.mailings.models.content import Attachment, Message, MessageDraft, MessageVersion
from apps.mailings.models.imports import RecipientImport
from apps.mailings.models.ledger import Attempt, Delivery, Run
from apps.mailings.models.mailing import Mailing
from apps.mailings.models.run_parts import RunContent, RunRoute
from apps.mailings.models.sending_pause import SendingPause
from apps.mailings.models.trigger import Trigger

__all__ = [
    "Attachment",
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
    "RunContent",
    "RunRoute",
    "SendingPause",
    "Suppression",
    "Tag",
    "Trigger",
]
