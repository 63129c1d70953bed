"""Whether a preflight speaks of the mailing as it is, and what a start asks of it.

Refused
├─ PreflightNeeded      preflight_needed    the installation wants one, and there is none
└─ PreflightFailed      preflight_failed    it wants one without a fail
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.core.errors import ContentRefused, Refused
from apps.core.text.formatting import refusal
from apps.delivery.engine.render import snapshot_of
from apps.delivery.engine.staging.beginning import files_mark
from apps.delivery.models import Preflight
from apps.mailings.models import Experiment, Mailing, Run
from apps.mailings.rules import rule_of
from apps.mailings.services.experiments.variants import experiment_of, written
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.publishing.archive import utm_of

#: What ``PREFLIGHT`` in ``.env`` may ask of a start.
OFFERED, REQUIRED, CLEAN = "offered", "required", "clean"


class PreflightNeeded(Refused):
    """Nobody has looked at the mailing as it is, and this installation wants that first."""

    code = "preflight_needed"


class PreflightFailed(Refused):
    """The preflight has found what this installation does not send."""

    code = "preflight_failed"


def fingerprint_of(mailing: Mailing) -> str:
    """Of all that a preflight looks at: content, audience rule, sender, routes and schedule.

    Needs the mailing's message, sender and owner. Of a repeated mailing the schedule is its rule:
    the next start is not another mailing.
    """
    content = _content_of(mailing)
    rule = rule_of(mailing, timezone.now()).as_json() | {"moment": ""}
    ids = mailing.recipients.order_by("pk").values_list("pk", flat=True)
    chosen = [] if mailing.everyone else list(ids)
    parts = {
        "content": content | {"revision": 0},
        "rule": rule,
        "chosen": chosen,
        "sender": _sender_of(mailing),
        "routes": mailing.routes,
        "schedule": _schedule_of(mailing),
    }
    if files := files_mark(mailing):
        parts["files"] = files
    if utm := utm_of(mailing):
        parts["utm"] = utm
    if further := translations_of(mailing.message):
        parts["languages"] = [mailing.message.language, further]
    if mailing.other_languages != Mailing.OtherLanguages.FALLBACK:
        parts["other_languages"] = mailing.other_languages
    if (experiment := experiment_of(mailing)) is not None:
        parts["experiment"] = _experiment_of(mailing, experiment)
    text = json.dumps(parts, cls=DjangoJSONEncoder, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _experiment_of(mailing: Mailing, experiment: Experiment) -> list[Any]:
    """What each variant sends, from whom and when; what decides is no part of a letter."""
    made = [one.mailing for one in written(mailing, experiment)[1:]]
    return [
        [_content_of(one) | {"revision": 0}, _sender_of(one), one.local_from, one.local_to]
        for one in made
    ]


def _content_of(mailing: Mailing) -> dict[str, Any]:
    """What would be sent; of a message that cannot be, what it is refused for, and its version."""
    message = mailing.message
    try:
        return snapshot_of(message, domain="", fields=mailing.fields, entries=())
    except ContentRefused as refused:
        return {"refused": refused.code, "message": [message.pk, message.updated_at]}


def _sender_of(mailing: Mailing) -> list[Any]:
    sender = mailing.sender
    if sender is None:
        return []
    known = [sender.confirmed_at is not None, sender.archived_at is not None]
    return [sender.pk, sender.name, sender.address, sender.reply_to, sender.accounts, *known]


def _schedule_of(mailing: Mailing) -> list[Any]:
    hours = [mailing.local_from, mailing.local_to]
    if not mailing.repeat:
        return [mailing.starts_at, mailing.ends_at, *hours]
    length = (mailing.ends_at - mailing.starts_at).total_seconds()
    return [mailing.repeat, mailing.repeat_zone, mailing.repeat_until, length, *hours]


def check_preflight(mailing: Mailing) -> None:
    """Raise the Refused that keeps this mailing from starting, if the installation wants that.

    A message to one recipient, and the letter that confirms a subscription, are asked for nothing.
    """
    of_many = mailing.kind == Mailing.Kind.MAILING
    if settings.PREFLIGHT == OFFERED or not of_many:
        return
    if mailing.purpose == Mailing.Purpose.CONFIRMATION:
        return
    found = finished_for(mailing)
    if found is None:
        raise refusal(PreflightNeeded, _("Run the preflight of this mailing first."))
    if settings.PREFLIGHT == CLEAN and found.worst == Preflight.Worst.FAIL:
        text = _("The preflight has found problems. Fix them, then run it again.")
        raise refusal(PreflightFailed, text)


def newest(mailing: Mailing) -> Preflight | None:
    """The mailing's last preflight, whether it is finished or not."""
    return Preflight.objects.filter(mailing=mailing).order_by("-pk").first()


def finished_for(mailing: Mailing) -> Preflight | None:
    """The last finished one that speaks of the mailing as it is."""
    done = Preflight.objects.filter(mailing=mailing, state=Preflight.State.DONE)
    found = done.order_by("-pk").first()
    return found if found is not None and found.fingerprint == fingerprint_of(mailing) else None


def bind(run: Run, mailing: Mailing) -> None:
    """Keep what was known of the mailing with the run that is started now.

    A later run of the same mailing gets a copy: each keeps its own. A message to one recipient has
    none, and its start asks no further question.
    """
    of_many = mailing.kind == Mailing.Kind.MAILING
    found = finished_for(mailing) if of_many else None
    if found is None:
        return
    if Preflight.objects.filter(pk=found.pk, run=None).update(run=run):
        return
    moment: datetime = found.created_at
    found.pk, found.run = None, run
    found.save(force_insert=True)
    Preflight.objects.filter(pk=found.pk).update(created_at=moment)
