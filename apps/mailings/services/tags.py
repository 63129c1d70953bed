"""What people do to their tags."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Mailing, RecipientTag, Tag
from apps.users.models import User


class TagRefused(Refused):
    """The name is empty or taken."""

    code = "tag_refused"


def create_tag(*, owner: User, name: str) -> Tag:
    """A new tag. Raises TagRefused when the name is empty or taken."""
    name = " ".join(name.split())[:80]
    if not name:
        raise TagRefused(_("A tag needs a name."))
    tag, made = Tag.objects.get_or_create(owner=owner, name=name)
    if not made:
        raise TagRefused(_("There is a tag of that name already."))
    return tag


def rename_tag(*, tag: Tag, name: str, was: str = "") -> None:
    """Give the tag another name. ``was``: the name that whoever renames it has seen.

    Raises TagRefused when it is empty or another tag's, or when somebody else renamed it meanwhile.
    """
    name = " ".join(name.split())[:80]
    if not name:
        raise TagRefused(_("A tag needs a name."))
    if was and tag.name not in (was, name):
        words = _("Somebody has renamed this tag to “%(name)s” meanwhile: nothing was changed.")
        raise TagRefused(words % {"name": tag.name})
    try:
        with transaction.atomic():
            Tag.objects.filter(pk=tag.pk).update(name=name)
    except IntegrityError:
        raise TagRefused(_("There is a tag of that name: merge the two instead.")) from None


@transaction.atomic
def merge_tag(*, tag: Tag, into: Tag) -> None:
    """Everybody with ``tag`` gets the other one, and so do mailings; then it is gone."""
    if tag.pk == into.pk or tag.owner_id != into.owner_id:
        raise TagRefused(_("Choose another tag of yours."))
    have = RecipientTag.objects.filter(tag=into).values("recipient_id")
    RecipientTag.objects.filter(tag=tag).exclude(recipient_id__in=have).update(tag=into)
    for mailing in Mailing.objects.filter(filter_tags=tag):
        mailing.filter_tags.add(into)
    tag.delete()


def remove_tag(*, tag: Tag) -> None:
    """Take the tag from everybody. The recipients stay."""
    tag.delete()
