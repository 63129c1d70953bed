"""One of everything that the API answers with, all of it Anna's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from apps.api.webhooks.models import Webhook, WebhookCall
from apps.automations.models import Automation, Enrolment
from apps.automations.services import automations
from apps.automations.services.people import enrol_people
from apps.core.content.blocks.editing.places import blank_document, new_node
from apps.core.responses.stored import foreign
from apps.mailings.models import (
    Attachment,
    AttributeDefinition,
    BlockedDomain,
    DataCopy,
    Delivery,
    Feed,
    FeedItem,
    FrequencyRule,
    Mailing,
    MailingList,
    MediaFile,
    Message,
    MessageTemplate,
    MessageTranslation,
    PersonalFile,
    Recipient,
    RecipientImport,
    Run,
    SavedBlock,
    Segment,
    Sender,
    SignupForm,
    SunsetCase,
    SunsetPolicy,
    Suppression,
    Tag,
)
from apps.mailings.services.letters.reuse.saved_blocks import keep_section
from apps.mailings.services.letters.reuse.templates import About, make_template
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe
from apps.mailings.services.privacy import erasure
from apps.users.models import User
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    MailingListFactory,
    MediaFileFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
    TagFactory,
    VariantFactory,
)
from tests.feedback.signups import live_form

#: Stands in everything that is Anna's: who may not see it must never receive this word.
SECRET = "Тайна"
TREE = {"version": 1, "root": {"all": [{"field": "phone", "op": "starts", "value": "7"}]}}


@dataclass
class Things:
    """One of everything, all Anna's."""

    recipient: Recipient
    tag: Tag
    message: Message
    attachment: Attachment
    mailing: Mailing
    run: Run
    delivery: Delivery
    brought: RecipientImport
    customer: Recipient
    mailout: Mailing
    webhook: Webhook
    call: WebhookCall
    mailing_list: MailingList
    stop: Suppression
    domain: BlockedDomain
    form: SignupForm
    segment: Segment
    custom_field: AttributeDefinition
    sunset: SunsetPolicy
    sender: Sender
    media: MediaFile
    personal_file: PersonalFile
    saved_block: SavedBlock
    template: MessageTemplate
    enrolment: Enrolment

    @property
    def automation(self) -> Automation:
        return self.enrolment.automation


def webhook_of(owner: User) -> Webhook:
    """One with a call in its log."""
    now = timezone.now()
    webhook = Webhook.objects.create(
        owner=owner, url=f"https://example.org/{SECRET}", attempt_cursor=0, runs_reported_until=now
    )
    WebhookCall.objects.create(
        webhook=webhook, body="{}", events=1, response=foreign(SECRET), created_at=now
    )
    return webhook


def listed(person: Recipient) -> MailingList:
    """A list that this person is on."""
    one = MailingListFactory.create(owner=person.owner, title=SECRET)
    now = timezone.now()
    said = Evidence(source="form", by_person=True, said_at=now, statement=SECRET)
    subscribe(recipient=person, lists=[one], evidence=said, now=now)
    return one


def imported_by(owner: User) -> RecipientImport:
    """An import with rejected rows."""
    found = RecipientImport.objects.create(owner=owner, source=SECRET, state="done")
    found.rejects.save("rejects.csv", ContentFile(f"email\n{SECRET}\n".encode()))
    return found


def customer_of(owner: User, tag: Tag) -> Recipient:
    """A person with a phone, who asked for a copy and to be erased."""
    customer = RecipientFactory.create(owner=owner, email=None, phone="79161234567")
    customer.tags.add(tag)
    DataCopy.objects.create(owner=owner, recipient=customer)
    erasure.ask(recipient=customer, by="owner", actor=SECRET, now=timezone.now())
    return customer


def mailout_of(owner: User) -> Mailing:
    """A mailing to phones that starts later."""
    later = timezone.now() + timedelta(hours=1)
    return MailingFactory.create(
        owner=owner,
        name=SECRET,
        message=MessageFactory.create(owner=owner, text=SECRET, html=""),
        channel="phone",
        starts_at=later,
        ends_at=later + timedelta(hours=1),
    )


def sunset_of(person: Recipient) -> SunsetPolicy:
    """A rule for inactive subscribers that has tagged this person, and has ended another."""
    policy = SunsetPolicy.objects.create(owner=person.owner)
    SunsetCase.objects.create(policy=policy, recipient=person, state="tagged")
    other, now = RecipientFactory.create(owner=person.owner), timezone.now()
    SunsetCase.objects.create(policy=policy, recipient=other, state="ended", settled_at=now)
    return policy


def files_of(message: Message) -> PersonalFile:
    """One from an archive, beside one that programs give; nothing waits for either."""
    about = {"message": message, "required": False}
    PersonalFile.objects.create(name=f"{SECRET}.txt", source="api", **about)
    return PersonalFile.objects.create(name=f"{SECRET}.pdf", **about)


def template_of(owner: User) -> MessageTemplate:
    head = {"subject": SECRET, "preheader": "", "language": ""}
    content = {**head, "document": blank_document()}
    return make_template(author=owner, about=About(SECRET), content=content)


def message_of(owner: User) -> Message:
    """One in two languages."""
    message = MessageFactory.create(owner=owner, subject=SECRET, language="ru")
    MessageTranslation.objects.create(message=message, language="en", subject=SECRET)
    return message


def attached_to(message: Message) -> Attachment:
    return Attachment.objects.create(
        message=message, name=SECRET, content_type="text/plain", size=1, sha256="0" * 64
    )


def feed_of(mailing: Mailing) -> None:
    """A feed with an item that waits."""
    feed = Feed.objects.create(mailing=mailing, url="https://example.com/f.xml", title=SECRET)
    now = timezone.now()
    FeedItem.objects.create(feed=feed, key="k", title=SECRET, dated_at=now, found_at=now)


def enrolment_of(person: Recipient) -> Enrolment:
    """This person at the first step of an active automation."""
    wait = {"kind": "wait", "key": "rest", "seconds": 60}
    draft = {"trigger": {"kind": "manual"}, "steps": [wait]}
    made = Automation.objects.create(owner=person.owner, name=SECRET, draft=draft)
    now = timezone.now()
    automations.activate(automation=made, now=now)
    people = Recipient.objects.filter(pk=person.pk)
    enrol_people(automation=made, people=people, now=now)
    return Enrolment.objects.select_related("automation").get(automation=made)


def delivery_of(run: Run, person: Recipient) -> Delivery:
    """One of which nobody knows what became of it, with its attempt."""
    found: Delivery = DeliveryFactory.create(
        run=run, recipient=person, state="unknown", response=SECRET
    )
    AttemptFactory.create(delivery=found, response=SECRET)
    return found


def things_of(owner: User) -> Things:
    recipient = RecipientFactory.create(owner=owner, full_name=SECRET)
    tag = TagFactory.create(owner=owner, name=SECRET)
    message = message_of(owner)
    mailing = MailingFactory.create(owner=owner, message=message, name=SECRET)
    feed_of(mailing)
    VariantFactory.create(experiment__mailing=mailing, subject=SECRET)
    run = RunFactory.create(mailing=mailing, unknown=1, reason_detail=SECRET)
    delivery = delivery_of(run, recipient)
    webhook = webhook_of(owner)
    FrequencyRule.objects.create(owner=owner, messages=2, days=7)
    return Things(
        recipient=recipient,
        tag=tag,
        message=message,
        attachment=attached_to(message),
        mailing=mailing,
        run=run,
        delivery=delivery,
        brought=imported_by(owner),
        customer=customer_of(owner, tag),
        mailout=mailout_of(owner),
        webhook=webhook,
        call=webhook.calls.get(),
        mailing_list=listed(recipient),
        stop=SuppressionFactory.create(owner=owner, address="gone@example.org"),
        domain=BlockedDomain.objects.create(owner=owner, domain="example.net", note=SECRET),
        form=live_form(owner, texts={"ru": {"intro": SECRET}}),
        segment=Segment.objects.create(owner=owner, name=SECRET, tree=TREE),
        custom_field=AttributeDefinition.objects.create(owner=owner, name="age", label=SECRET),
        sunset=sunset_of(recipient),
        sender=Sender.objects.create(owner=owner, name=SECRET, address="news@example.org"),
        media=MediaFileFactory.create(owner=owner, name=SECRET, alt=SECRET),
        personal_file=files_of(message),
        template=template_of(owner),
        enrolment=enrolment_of(recipient),
        saved_block=keep_section(owner=owner, name=SECRET, section=new_node("section")),
    )
