"""All of a mailing that a decision about it is bound to, as a hash and as parts for people."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.utils import timezone, translation

from apps.core.errors import ContentRefused
from apps.delivery.engine.render import snapshot_of
from apps.delivery.engine.runs import preflights
from apps.delivery.engine.staging.beginning import files_mark
from apps.mailings.models import Experiment, Feed, Mailing
from apps.mailings.rules import rule_of
from apps.mailings.selectors.mailings import audience_text
from apps.mailings.services.experiments.variants import Written, written
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.publishing.archive import utm_of
from apps.mailings.services.publishing.measured import measured_of

#: What of a mailing is not approved: how it stands, and when that changed. A new field is.
STANDING: Final = frozenset(
    {
        *("id", "created_at", "updated_at", "archived_at", "status", "scheduled_at"),
        *("is_active", "current_run", "start_refusal"),
    }
)
#: Of a repeated mailing the schedule is its rule: the next start is not another mailing.
_OF_OCCURRENCE: Final = frozenset({"starts_at", "ends_at", "repeat_from"})
_KEPT: Final = frozenset({"id", "created_at", "updated_at", "mailing_id", "experiment_id"})
_OF_FEED: Final = ("url", "limit", "at_least", "begin_with", "order")
#: Lines of one part that a page shows.
MOST_LINES: Final = 100
#: The parts in the order in which people read them.
PARTS: Final = (
    *("subject", "text", "html", "attachments", "languages", "variants", "files", "feed"),
    *("audience", "rule", "sender", "routes", "schedule", "settings"),
)


def fingerprint_of(mailing: Mailing) -> str:
    """Of content, audience rule, sender, accounts and schedule, and of every other field.

    Needs the mailing's message, sender and owner.
    """
    parts = [preflights.fingerprint_of(mailing), measured_of(mailing), *_rows(mailing)]
    return hashlib.sha256(_text(parts).encode()).hexdigest()


def _rows(mailing: Mailing) -> Iterator[Any]:
    yield fields_of(mailing)
    for field in Mailing._meta.many_to_many:
        yield [field.name, sorted(_ids(mailing, field.name))]
    experiment = Experiment.objects.filter(mailing=mailing).first()
    if experiment is not None:
        yield _values(experiment, _KEPT)
        yield [_values(one, _KEPT) for one in experiment.variants.order_by("number")]
    feed = Feed.objects.filter(mailing=mailing).first()
    if feed is not None:
        yield [getattr(feed, name) for name in _OF_FEED]


def fields_of(mailing: Mailing) -> dict[str, Any]:
    """The fields of a mailing that are approved with it, by their columns."""
    return _values(mailing, STANDING | (_OF_OCCURRENCE if mailing.repeat else frozenset()))


def _values(row: Model, without: frozenset[str]) -> dict[str, Any]:
    names = [field.attname for field in row._meta.concrete_fields]
    return {name: getattr(row, name) for name in names if name not in without}


def _ids(mailing: Mailing, name: str) -> list[int]:
    if name == "recipients" and mailing.everyone:
        return []
    return list(getattr(mailing, name).order_by("pk").values_list("pk", flat=True))


def parts_of(mailing: Mailing) -> dict[str, str]:
    """The same for people, each part as lines: what has no line is left out.

    In the language and zone of the installation, so that two of them can be compared.
    """
    with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
        found = {**_letter(mailing), **_around(mailing)}
    return {name: found[name] for name in PARTS if found.get(name)}


def _letter(mailing: Mailing) -> dict[str, str]:
    message = mailing.message
    try:
        content = snapshot_of(message, domain="", fields=mailing.fields, entries=())
    except ContentRefused as refused:
        return {"subject": message.subject, "text": refused.code}
    attachments = [f"{one['name']} ({one['sha256'][:12]})" for one in content["attachments"]]
    return {
        "subject": message.subject,
        "text": _lines(content.get("text")),
        "html": _lines(content.get("html")).replace("><", ">\n<"),
        "attachments": "\n".join(attachments),
        "languages": _lines(translations_of(message) or ""),
        "files": _lines(files_mark(mailing) or ""),
    }


def _around(mailing: Mailing) -> dict[str, str]:
    experiment = Experiment.objects.filter(mailing=mailing).first()
    feed = Feed.objects.filter(mailing=mailing).first()
    rule = rule_of(mailing, timezone.now()).as_json() | {"moment": ""}
    sender = mailing.sender
    variants = [
        _variant_line(one)
        for one in (written(mailing, experiment) if experiment is not None else ())
    ]
    terms = [] if experiment is None else [_lines(_values(experiment, _KEPT))]
    return {
        "variants": "\n".join([*variants, *terms]),
        "feed": _lines({one: getattr(feed, one) for one in _OF_FEED} if feed else ""),
        "audience": "\n".join(audience_text(mailing)),
        "rule": _lines({name: value for name, value in rule.items() if value}),
        "sender": "\n".join(filter(None, [str(sender), sender.reply_to])) if sender else "",
        "routes": "\n".join(f"{channel}: {account}" for channel, account in mailing.routes),
        "schedule": "\n".join(_schedule(mailing)),
        "settings": _lines({**_rest(mailing), "utm": utm_of(mailing), **measured_of(mailing)}),
    }


def _variant_line(one: Written) -> str:
    line = f"{one.letter}: {one.mailing.message.subject} ({one.mailing.sender or ''})"
    return f"{line} {one.hours[0]:%H:%M}" if one.hours is not None else line


def _schedule(mailing: Mailing) -> Iterator[str]:
    if mailing.repeat:
        yield f"{mailing.repeat} ({mailing.repeat_zone})"
        yield str(mailing.ends_at - mailing.starts_at)
    else:
        yield f"{timezone.localtime(mailing.starts_at):%Y-%m-%d %H:%M %Z}"
        yield f"{timezone.localtime(mailing.ends_at):%Y-%m-%d %H:%M %Z}"
    if mailing.repeat_until:
        yield f"{timezone.localtime(mailing.repeat_until):%Y-%m-%d %H:%M %Z}"
    if mailing.local_from:
        yield f"{mailing.local_from:%H:%M} – {mailing.local_to:%H:%M}"


#: Fields that have a part of their own, or are said by another one.
_ELSEWHERE: Final = frozenset(
    {
        *("channel", "account", "second_channel", "second_account", "third_channel"),
        *("third_account", "starts_at", "ends_at", "repeat", "repeat_zone", "repeat_until"),
        *("repeat_from", "local_from", "local_to", "owner_id", "kind", "utm"),
        *("tracking", "tracking_text"),
    }
)


def _rest(mailing: Mailing) -> dict[str, Any]:
    found = fields_of(mailing).items()
    return {name: value for name, value in found if name not in _ELSEWHERE and value}


def _lines(found: Any) -> str:
    """What is text as it is, any other thing as JSON over several lines."""
    if not found:
        return ""
    return found if isinstance(found, str) else _text(found, indent=1)


def _text(found: Any, indent: int | None = None) -> str:
    return json.dumps(
        found,
        cls=DjangoJSONEncoder,
        sort_keys=True,
        default=str,
        indent=indent,
        ensure_ascii=False,
    )


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """The parts that differ, each with its lines: ``- `` is gone, ``+ `` is new."""
    found = []
    for name in PARTS:
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
            kept = [one for one in list(lines)[2:] if not one.startswith("@@")]
            found.append((name, [f"{one[0]} {one[1:]}" for one in kept][:MOST_LINES]))
    return found
