"""What a mailing measures of its letters, and the rows of its measured links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.content.program.tracked import Destination, Tracker
from apps.mailings.models import Channel, Mailing, Run, TrackedLink, Tracking
from apps.mailings.run_content import contents_in_force, measured_bodies_of


def tracking_of(mailing: Mailing) -> str:
    """What its letters measure: what it says itself where it may, else what TRACKING says.

    A letter to one person measures nothing unless its call asks for it, and one that asks for a
    confirmation nothing at all. Only emails can be measured.
    """
    if mailing.purpose == Mailing.Purpose.CONFIRMATION:
        return Tracking.OFF
    if all(channel != Channel.EMAIL for channel, _account in mailing.routes):
        return Tracking.OFF
    own = mailing.tracking if settings.TRACKING_CHOICE else ""
    usual = Tracking.OFF if mailing.kind == Mailing.Kind.TRANSACTIONAL else settings.TRACKING
    return own or str(usual)


def text_tracking_of(mailing: Mailing) -> bool:
    """True if the links of its text part are measured too: as it says itself where it may, else
    as TRACKING_TEXT says."""
    if tracking_of(mailing) == Tracking.OFF:
        return False
    own = mailing.tracking_text if settings.TRACKING_CHOICE else None
    return bool(settings.TRACKING_TEXT if own is None else own)


def measuring_shown(mailing: Mailing) -> str:
    """What it measures, as people read it."""
    level = str(Tracking(tracking_of(mailing)).label)
    if not text_tracking_of(mailing):
        return level
    return _("%(level)s, including links of the text version") % {"level": level}


def measured_of(mailing: Mailing) -> dict[str, Any]:
    """What the content of a run keeps of this: nothing where nothing is measured."""
    level = tracking_of(mailing)
    of_text = {"tracking_text": True} if text_tracking_of(mailing) else {}
    return {"tracking": level, **of_text} if level != Tracking.OFF else {}


def keep_links(run: Run) -> None:
    """Keep the measured links of the contents that the run, which is saved, has got now."""
    TrackedLink.objects.bulk_create(
        _row(run, version, content, one)
        for version, content in dict(contents_in_force(run).values()).items()
        if version >= run.content_version
        for one in destinations_of(content)
    )


def destinations_of(content: Mapping[str, Any]) -> list[Destination]:
    """The measured links of a content, in the order of the letter."""
    tracker = Tracker("")
    measured_bodies_of(content, tracker)
    return tracker.destinations


def _row(run: Run, version: int, content: Mapping[str, Any], one: Destination) -> TrackedLink:
    blocks = content.get("links", ())
    block = blocks[one.kept - 1] if 0 < one.kept <= len(blocks) else ""
    return TrackedLink(
        run=run,
        version=version,
        number=one.number,
        address=one.address,
        label=one.label,
        block=block,
    )
