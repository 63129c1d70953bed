from apps.mailings.models.attempts import Attempt
from apps.mailings.models.audience import Channel, Recipient, RecipientTag, Suppression, Tag
from apps.mailings.models.content import Attachment, Message, MessageVersion
from apps.mailings.models.drafts import DraftStep, MessageDraft
from apps.mailings.models.imports import RecipientImport
from apps.mailings.models.ledger import Delivery, LeftOut, Run
from apps.mailings.models.mailing import Mailing
from apps.mailings.models.media import ContentUse, MediaFile, MediaRendition
from apps.mailings.models.permission.consents import Consent, ConsentText
from apps.mailings.models.permission.erasure import ErasureRequest, Tombstone
from apps.mailings.models.permission.frequency import FrequencyGate, FrequencyRule
from apps.mailings.models.permission.lists import MailingList, Subscription
from apps.mailings.models.permission.personal_data import DataCopy, RetentionRun
from apps.mailings.models.permission.signup_forms import SignupForm, SignupFormVersion
from apps.mailings.models.permission.sunset import SunsetCase, SunsetPolicy
from apps.mailings.models.permission.suppressions import BlockedDomain, SuppressionEvent
from apps.mailings.models.reputation import CountedAttempts, Reputation, SendingCount
from apps.mailings.models.run_parts import RunContent, RunRoute
from apps.mailings.models.segments import (
    Activity,
    ActivityMark,
    AttributeDefinition,
    Engagement,
    Segment,
)
from apps.mailings.models.senders import Sender
from apps.mailings.models.sending_pause import SendingPause
from apps.mailings.models.trigger import Trigger

__all__ = [
    "Activity",
    "ActivityMark",
    "Attachment",
    "Attempt",
    "AttributeDefinition",
    "BlockedDomain",
    "Channel",
    "Consent",
    "ConsentText",
    "ContentUse",
    "CountedAttempts",
    "DataCopy",
    "Delivery",
    "DraftStep",
    "Engagement",
    "ErasureRequest",
    "FrequencyGate",
    "FrequencyRule",
    "LeftOut",
    "Mailing",
    "MailingList",
    "MediaFile",
    "MediaRendition",
    "Message",
    "MessageDraft",
    "MessageVersion",
    "Recipient",
    "RecipientImport",
    "RecipientTag",
    "Reputation",
    "RetentionRun",
    "Run",
    "RunContent",
    "RunRoute",
    "Segment",
    "Sender",
    "SendingCount",
    "SendingPause",
    "SignupForm",
    "SignupFormVersion",
    "Subscription",
    "SunsetCase",
    "SunsetPolicy",
    "Suppression",
    "SuppressionEvent",
    "Tag",
    "Tombstone",
    "Trigger",
]
