"""Triggers and steps in words, with the names of what they mention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from django.utils import dates
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from apps.automations.definition.flow import NO, Raw
from apps.automations.showing.offers import TABLES, names_of
from apps.mailings.segments import SegmentInvalid, checked, sentence
from apps.users.models import User

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60))
#: What begins an automation, in a word.
TRIGGERS: Final = {
    "subscribed": pgettext_lazy("trigger", "Subscription"),
    "tag": pgettext_lazy("trigger", "Tag"),
    "segment": pgettext_lazy("trigger", "Segment"),
    "date": pgettext_lazy("trigger", "Date"),
    "sent": pgettext_lazy("trigger", "Mailing sent"),
    "opened": pgettext_lazy("trigger", "Mailing opened"),
    "clicked": pgettext_lazy("trigger", "Click in a mailing"),
    "event": pgettext_lazy("trigger", "Event"),
    "manual": pgettext_lazy("trigger", "Manual"),
}
#: What stands in the place of something that is not chosen yet.
UNKNOWN: Final = "…"


def span_text(seconds: object) -> str:
    """A length of time in days, hours and minutes."""
    if not isinstance(seconds, int):
        return UNKNOWN
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(_counted(unit, count))
    return " ".join(parts) or _counted("m", 0)


def _counted(unit: str, count: int) -> str:
    if unit == "d":
        text = ngettext("%(count)d day", "%(count)d days", count)
    elif unit == "h":
        text = ngettext("%(count)d hour", "%(count)d hours", count)
    else:
        text = ngettext("%(count)d minute", "%(count)d minutes", count)
    return text % {"count": count}


def _ids(value: Any) -> Iterator[tuple[str, int]]:
    """Everything in a draft that names a row, as kind and id."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in TABLES and isinstance(inner, int):
                yield name, inner
            elif name not in ("tree", "goal"):
                yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)


class Speaker:
    """Says the parts of one owner's draft or version."""

    def __init__(self, owner: User, draft: Mapping[str, Any], steps: Iterable[Raw]) -> None:
        self.owner = owner
        self.names = names_of(set(_ids(dict(draft))), owner.pk)
        self.letters = {
            one["key"]: self._name("message", one.get("message"))
            for one in steps
            if one["kind"] == "send"
        }

    def _name(self, kind: str, pk: object) -> str:
        if not isinstance(pk, int):
            return UNKNOWN
        return self.names.get((kind, pk), f"(id:{pk})")

    def trigger(self, raw: object) -> str:
        """What begins it."""
        if not isinstance(raw, dict):
            return UNKNOWN
        kind = raw.get("kind")
        if kind == "date":
            return self._near(raw)
        values = {
            "list": self._name("list", raw.get("list")),
            "tag": self._name("tag", raw.get("tag")),
            "segment": self._name("segment", raw.get("segment")),
            "mailing": self._name("mailing", raw.get("mailing")),
            "name": raw.get("name") or UNKNOWN,
        }
        texts = {
            "subscribed": _("Subscribed to “%(list)s”"),
            "tag": _("Got the tag “%(tag)s”"),
            "segment": _("Entered the segment “%(segment)s”"),
            "sent": _("Was sent “%(mailing)s”"),
            "opened": _("Opened “%(mailing)s”"),
            "clicked": _("Clicked a link in “%(mailing)s”"),
            "event": _("The event “%(name)s” was reported"),
            "manual": _("Added manually, by a program or by another automation"),
        }
        return texts.get(str(kind), UNKNOWN) % values

    def _near(self, raw: Raw) -> str:
        days, name = raw.get("days") or 0, raw.get("field") or UNKNOWN
        at = _clock(raw.get("at", "10:00"))
        if days < 0:
            text = _("%(days)s before the date in “%(field)s”, at %(at)s")
        elif days > 0:
            text = _("%(days)s after the date in “%(field)s”, at %(at)s")
        else:
            text = _("On the date in “%(field)s”, at %(at)s")
        if raw.get("yearly", True):
            text = _("%(what)s, every year") % {"what": text}
        return text % {"days": _counted("d", abs(days)), "field": name, "at": at}

    def reentry(self, raw: object) -> str:
        """Who may come in again."""
        kind = raw.get("kind", "once") if isinstance(raw, dict) else "once"
        if kind == "days":
            days = (raw.get("days") if isinstance(raw, dict) else None) or 1
            return _("Again after %(days)s") % {"days": _counted("d", days)}
        texts = {
            "once": _("Each recipient once"),
            "finished": _("Again after the end"),
            "always": _("Every time"),
        }
        return texts.get(str(kind), UNKNOWN)

    def exits(self, raw: object) -> list[str]:
        """When somebody leaves early."""
        rules = raw if isinstance(raw, dict) else {}
        found = []
        if rules.get("goal") is not None:
            found.append(_("Goal: %(goal)s") % {"goal": self.tree(rules["goal"])})
        if rules.get("unsubscribed", True):
            found.append(pgettext("person", "Unsubscribed"))
        if rules.get("suppressed", True):
            found.append(pgettext("person", "Suppressed"))
        return [*found, pgettext("person", "Archived")]

    def tree(self, tree: Any) -> str:
        """A segment's condition."""
        try:
            return sentence(checked(tree, self.owner), self.owner)
        except SegmentInvalid:
            return UNKNOWN

    def step(self, raw: Raw) -> str:
        """What a step does."""
        return _STEPS[raw["kind"]](self, raw)

    def branch(self, raw: Raw, name: str) -> str:
        """What leads into a branch."""
        if raw["kind"] == "split":
            shares = raw.get("shares") or []
            at = int(name) - 1
            share = shares[at].get("share") if at < len(shares) else UNKNOWN
            return f"{share}\N{NO-BREAK SPACE}%"
        if raw["kind"] == "wait":
            return _("Time is up") if name == NO else _("It happened")
        return pgettext("branch", "No") if name == NO else pgettext("branch", "Yes")

    def send(self, raw: Raw) -> str:
        return _("Send “%(message)s”") % {"message": self._name("message", raw.get("message"))}

    def wait(self, raw: Raw) -> str:
        until = raw.get("until")
        if isinstance(until, dict):
            values = {"what": self._until(until), "span": span_text(raw.get("seconds"))}
            return _("Wait until %(what)s, at most %(span)s") % values
        if raw.get("field") is not None:
            return self._until_date(raw)
        if raw.get("at") is not None:
            values = {"at": _clock(raw["at"]), "days": _weekdays(raw.get("weekdays"))}
            return _("Wait until %(at)s, %(days)s") % values
        return _("Wait %(span)s") % {"span": span_text(raw.get("seconds"))}

    def _until(self, until: Raw) -> str:
        if until.get("tag") is not None:
            return _("the tag “%(tag)s” is added") % {"tag": self._name("tag", until["tag"])}
        if until.get("event") is not None:
            return _("the event “%(name)s” is reported") % {"name": until["event"]}
        letter = self.letters.get(until.get("letter"), UNKNOWN)
        if until.get("did") == "clicked":
            return _("a link in “%(message)s” is clicked") % {"message": letter}
        return _("“%(message)s” is opened") % {"message": letter}

    def _until_date(self, raw: Raw) -> str:
        days = raw.get("days") or 0
        if days < 0:
            text = _("Wait until %(days)s before the date in “%(field)s”")
        elif days > 0:
            text = _("Wait until %(days)s after the date in “%(field)s”")
        else:
            text = _("Wait until the date in “%(field)s”")
        said = text % {"days": _counted("d", abs(days)), "field": raw["field"]}
        return f"{said}, {_clock(raw['at'])}" if raw.get("at") is not None else said

    def condition(self, raw: Raw) -> str:
        if raw.get("tree") is not None:
            return _("If %(condition)s") % {"condition": self.tree(raw["tree"])}
        letter = {"message": self.letters.get(raw.get("letter"), UNKNOWN)}
        texts = {
            "sent": _("If “%(message)s” was sent"),
            "opened": _("If “%(message)s” was opened"),
            "clicked": _("If a link in “%(message)s” was clicked"),
            "bounced": _("If “%(message)s” bounced"),
        }
        return texts.get(str(raw.get("did")), _("If …")) % letter

    def split(self, raw: Raw) -> str:
        return _("Split by share")

    def act(self, raw: Raw) -> str:
        values = {
            "tag": self._name("tag", raw.get("tag")),
            "list": self._name("list", raw.get("list")),
            "automation": self._name("automation", raw.get("automation")),
            "name": raw.get("name") or UNKNOWN,
            "value": raw.get("value") or "",
        }
        texts = {
            "add_tag": _("Add the tag “%(tag)s”"),
            "remove_tag": _("Remove the tag “%(tag)s”"),
            "subscribe": _("Subscribe to “%(list)s”"),
            "unsubscribe": _("Unsubscribe from “%(list)s”"),
            "set_attribute": _("Set “%(name)s” to “%(value)s”"),
            "enrol": _("Add to the automation “%(automation)s”"),
            "archive": _("Archive the recipient"),
        }
        return texts.get(str(raw.get("act")), UNKNOWN) % values

    def exit(self, raw: Raw) -> str:
        reason = raw.get("reason")
        return _("Exit: %(reason)s") % {"reason": reason} if reason else pgettext("step", "Exit")


_STEPS: Final[Mapping[str, Callable[[Speaker, Raw], str]]] = {
    "send": Speaker.send,
    "wait": Speaker.wait,
    "condition": Speaker.condition,
    "split": Speaker.split,
    "act": Speaker.act,
    "exit": Speaker.exit,
}


def _clock(value: object) -> str:
    """A time of the day to the minute."""
    return str(value)[:5]


def _weekdays(chosen: object) -> str:
    if not isinstance(chosen, list) or not chosen or len(set(chosen)) == 7:
        return _("any day")
    found = [str(dates.WEEKDAYS_ABBR[one]) for one in chosen if one in dates.WEEKDAYS_ABBR]
    return ", ".join(found)
