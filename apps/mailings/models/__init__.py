from apps.mailings.models.agents.start_request import StartRequest
from apps.mailings.models.attempts import Attempt
from apps.mailings.models.audience import Channel, Recipient, RecipientTag, Suppression, Tag
from apps.mailings.models.content import (
    Attachment,
    Message,
    MessageTranslation,
    MessageVersion,
)
from apps.mailings.models.drafts import DraftStep, MessageDraft
from apps.mailings.models.engagement.figures import Term, Tracking
from apps.mailings.models.engagement.firsts import FirstReaction
from apps.mailings.models.engagement.links import LinkEngagement, TrackedLink
from apps.mailings.models.engagement.reactions import Engagement, EngagementHour, EngagementShare
from apps.mailings.models.engagement.spool import EngagementSpool
from apps.mailings.models.engagement.waiting import WaitingEngagement
from apps.mailings.models.experiments.outcome import RunExperiment
from apps.mailings.models.experiments.plan import Experiment, Variant
from apps.mailings.models.feeds.feed import Feed, FeedCheck, FeedItem
from apps.mailings.models.files.personal import FileArchive, FileArchiveEntry, PersonalFile
from apps.mailings.models.files.staged import DeliveryFile, RunFiles
from apps.mailings.models.imports import RecipientImport
from apps.mailings.models.ledger import Delivery, Run
from apps.mailings.models.letters.brand import Brand
from apps.mailings.models.letters.saved_blocks import SavedBlock, SavedBlockVersion
from apps.mailings.models.letters.templates import MessageTemplate
from apps.mailings.models.mailing import Mailing
from apps.mailings.models.media import ContentUse, MediaFile, MediaRendition
from apps.mailings.models.permission.consents import Consent, ConsentText
from apps.mailings.models.permission.erasure import ErasureRequest, Tombstone
from apps.mailings.models.permission.frequency import FrequencyGate, FrequencyRule
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.models.permission.lists import MailingList, Subscription
from apps.mailings.models.permission.personal_data import DataCopy, RetentionRun
from apps.mailings.models.permission.signup_forms import SignupForm, SignupFormVersion
from apps.mailings.models.permission.sunset import SunsetCase, SunsetPolicy
from apps.mailings.models.permission.suppressions import BlockedDomain, SuppressionEvent
from apps.mailings.models.publishing.approval import Approval
from apps.mailings.models.publishing.archive import PublicArchive
from apps.mailings.models.reputation import CountedAttempts, Reputation, SendingCount
from apps.mailings.models.run_parts import RunContent, RunRoute
from apps.mailings.models.segments import (
    Activity,
    ActivityMark,
    AttributeDefinition,
    Segment,
)
from apps.mailings.models.senders import Sender
from apps.mailings.models.sending_pause import SendingPause
from apps.mailings.models.trigger import Trigger

__all__ = [
    "Activity",
    "ActivityMark",
    "Approval",
    "Attachment",
    "Attempt",
    "AttributeDefinition",
    "BlockedDomain",
    "Brand",
    "Channel",
    "Consent",
    "ConsentText",
    "ContentUse",
    "CountedAttempts",
    "DataCopy",
    "Delivery",
    "DeliveryFile",
    "DraftStep",
    "Engagement",
    "EngagementHour",
    "EngagementShare",
    "EngagementSpool",
    "ErasureRequest",
    "Experiment",
    "Feed",
    "FeedCheck",
    "FeedItem",
    "FileArchive",
    "FileArchiveEntry",
    "FirstReaction",
    "FrequencyGate",
    "FrequencyRule",
    "LeftOut",
    "LinkEngagement",
    "Mailing",
    "MailingList",
    "MediaFile",
    "MediaRendition",
    "Message",
    "MessageDraft",
    "MessageTemplate",
    "MessageTranslation",
    "MessageVersion",
    "PersonalFile",
    "PublicArchive",
    "Recipient",
    "RecipientImport",
    "RecipientTag",
    "Reputation",
    "RetentionRun",
    "Run",
    "RunContent",
    "RunExperiment",
    "RunFiles",
    "RunRoute",
    "SavedBlock",
    "SavedBlockVersion",
    "Segment",
    "Sender",
    "SendingCount",
    "SendingPause",
    "SignupForm",
    "SignupFormVersion",
    "StartRequest",
    "Subscription",
    "SunsetCase",
    "SunsetPolicy",
    "Suppression",
    "SuppressionEvent",
    "Tag",
    "Term",
    "Tombstone",
    "TrackedLink",
    "Tracking",
    "Trigger",
    "Variant",
    "WaitingEngagement",
]
