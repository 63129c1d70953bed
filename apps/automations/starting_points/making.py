"""A starting point becomes a draft of its owner's, with its messages."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.automations.definition.flow import Raw
from apps.automations.models import Automation
from apps.automations.services.automations import AutomationService
from apps.automations.services.drafts import EMPTY
from apps.automations.starting_points.points import BY_SLUG, REMINDER
from apps.mailings.gallery.reading import LANGUAGES, template
from apps.mailings.models import AttributeDefinition, MailingList, Message, Segment, Tag
from apps.mailings.services.letters.sources.from_gallery import begin_from_gallery
from apps.mailings.services.messages import MessageService
from apps.mailings.services.segmentation.segments import SegmentService
from apps.users.models import User


def begin(*, slug: str, owner: User, language: str) -> Automation:
    """A draft of this starting point with its messages in this language.

    Raises LookupError for one that does not exist, and MediaRefused when the library is full.
    """
    point = BY_SLUG[slug]
    spoken = language if language in LANGUAGES else "en"
    messages = [_message(name, owner, spoken) for name in point.letters]
    with transaction.atomic():
        draft = {**EMPTY, **point.make(messages, OwnThings(owner))}
        made = Automation(owner=owner, name=str(point.title), draft=draft)
        return AutomationService(owner).save(made)


def _message(name: str, owner: User, language: str) -> int:
    if name == REMINDER:
        return _reminder(owner, language)
    found = template(name)
    assert found is not None
    return begin_from_gallery(author=owner, template=found, language=language).pk


def _reminder(owner: User, language: str) -> int:
    """A plain text: the link itself is in the message that asked for the confirmation."""
    text = _(
        "Hello!\n\nYou signed up for our mailings and have not confirmed it yet. Please find our"
        " earlier message and follow the link in it.\n\nIf you did not sign up, do nothing: you"
        " will get no mailings."
    )
    message = Message(
        owner=owner,
        name=_("Double opt-in reminder"),
        subject=_("Please confirm your subscription"),
        text=text,
        language=language,
    )
    return MessageService(owner).save(message).pk


class OwnThings:
    """What one owner has, or gets."""

    def __init__(self, owner: User) -> None:
        self.owner = owner

    def newest_list(self) -> int | None:
        """The newest list, if there is any."""
        rows = MailingList.objects.filter(owner=self.owner, archived_at=None)
        return rows.order_by("-pk").values_list("pk", flat=True).first()

    def tag(self, name: str) -> int:
        """The tag of this name."""
        return Tag.objects.get_or_create(owner=self.owner, name=name)[0].pk

    def segment(self, name: str, root: Raw) -> int:
        """The segment of this name; made with these conditions when there is none."""
        rows = Segment.objects.filter(owner=self.owner, archived_at=None, name__iexact=name)
        found = rows.values_list("pk", flat=True).first()
        if found is not None:
            return found
        made = Segment(owner=self.owner, name=name, tree={"version": 1, "root": root})
        return SegmentService(self.owner).save(made).pk

    def date_field(self, *stems: str, otherwise: str) -> str:
        """The custom field with a date whose name has one of these; else that name."""
        kind = AttributeDefinition.Kind.DATE
        rows = AttributeDefinition.objects.filter(owner=self.owner, kind=kind, archived_at=None)
        names = list(rows.values_list("name", flat=True))
        fitting = (name for name in names for stem in stems if stem in name.casefold())
        return next(fitting, otherwise)
