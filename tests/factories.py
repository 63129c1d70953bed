"""Rows for the tests, with sensible defaults."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import factory
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.api.webhooks.models import Webhook, WebhookCall
from apps.mailings.horizon import newest_attempt, newest_id
from apps.mailings.models import (
    Attempt,
    Consent,
    Delivery,
    Engagement,
    EngagementHour,
    EngagementShare,
    Experiment,
    LinkEngagement,
    Mailing,
    MailingList,
    MediaFile,
    Message,
    Recipient,
    Run,
    Suppression,
    Tag,
    TrackedLink,
    Tracking,
    Variant,
)
from apps.mailings.models.ledger import STATES
from apps.mailings.models.trigger import Trigger
from apps.users.models import MANAGERS, User

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@example.org")
    password = factory.django.Password(PASSWORD)


class ManagerFactory(UserFactory):
    """A member of the group Managers, with the rights that the migration gives it."""

    email = factory.Sequence(lambda n: f"manager{n}@example.org")

    @classmethod
    def _after_postgeneration(cls, instance: User, create: bool, results: Any = None) -> None:
        instance.groups.add(Group.objects.get(name=MANAGERS))


def confirmed(user: User) -> User:
    """The user, with the e-mail address confirmed: able to pass the sign-in page."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


class TagFactory(DjangoModelFactory[Tag]):
    class Meta:
        model = Tag

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"tag-{n}")


class RecipientFactory(DjangoModelFactory[Recipient]):
    class Meta:
        model = Recipient
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    email = factory.Sequence(lambda n: f"anna{n}@example.org")
    full_name = factory.Sequence(lambda n: f"Анна {n}")
    time_zone = "Europe/Moscow"


class SuppressionFactory(DjangoModelFactory[Suppression]):
    class Meta:
        model = Suppression

    owner = factory.SubFactory(UserFactory)
    address = factory.Sequence(lambda n: f"gone{n}@example.org")


class MailingListFactory(DjangoModelFactory[MailingList]):
    class Meta:
        model = MailingList

    owner = factory.SubFactory(UserFactory)
    title = factory.Sequence(lambda n: f"List {n}")
    slug = factory.Sequence(lambda n: f"list-{n}")


class MessageFactory(DjangoModelFactory[Message]):
    class Meta:
        model = Message

    owner = factory.SubFactory(UserFactory)
    subject = "Новости для {{ full_name }}"
    text = "Здравствуйте, {{ full_name }}!\n\nОтписаться: {{ unsubscribe_url }}\n"
    html = (
        "<p>Здравствуйте, {{ full_name }}!</p><p><a href='{{ unsubscribe_url }}'>Отписаться</a></p>"
    )


class MediaFileFactory(DjangoModelFactory[MediaFile]):
    """A picture in the library, without its files."""

    class Meta:
        model = MediaFile

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Picture {n}")
    kind = "jpeg"
    width = 900
    height = 600
    size = 50_000
    sha256 = factory.Sequence(lambda n: f"{n:064x}")


class MailingFactory(DjangoModelFactory[Mailing]):
    """A mailing inside its window, to everyone its owner knows."""

    class Meta:
        model = Mailing
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Mailing {n}")
    message = factory.SubFactory(MessageFactory, owner=factory.SelfAttribute("..owner"))
    everyone = True
    starts_at = factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=1))
    ends_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


def mailing_to(count: int, **fields: Any) -> Mailing:
    """A due mailing with ``count`` recipients of its owner."""
    mailing = MailingFactory.create(**fields)
    RecipientFactory.create_batch(count, owner=mailing.owner)
    return mailing


class ExperimentFactory(DjangoModelFactory[Experiment]):
    """An experiment of a mailing by clicks, on a fifth of its recipients; without a variant."""

    class Meta:
        model = Experiment

    mailing = factory.SubFactory(MailingFactory)


class VariantFactory(DjangoModelFactory[Variant]):
    """A second variant with a subject of its own."""

    class Meta:
        model = Variant

    experiment = factory.SubFactory(ExperimentFactory)
    number = 2
    subject = "Другая тема"


class RunFactory(DjangoModelFactory[Run]):
    """A run of a mailing. Its audience follows from the counters that are given."""

    class Meta:
        model = Run

    mailing = factory.SubFactory(MailingFactory)
    number = factory.SelfAttribute("mailing.current_run")
    trigger = Trigger.MANUAL
    channel = factory.SelfAttribute("mailing.channel")
    account = factory.SelfAttribute("mailing.account")
    state = Run.State.PROCESSING
    content = factory.LazyAttribute(
        lambda run: {
            "subject": run.mailing.message.subject,
            "text": run.mailing.message.text,
            "html": run.mailing.message.html,
            "revision": run.mailing.message.revision,
            "attachments": [],
        }
    )
    queued_at = factory.LazyFunction(timezone.now)
    started_at = factory.LazyFunction(timezone.now)
    audience = factory.LazyAttribute(lambda run: sum(getattr(run, s, 0) for s in STATES))
    left_suppressed = factory.LazyAttribute(lambda run: getattr(run, "suppressed", 0))


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """One delivery of a run to a recipient of the mailing's owner."""

    class Meta:
        model = Delivery

    run = factory.SubFactory(RunFactory)
    recipient = factory.SubFactory(
        RecipientFactory, owner=factory.SelfAttribute("..run.mailing.owner")
    )
    position = factory.LazyAttribute(lambda row: row.run.deliveries.count() + 1)
    channel = "email"
    address = factory.SelfAttribute("recipient.email")
    left_out = factory.LazyAttribute(
        lambda row: "suppressed" if getattr(row, "state", "") == "suppressed" else ""
    )
    changed_at = factory.LazyFunction(timezone.now)


def measured_run(level: str = Tracking.PERSONS, **fields: Any) -> Run:
    """A run that measures persons, or what is said."""
    run = RunFactory.create(**fields)
    run.content = {**run.content, "tracking": level}
    run.save(update_fields=["content"])
    return run


class EngagementFactory(DjangoModelFactory[Engagement]):
    """What a person did with a letter: an opening, unless more is said."""

    class Meta:
        model = Engagement
        exclude = ["delivery"]

    delivery = factory.SubFactory(DeliveryFactory, state="sent")
    run = factory.SelfAttribute("delivery.run")
    recipient = factory.SelfAttribute("delivery.recipient")
    delivery_id = factory.SelfAttribute("delivery.pk")
    opened_at = factory.LazyFunction(timezone.now)
    opens = 1


class EngagementHourFactory(DjangoModelFactory[EngagementHour]):
    """Openings by persons in one hour."""

    class Meta:
        model = EngagementHour

    run = factory.SubFactory(RunFactory)
    hour = factory.LazyFunction(lambda: timezone.now().replace(minute=0, second=0, microsecond=0))
    kind = EngagementHour.Kind.OPEN
    term = "person"
    count = 1


class EngagementShareFactory(DjangoModelFactory[EngagementShare]):
    """Persons with one mail program."""

    class Meta:
        model = EngagementShare

    run = factory.SubFactory(RunFactory)
    by = EngagementShare.By.CLIENT
    value = "Gmail"
    opened = 1


class TrackedLinkFactory(DjangoModelFactory[TrackedLink]):
    """The next link of the first content of a run."""

    class Meta:
        model = TrackedLink

    run = factory.SubFactory(RunFactory)
    version = 1
    number = factory.LazyAttribute(lambda link: link.run.tracked_links.count() + 1)
    address = factory.LazyAttribute(lambda link: f"https://example.org/{link.number}")
    label = factory.LazyAttribute(lambda link: f"Link {link.number}")


class LinkEngagementFactory(DjangoModelFactory[LinkEngagement]):
    """Who followed a link, once."""

    class Meta:
        model = LinkEngagement

    link = factory.SubFactory(TrackedLinkFactory)
    clicks = 1
    first_at = factory.LazyFunction(timezone.now)


class AttemptFactory(DjangoModelFactory[Attempt]):
    """One try of one delivery."""

    class Meta:
        model = Attempt

    delivery = factory.SubFactory(DeliveryFactory)
    mailing = factory.SelfAttribute("delivery.run.mailing")
    recipient = factory.SelfAttribute("delivery.recipient")
    run_number = factory.SelfAttribute("delivery.run.number")
    trigger = Trigger.MANUAL
    status = Attempt.Status.SUCCESS
    account = "email"
    code = 250
    response = "2.0.0 Ok"
    created_at = factory.LazyFunction(timezone.now)


class WebhookFactory(DjangoModelFactory[Webhook]):
    """A webhook that receives everything from now on."""

    class Meta:
        model = Webhook

    owner = factory.SubFactory(UserFactory)
    url = "https://crm.example.org/hooks"
    attempt_cursor = factory.LazyFunction(newest_attempt)
    consent_cursor = factory.LazyFunction(lambda: newest_id(Consent))
    runs_reported_until = factory.LazyFunction(timezone.now)


class WebhookCallFactory(DjangoModelFactory[WebhookCall]):
    """A call that has not been tried yet."""

    class Meta:
        model = WebhookCall

    webhook = factory.SubFactory(WebhookFactory)
    body = '{"events": []}'
    events = 0
    created_at = factory.LazyFunction(timezone.now)


def asked_again(client: Client, user: User) -> None:
    """Let the password of this signed-in user have been asked for a moment ago."""
    session = client.session
    record = {"method": "password", "at": time.time(), "reauthenticated": True}
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [record]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()
