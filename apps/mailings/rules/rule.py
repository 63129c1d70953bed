"""The rule of an audience as data: of a mailing, of a form, and as a run keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django.conf import settings

from apps.core.values.time_zones import time_zone
from apps.mailings.ledger.permission.rights import Rights
from apps.mailings.models import Mailing, Message, MessageTranslation, Run
from apps.mailings.segments import Ground, ground_in

#: Ids above the first and up to the second.
Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SegmentTerm:
    """A segment with its conditions as they were."""

    id: int
    tree: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Who is kept out. ``days``: who got anything in so many. ``again``: mailings that ask the same
    people again; who is in one of them is not asked by another."""

    lists: tuple[int, ...] = ()
    segments: tuple[SegmentTerm, ...] = ()
    tags: tuple[int, ...] = ()
    mailings: tuple[int, ...] = ()
    days: int | None = None
    again: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        named = self.lists or self.segments or self.tags or self.mailings or self.again
        return bool(named or self.days)


@dataclass(frozen=True)
class Rule:
    """``chosen``: people chosen one by one for the mailing ``mailing_id`` belong to it.

    ``single``: a message to one of them. ``languages``: who speaks another one is left out; empty:
    nobody is for that.
    """

    owner_id: int
    moment: datetime
    zone: str
    mailing_id: int | None = None
    everyone: bool = False
    lists: tuple[int, ...] = ()
    segments: tuple[SegmentTerm, ...] = ()
    tags: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    chosen: bool = False
    exclude: Exclusions = field(default_factory=Exclusions)
    basis: str = Mailing.Basis.STATED.value
    purpose: str = Mailing.Purpose.MARKETING.value
    on_cap: str = Mailing.OnCap.WAIT.value
    single: bool = False
    languages: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As a run keeps it."""
        return asdict(self) | {"moment": self.moment.isoformat()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Rule:
        """The rule that a run has kept."""
        exclude = dict(kept["exclude"])
        segments = _terms(exclude.pop("segments"))
        days = exclude.pop("days")
        excluded = {name: tuple(ids) for name, ids in exclude.items()}
        lists = ("lists", "tags", "codes")
        made: dict[str, Any] = {name: tuple(kept[name]) for name in lists}
        made |= {name: value for name, value in kept.items() if name not in _MADE}
        return cls(
            **made,
            moment=datetime.fromisoformat(kept["moment"]),
            segments=_terms(kept["segments"]),
            exclude=Exclusions(segments=segments, days=days, **excluded),
            languages=tuple(kept.get("languages", ())),
        )

    @property
    def rights(self) -> Rights:
        return Rights(
            basis=self.basis,
            lists=self.lists,
            purpose=self.purpose,
            on_cap=self.on_cap,
            single=self.single,
        )

    @property
    def only_chosen(self) -> bool:
        """Nobody but people chosen one by one."""
        return not (self.everyone or self.lists or self.segments or self.tags or self.codes)

    def ground(self, window: Window | None = None) -> Ground:
        """What the conditions of its segments are asked about: the moment and zone are its own."""
        return replace(self._ground, window=window)

    @cached_property
    def _ground(self) -> Ground:
        """Asked once, for each term and each window needs it."""
        return ground_in(self.zone, self.owner_id, self.moment)


_MADE: Final = frozenset({"moment", "lists", "tags", "codes", "segments", "exclude", "languages"})


def _terms(kept: Iterable[Mapping[str, Any]]) -> tuple[SegmentTerm, ...]:
    return tuple(SegmentTerm(one["id"], one["tree"]) for one in kept)


def rule_of(mailing: Mailing, now: datetime) -> Rule:
    """The rule of a mailing as it is saved."""
    zone = time_zone(mailing.owner.time_zone) or settings.TIME_ZONE
    rule = Rule(
        owner_id=mailing.owner_id,
        mailing_id=mailing.pk,
        moment=now,
        zone=zone,
        chosen=True,
        purpose=mailing.purpose,
        single=mailing.kind == Mailing.Kind.TRANSACTIONAL,
    )
    if rule.single:
        return rule
    return replace(
        rule,
        everyone=mailing.everyone,
        lists=_ids(mailing.lists),
        segments=_segments(mailing.segments),
        tags=() if mailing.everyone else _ids(mailing.filter_tags),
        codes=tuple(mailing.filter_operator_codes),
        exclude=Exclusions(
            lists=_ids(mailing.exclude_lists),
            segments=_segments(mailing.exclude_segments),
            tags=_ids(mailing.exclude_tags),
            mailings=_ids(mailing.exclude_mailings),
            days=mailing.exclude_mailed_days,
            again=_again(mailing),
        ),
        basis=mailing.basis,
        on_cap=mailing.on_cap,
        languages=languages_asked(mailing.message, mailing.other_languages),
    )


def languages_asked(message: Message | None, other_languages: str) -> tuple[str, ...]:
    """The languages that a recipient must speak one of; empty: any will do."""
    if message is None or other_languages != Mailing.OtherLanguages.LEAVE_OUT:
        return ()
    rows = MessageTranslation.objects.filter(message_id=message.pk).order_by("language")
    further = rows.values_list("language", flat=True)
    return tuple(filter(None, (message.language, *further)))


def rule_of_run(run: Run, now: datetime) -> Rule:
    """The rule that the run has kept; of an older run that of its mailing."""
    return rule_of(run.mailing, now) if run.rule is None else Rule.from_json(run.rule)


def _ids(rows: Any) -> tuple[int, ...]:
    """In their own order: the first list is the first by whose right is written."""
    return tuple(rows.values_list("pk", flat=True))


def _again(mailing: Mailing) -> tuple[int, ...]:
    """The mailings that write again to those of the same run, this one among them."""
    if mailing.again_of_id is None:
        return ()
    return _ids(Mailing.objects.filter(again_of=mailing.again_of_id).order_by("pk"))


def _segments(rows: Any) -> tuple[SegmentTerm, ...]:
    return tuple(SegmentTerm(pk, tree) for pk, tree in rows.values_list("pk", "tree"))
