"""Who is in a source, and who was and is no more: by tags, in the transaction of the import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from apps.mailings.importing.staging.sql import RECIPIENT, RECIPIENT_TAG, TAG
from apps.mailings.models import Tag

CREATE_PRESENT: Final = (
    "CREATE TEMPORARY TABLE import_present AS"
    " SELECT DISTINCT placed.recipient_id FROM {placed} placed"
)
_INDEX: Final = "CREATE UNIQUE INDEX import_present_id ON import_present (recipient_id)"
_ABSENT_TAG: Final = (
    f"(SELECT known.id FROM {TAG} known"
    " WHERE known.owner_id = %(owner)s AND known.name = %(absent)s)"
)
#: Who is there again is changed by that.
NOTE_RETURNED: Final = f"""
INSERT INTO import_changed (line)
SELECT placed.line FROM {{placed}} placed JOIN {RECIPIENT_TAG} had
    ON had.recipient_id = placed.recipient_id AND had.tag_id = {_ABSENT_TAG}
WHERE NOT placed.is_new ON CONFLICT DO NOTHING"""
_FORGET_RETURNED: Final = f"""
DELETE FROM {RECIPIENT_TAG} WHERE tag_id = {_ABSENT_TAG}
    AND EXISTS (SELECT 1 FROM import_present p
        WHERE p.recipient_id = {RECIPIENT_TAG}.recipient_id)"""
_MISSING: Final = f"""
FROM {RECIPIENT_TAG} had JOIN {TAG} known ON known.id = had.tag_id
    JOIN {RECIPIENT} r ON r.id = had.recipient_id AND r.archived_at IS NULL
WHERE known.owner_id = %(owner)s AND known.name = %(present)s
    AND NOT EXISTS (SELECT 1 FROM import_present p WHERE p.recipient_id = had.recipient_id)"""
_COUNT_MISSING: Final = f"SELECT count(*) {_MISSING}"
_TAG_MISSING: Final = f"""
INSERT INTO {RECIPIENT_TAG} (recipient_id, tag_id)
SELECT had.recipient_id, {_ABSENT_TAG} {_MISSING} ON CONFLICT DO NOTHING"""


@dataclass(frozen=True, slots=True)
class Presence:
    """A pull of a source: everybody whom it brings has the ``tag``, and who had it and is in the
    source no more gets ``missing``, as long as that lasts."""

    tag: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """The stage's database: ``run`` executes a statement, ``number`` reads what one counts."""

    run: Callable[..., int]
    number: Callable[..., int]
    placed: str


def tag_missing(presence: Presence, database: Database, *, owner_id: int, dry_run: bool) -> int:
    """Tag who is missing, before those who are there get the source's own tag. Returns how many."""
    names = {"present": presence.tag, "absent": presence.missing}
    database.run(CREATE_PRESENT.format(placed=database.placed))
    database.run(_INDEX)
    database.run(NOTE_RETURNED.format(placed=database.placed), **names)
    missing = database.number(_COUNT_MISSING, **names)
    if not dry_run:
        database.run(_FORGET_RETURNED, **names)
        if missing:
            Tag.objects.get_or_create(owner_id=owner_id, name=presence.missing)
            database.run(_TAG_MISSING, **names)
    return missing
