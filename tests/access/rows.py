"""One row of every table, for tests of what everything has in common."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from apps.api.models import IdempotentCall
from apps.api.webhooks.models import ReportedImport, ReportedRun
from apps.delivery.models import (
    AccountState,
    DomainReport,
    Heartbeat,
    LimitWindow,
    Preflight,
    Probe,
    SendLatency,
    SystemMessage,
    WorkerLease,
)
from apps.feedback.models import (
    ConfirmationEmail,
    Event,
    MessengerLink,
    PublicLink,
    SignupWindow,
    UsedChallenge,
)
from apps.feedback.services.public_links import make_link
from apps.mailings.models import (
    Activity,
    ActivityMark,
    Approval,
    Attachment,
    Attempt,
    AttributeDefinition,
    BlockedDomain,
    Brand,
    ConsentText,
    ContentUse,
    CountedAttempts,
    DataCopy,
    DeliveryFile,
    DraftStep,
    Engagement,
    EngagementHour,
    EngagementShare,
    EngagementSpool,
    ErasureRequest,
    Feed,
    FeedCheck,
    FeedItem,
    FileArchive,
    FileArchiveEntry,
    FirstReaction,
    FrequencyGate,
    FrequencyRule,
    LinkEngagement,
    MediaRendition,
    Message,
    MessageDraft,
    MessageTemplate,
    MessageTranslation,
    MessageVersion,
    PersonalFile,
    PublicArchive,
    Recipient,
    RecipientImport,
    Reputation,
    RetentionRun,
    Run,
    RunContent,
    RunExperiment,
    RunFiles,
    RunRoute,
    SavedBlock,
    SavedBlockVersion,
    Segment,
    Sender,
    SendingCount,
    SendingPause,
    StartRequest,
    SunsetCase,
    SunsetPolicy,
    SuppressionEvent,
    Term,
    Tombstone,
    TrackedLink,
    WaitingEngagement,
)
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe
from apps.mailings.wait_reasons import rate_too_high
from apps.users.models import Notification
from apps.users.tokens import issue
from tests.automations.stage import automation_rows
from tests.factories import (
    AttemptFactory,
    MailingFactory,
    MailingListFactory,
    MediaFileFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
    TagFactory,
    UserFactory,
    VariantFactory,
    WebhookCallFactory,
)
from tests.feedback.signups import waiting_signup


def rows(count: int) -> None:
    """So many rows of everything; no run waits for anybody."""
    for _ in range(count):
        run, now = RunFactory.create(), timezone.now()
        attempt = AttemptFactory.create(delivery__run=run)
        MailingFactory.create().filter_tags.add(TagFactory.create())
        _engine(run, attempt.recipient, now)
        _content(attempt, now)
        _files(run, attempt, now)
        _audience(attempt, now)
        _privacy(attempt, now)
        consented(attempt.recipient, now)
        _signed_up(attempt.mailing.message, now)
        _interfaces(run, now)
        automation_rows(RecipientFactory.create())  # whose owner is not paused


def _engine(run: Run, recipient: Recipient, now: datetime) -> None:
    account = AccountState.objects.create(name=f"a{run.pk}")
    LimitWindow.objects.create(account=account, period="hour", starts_at=now, limit=5)
    WorkerLease.objects.create(host="h", pid=1, run=run, started_at=now)
    Heartbeat.objects.create(name=f"h{run.pk}", beat_at=now)
    SendLatency.objects.create()
    SystemMessage.objects.create(key=f"k{run.pk}", account="email", claimed_at=now)
    DomainReport.objects.create(domain=f"d{run.pk}.example.org", asked_at=now)
    Probe.objects.create(
        message=run.mailing.message, account="email", seed="s", key=f"k{run.pk}", sent_at=now
    )
    Preflight.objects.create(mailing=run.mailing, run=run, state="done", finished_at=now)
    Approval.objects.create(mailing=run.mailing, fingerprint="0" * 64)
    SendingCount.objects.create(account="email", domain=f"d{run.pk}.example.org", day=now.date())
    CountedAttempts.objects.get_or_create(pk=1)
    Reputation.objects.create(account="email", domain=f"d{run.pk}.example.org")
    RunContent.objects.create(run=run, version=1, content={})
    RunRoute.objects.create(run=run, position=1, channel="email", account="email")
    detail = rate_too_high(9, 100, 5)
    SendingPause.objects.create(owner=recipient.owner, reason="bounce_rate", detail=detail)
    StartRequest.objects.create(mailing=run.mailing, asked_by="Assistant", asked_at=now)
    RunExperiment.objects.create(run=run, variants=[{"subject": "s"}] * 2)
    VariantFactory.create(experiment__mailing=run.mailing)
    ActivityMark.objects.get_or_create(id=1)
    Activity.objects.create(recipient=recipient, last_sent_at=now)
    Engagement.objects.create(run=run, recipient=recipient, opened_at=now)
    EngagementHour.objects.create(run=run, hour=now, kind="open", term=Term.PERSON)
    EngagementShare.objects.create(run=run, by="client", value="Gmail")
    EngagementSpool.objects.create(name=f"engagement-{run.pk}")
    FirstReaction.objects.create(
        **{"owner_id": recipient.owner_id, "run_id": run.pk, "delivery_id": run.pk},
        **{"kind": "open", "term": Term.PERSON, "at": now, "counted_at": now},
    )
    link = TrackedLink.objects.create(run=run, version=1, number=1, address="https://example.org/")
    LinkEngagement.objects.create(link=link, delivery_id=run.pk, first_at=now)
    WaitingEngagement.objects.create(run=run, delivery_id=run.pk, since=now)
    Event.objects.create(
        provider="p", event_id=f"{run.pk}", kind="opened", received_at=now, delivery_id=None
    )


def _content(attempt: Attempt, now: datetime) -> None:
    message = attempt.mailing.message
    MessageVersion.objects.create(message=message, number=1, subject="s")
    MessageTranslation.objects.create(message=message, language="en", subject="s")
    draft = MessageDraft.objects.create(owner=message.owner, message=message, subject="s")
    DraftStep.objects.create(draft=draft, number=1, forward=[], backward=[], made_at=now)
    Attachment.objects.create(
        message=message, name="f", content_type="text/plain", size=1, sha256="0" * 64
    )
    media = MediaFileFactory.create(owner=message.owner)
    feed = Feed.objects.create(mailing=attempt.mailing, url="https://example.com/feed.xml")
    FeedItem.objects.create(feed=feed, key="k", dated_at=now, found_at=now, media=media)
    FeedCheck.objects.create(mailing=attempt.mailing, code="read", at=now)
    MediaRendition.objects.create(media=media, width=900, sha256=media.sha256, size=1)
    ContentUse.objects.create(media=media, message=message)
    block = SavedBlock.objects.create(owner=message.owner, name="s", document={})
    SavedBlockVersion.objects.create(block=block, number=1, document={})
    ContentUse.objects.create(saved_block=block, message=message)
    MessageTemplate.objects.create(owner=message.owner, author=message.owner, name="t", document={})
    Brand.objects.create(owner=message.owner, name="b", logo=media, revision=1)
    PublicArchive.objects.create(owner=message.owner)
    Sender.objects.create(owner=message.owner, name="s", address="s@example.org", confirmed_at=now)


def _files(run: Run, attempt: Attempt, now: datetime) -> None:
    assert attempt.delivery is not None
    file = PersonalFile.objects.create(message=attempt.mailing.message, name="f.pdf")
    archive = FileArchive.objects.create(file=file, name="f.zip", unpacked_at=now)
    FileArchiveEntry.objects.create(archive=archive, name="f.pdf", key="f.pdf", size=1)
    RunFiles.objects.create(run=run, wanted=[], staged_at=now)
    DeliveryFile.objects.create(
        run=run, delivery=attempt.delivery, number=0, name="f.pdf", changed_at=now
    )


def _audience(attempt: Attempt, now: datetime) -> None:
    owner = attempt.mailing.owner
    stop = SuppressionFactory.create()
    SuppressionEvent.objects.create(owner=stop.owner, channel="email", address=stop.address)
    BlockedDomain.objects.create(owner=stop.owner, domain="example.net")
    RecipientImport.objects.create(owner=owner, source="list.csv")
    Segment.objects.create(owner=owner, name="s", tree={"version": 1, "root": {}})
    AttributeDefinition.objects.create(owner=owner, name="city")
    FrequencyGate.objects.create(owner=owner)
    FrequencyRule.objects.create(owner=owner, messages=1, days=1)
    MessengerLink.objects.create(recipient=attempt.recipient, account="bot", expires_at=now)
    policy = SunsetPolicy.objects.create(owner=owner)
    SunsetCase.objects.create(policy=policy, recipient=attempt.recipient)


def _privacy(attempt: Attempt, now: datetime) -> None:
    owner, recipient = attempt.mailing.owner, attempt.recipient
    ErasureRequest.objects.create(
        owner=owner, recipient=recipient, by="owner", erase_at=now, due_at=now
    )
    Tombstone.objects.create(owner=owner, channel="email", digest="d", key="k")
    DataCopy.objects.create(owner=owner, recipient=recipient)
    RetentionRun.objects.create(name=f"r{attempt.pk}", ran_at=now)


def _signed_up(message: Message, now: datetime) -> None:
    signup = waiting_signup(UserFactory.create())
    ConfirmationEmail.objects.create(version=signup.version, language="en", message=message)
    SignupWindow.objects.create(digest=f"d{signup.pk}", opened_at=now, used=1)
    UsedChallenge.objects.create(digest=f"d{signup.pk}", used_at=now)


def _interfaces(run: Run, now: datetime) -> None:
    owner = run.mailing.owner
    Notification.objects.create(owner=owner, code="run_ended", key=f"k{run.pk}")
    issue(owner=owner, name="t", scope="read", valid_for=timedelta(days=1), now=now)
    call = WebhookCallFactory.create(webhook__owner=owner, webhook__old_seed="oldseed")
    ReportedRun.objects.create(webhook=call.webhook, run=run, mark="done")
    ReportedImport.objects.create(
        webhook=call.webhook, number=run.pk, state="done", reported_at=timezone.now()
    )
    IdempotentCall.objects.create(
        owner=owner, key="k", fingerprint="f" * 64, body="answered", created_at=now
    )


def consented(person: Recipient, now: datetime) -> None:
    """The person is on a list, by words that were shown."""
    ConsentText.objects.create(owner=person.owner, key="k", language="en", text="Yes")
    said = Evidence(source="form", by_person=True, said_at=now)
    subscribe(
        recipient=person,
        lists=[MailingListFactory.create(owner=person.owner)],
        evidence=said,
        now=now,
    )
    make_link(recipient=person, purpose=PublicLink.Purpose.DATA, now=now)
