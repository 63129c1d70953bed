"""What people do to their tags."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import EmptyResultSet
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.audit.acts import Act
from apps.core.audit.log import record
from apps.core.deletion.uses import check_unused
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings.models import Mailing, Recipient, RecipientTag, Tag

#: SQLite reads ON after FROM as the condition of a join, unless there is a WHERE.
_GIVE = """
INSERT INTO mailings_recipienttag (recipient_id, tag_id)
SELECT p.id, %s FROM ({people}) p WHERE true ON CONFLICT DO NOTHING
"""


class TagRefused(Refused):
    """The name is empty or taken."""

    code = "tag_refused"


def give_tag(*, tag: Tag, people: QuerySet[Recipient]) -> None:
    """Give the tag to all of these who do not have it, by one statement. The caller notes it."""
    try:
        sql, params = people.order_by().values("id").query.sql_with_params()
    except EmptyResultSet:
        return
    with connection.cursor() as cursor:
        cursor.execute(_GIVE.format(people=sql), [tag.pk, *params])


class TagService(BaseCRUDService[Tag]):
    """An actor's tags."""

    def rows(self) -> OwnedQuerySet[Tag]:
        return Tag.objects.all()

    def save(self, row: Tag) -> Tag:
        """Save a tag under its name. Raises TagRefused when that is empty or another tag's."""
        row.name = _spaced(row.name)
        if not row.name:
            raise TagRefused(_("A tag needs a name."))
        new = row.pk is None
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            if new:
                raise TagRefused(_("A tag with this name already exists.")) from None
            raise TagRefused(_("A tag with this name exists. Merge them instead.")) from None
        return row

    def remove(self, row: Tag, *, now: datetime) -> bool:
        """Delete the tag. The recipients stay. Raises StillUsed."""
        check_unused(row)
        row.delete()
        return True


def _spaced(name: str) -> str:
    return " ".join(name.split())[:80]


def rename_tag(*, tag: Tag, name: str, was: str = "") -> None:
    """Give the tag another name. ``was``: the name shown to the user who renames it.

    Raises TagRefused when it is empty or another tag's, or when somebody else renamed it meanwhile.
    """
    if was and tag.name not in (was, _spaced(name)):
        text = _("Somebody has renamed this tag to “%(name)s” meanwhile: nothing was changed.")
        raise TagRefused(text % {"name": tag.name})
    tag.name = name
    TagService(tag.owner).save(tag)


@transaction.atomic
def merge_tag(*, tag: Tag, into: Tag) -> None:
    """Everybody with ``tag`` gets the other one, and so do mailings; then it is gone.

    Raises TagRefused, StillUsed.
    """
    if tag.pk == into.pk or tag.owner_id != into.owner_id:
        raise TagRefused(_("Choose another tag of yours."))
    check_unused(tag)
    have = RecipientTag.objects.filter(tag=into).values("recipient_id")
    moved = RecipientTag.objects.filter(tag=tag).exclude(recipient_id__in=have).update(tag=into)
    record(Act.TAGGED, into, details={"merged": tag.name}, count=moved)
    for mailing in Mailing.objects.filter(filter_tags=tag):
        mailing.filter_tags.add(into)
    for mailing in Mailing.objects.filter(exclude_tags=tag):
        mailing.exclude_tags.add(into)
    tag.delete()
