"""What a run sends, as its snapshot keeps it: sources, or parts with the conditions they ask.

``content["html"]`` and ``content["text"]`` are each a source or a list of parts;
``content["conditions"]`` are what the parts ask, and ``content["asked"]`` which bit of a delivery
stands for which tag or segment, these with their conditions as they were. ``content["view_page"]``:
whether a page shows the letter to anybody who has its link. ``content["utm"]``: what is added to
its links, and ``content["links"]`` the block that each link of a document stands in;
``content["tracking"]`` what is measured of its letters, and ``content["tracking_text"]`` whether
links of the text part are as well.
``content["embedded"]``: the pictures that an email carries; elsewhere they are loaded.

A run has one content, or one for each language and each variant of an experiment.
``content["choice"]`` of a run with several says which version goes to whom: ``{"languages":
{"ru": 1, "en": 2}, "other": 1}``, and with variants ``"split"``: the versions of the second
variant follow those of the first. The version is written into ``Delivery.content_version`` by the
freeze, and by adding somebody later, so a letter that is tried again is the same letter. A content
that is replaced in a pause leads to the newest of its language; so do all variants, once one of
them is chosen, to that one.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from functools import partial
from typing import Any, Final

from django.db.models import Case, CharField, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import MD5, Cast, Concat, Substr
from django.db.models.lookups import LessThan

from apps.core.content.program import (
    Asked,
    Condition,
    Program,
    asked_by,
    from_html,
    from_text,
)
from apps.core.content.program.links import Change, Found, Walk
from apps.core.content.program.parts import Part
from apps.core.content.program.tracked import Tracker, tracked
from apps.core.content.program.utm import tagged
from apps.mailings.models import (
    Delivery,
    Recipient,
    Run,
    RunContent,
    RunExperiment,
    Tracking,
)

#: The column of an audience whose content is chosen for each person.
VERSION: Final = "content_version"
#: The column of an audience that says of each person whether it is in the sample.
SAMPLED: Final = "sampled"
_KEY: Final = "choice"


@dataclass(frozen=True, slots=True)
class Bodies:
    """A letter's bodies, and whether they were made of blocks."""

    text: Program
    html: Program
    of_blocks: bool


def bodies_of(content: Mapping[str, Any], carried: Collection[str] = ()) -> Bodies:
    """The bodies of a snapshot. ``carried``: the content ids of the pictures that go with it.

    Raises TemplateRefused.
    """
    text, html = content["text"], content["html"]
    conditions = conditions_of(content)
    asked = asked_of(content)
    bodies = Bodies(
        from_text(text) if isinstance(text, str) else Program.from_json(text, conditions, asked),
        from_html(html) if isinstance(html, str) else Program.from_json(html, conditions, asked),
        of_blocks=not isinstance(html, str),
    )
    loaded = {
        f"cid:{one['cid']}": one["address"]
        for one in content.get("embedded", ())
        if one["cid"] not in carried
    }
    if loaded:
        bodies = replace(bodies, html=bodies.html.with_literals(partial(_replaced, loaded)))
    return _with_utm(bodies, *_changes(content)) if content.get("utm") else bodies


def measured_bodies_of(
    content: Mapping[str, Any], tracker: Tracker, carried: Collection[str] = ()
) -> Bodies | None:
    """The same with links that pass by this site; None where nothing is measured.

    Raises TemplateRefused.
    """
    if level_in(content) == Tracking.OFF:
        return None
    plain = bodies_of({**content, "utm": {}}, carried)
    both = plain.text, plain.html
    text, html = tracked(*both, _changes(content), tracker, with_text=tracks_text(content))
    return replace(plain, text=text, html=html)


def level_in(content: Mapping[str, Any]) -> str:
    """What a run with this content measures; those of before there was a choice: nothing."""
    return str(content.get("tracking", Tracking.OFF))


def tracks_text(content: Mapping[str, Any]) -> bool:
    """True if the links of its text part are measured beside those of the HTML."""
    return bool(content.get("tracking_text"))


def _replaced(addresses: Mapping[str, str], text: str) -> str:
    for cid, address in addresses.items():
        text = text.replace(cid, address)
    return text


def _changes(content: Mapping[str, Any]) -> tuple[Change, Change]:
    """What becomes of a link of the HTML, and of the text: once for a run, so that no letter pays
    for it."""
    utm, blocks = content.get("utm"), content.get("links", ())
    if not utm:
        return _as_it_is, _as_it_is
    return tagged(utm, blocks, in_html=True), tagged(utm, blocks, in_html=False)


def _as_it_is(found: Found) -> Sequence[Part]:
    return found.parts


def _with_utm(bodies: Bodies, in_html: Change, in_text: Change) -> Bodies:
    walk = Walk()
    html = walk.html(bodies.html, in_html)
    return replace(bodies, html=html, text=walk.text(bodies.text, in_text))


def conditions_of(content: Mapping[str, Any]) -> list[Condition]:
    """The conditions of a snapshot, in the order in which its parts count them."""
    return [Condition.from_json(one) for one in content.get("conditions", ())]


def asked_of(content: Mapping[str, Any]) -> tuple[Asked, ...]:
    """Which tags and segments its deliveries have bits for; of one not launched, would have."""
    if "asked" in content:
        return tuple((one["kind"], one["id"]) for one in content["asked"])
    return asked_by(conditions_of(content))


def has_page(content: Mapping[str, Any]) -> bool:
    """True if a page shows the letter to anybody who has its link.

    Not a letter of blocks of before there was such a page: it may hold a code.
    """
    return bool(content.get("view_page", isinstance(content["html"], str)))


def links_to_page(content: Mapping[str, Any]) -> bool:
    """True if the letter leads to its page: only then a link is made for every recipient."""
    parts = (content["subject"], content["text"], content["html"])
    return has_page(content) and any("view_url" in str(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Split:
    """Who gets which variant, and who is in the sample: by a hash of the recipient under ``key``.

    So it is the same whenever it is asked, and nothing of it is stored. ``step``: versions that
    each variant has; ``share``: how many of a hundred are the sample. ``hours``: from when to when
    of a recipient's day each variant is sent; None: as the mailing says, empty: so are all.
    """

    count: int
    step: int
    share: int
    key: str
    hours: Sequence[Sequence[str] | None] = ()

    @classmethod
    def made(cls, *, step: int, share: int, hours: Sequence[tuple[time, time] | None]) -> Split:
        """One with a key of its own: what somebody got in one run says nothing about the next."""
        kept = [pair and [clock.isoformat() for clock in pair] for pair in hours]
        return cls(len(hours), step, share, secrets.token_hex(8), kept if any(kept) else ())

    @property
    def has_rest(self) -> bool:
        """True if some wait for the decision."""
        return self.share < 100

    def as_json(self) -> dict[str, Any]:
        """As a run keeps it."""
        kept = {"count": self.count, "step": self.step, "share": self.share, "key": self.key}
        return {**kept, "hours": self.hours} if self.hours else kept

    def variant_of(self, version: int) -> int:
        """The number of the variant, from 1, that this version is one of."""
        return (version - 1) // self.step + 1

    def own_hours(self, leads: Mapping[int, int]) -> dict[int, tuple[time, time]]:
        """By version the hours of what it ``leads`` to, where that variant has its own."""
        versions = range(1, self.count * self.step + 1) if self.hours else ()
        pairs = {at: self.hours[self.variant_of(leads.get(at, at)) - 1] for at in versions}
        return {
            version: (time.fromisoformat(pair[0]), time.fromisoformat(pair[1]))
            for version, pair in pairs.items()
            if pair
        }

    def offset(self) -> Case:
        """What is added to the version of the first variant, from the first part of the hash."""
        hashed = Substr(self._hash(), 1, _DIGITS)
        return _by_parts(hashed, [number * self.step for number in range(self.count)])

    def sampled(self) -> Case:
        """1 for those in the sample, else 0; another part of the hash, which knows no variant."""
        hashed = Substr(self._hash(), 1 + _DIGITS, _DIGITS)
        within = When(LessThan(hashed, Value(_hex(self.share / 100))), then=Value(1))
        return Case(within, default=Value(0), output_field=IntegerField())

    def _hash(self) -> MD5:
        person = Cast(F("pk"), CharField())
        return MD5(Concat(Value(self.key), person, output_field=CharField()))


#: Hexadecimal digits of the hash that one question reads.
_DIGITS: Final = 8


def _hex(share: float) -> str:
    """Below this text of hexadecimal digits lies this share of all."""
    return f"{min(int(share * 16**_DIGITS), 16**_DIGITS - 1):0{_DIGITS}x}"


def _by_parts(hashed: Substr, values: Sequence[int]) -> Case:
    """One of the values, each for an equal part of all hashes."""
    whens = [
        When(LessThan(hashed, Value(_hex(number / len(values)))), then=Value(value))
        for number, value in enumerate(values[:-1], 1)
    ]
    return Case(*whens, default=Value(values[-1]), output_field=IntegerField())


@dataclass(frozen=True, slots=True)
class Choice:
    """Versions by language as they were at the launch; ``other``: for everybody else.

    ``split``: of a run with variants; the versions are then those of the first.
    """

    languages: Mapping[str, int]
    other: int
    split: Split | None = None

    def as_json(self) -> dict[str, Any]:
        """As a run keeps it."""
        kept = {"languages": dict(self.languages), "other": self.other}
        return kept | ({"split": self.split.as_json()} if self.split is not None else {})

    def chosen(self) -> Combinable:
        """The version of each recipient: of the language and, in an experiment, of the variant."""
        version = self._of_language()
        return version if self.split is None else version + self.split.offset()

    def _of_language(self) -> Case:
        """Of the language, else of its base (``ru-ru``: ``ru``)."""
        exact = [When(language=code, then=Value(at)) for code, at in self.languages.items()]
        base = [
            When(language__startswith=f"{code}-", then=Value(at))
            for code, at in self.languages.items()
        ]
        default = Value(self.other)
        return Case(*exact, *base, default=default, output_field=IntegerField())


def choice_of(content: Mapping[str, Any]) -> Choice | None:
    """How this content of a run was chosen; None where it is the only one."""
    kept = content.get(_KEY)
    if not kept:
        return None
    split = Split(**kept["split"]) if "split" in kept else None
    return Choice(kept["languages"], kept["other"], split)


def own_hours_of(
    content: Mapping[str, Any], leads: Mapping[int, int] | None
) -> dict[int, tuple[time, time]]:
    """By version the hours of a recipient's day of those variants that have their own.

    ``leads``: as newest_versions says.
    """
    choice = choice_of(content)
    split = choice.split if choice is not None else None
    return split.own_hours(leads or {}) if split is not None else {}


def chosen_by(content: dict[str, Any], choice: Choice) -> dict[str, Any]:
    """The content with the choice that leads to it."""
    return {**content, _KEY: choice.as_json()}


def with_version(rows: QuerySet[Recipient], choice: Choice) -> QuerySet[Recipient]:
    """Each with the version of the content that the person gets, and where only a sample gets one
    at first, whether it is of the sample."""
    rows = rows.annotate(**{VERSION: choice.chosen()})
    if choice.split is None or not choice.split.has_rest:
        return rows
    return rows.annotate(**{SAMPLED: choice.split.sampled()})


def served(languages: Iterable[str]) -> Q:
    """Who has one of these languages, or a variety of one."""
    found = Q(language__in=list(languages))
    for code in languages:
        found |= Q(language__startswith=f"{code}-")
    return found


def language_for(language: str, languages: Iterable[str]) -> str | None:
    """Which of the languages is theirs, by the rule of ``Choice``; None: none is."""
    if language in languages:
        return language
    base = language.partition("-")[0]
    return base if base in languages else None


def contents_of(run: Run) -> dict[int, dict[str, Any]]:
    """The content in force for every version that a delivery of the run may name.

    Only of one whose content was chosen: of others it is the run's own, whatever they name.
    """
    return {named: content for named, (_version, content) in contents_in_force(run).items()}


def contents_in_force(run: Run) -> dict[int, tuple[int, dict[str, Any]]]:
    """The same, each with its own version: that of a replaced content leads to a newer one."""
    own = run.content
    if choice_of(own) is None:
        return {run.content_version: (run.content_version, own)}
    found = {run.content_version: own}
    rows = RunContent.objects.filter(run_id=run.pk).values_list("version", "content")
    found |= dict(rows)
    leads = newest_versions(run) or {}
    newest = {version: leads.get(version, version) for version in found}
    return {version: (newest[version], found[newest[version]]) for version in found}


def newest_versions(run: Run) -> dict[int, int] | None:
    """Where the versions of replaced contents lead, and of variants that were not chosen.

    None for a run with one content.
    """
    choice = choice_of(run.content)
    if choice is None:
        return None
    own = (run.content.get("variant", 0), run.content["language"], run.content_version)
    rows = RunContent.objects.filter(run_id=run.pk).values_list("variant", "language", "version")
    found = [own, *rows]
    newest = {(variant, language): version for variant, language, version in sorted(found)}
    chosen = chosen_variant(run) if choice.split is not None else None
    leads = {at: newest[chosen or variant, language] for variant, language, at in found}
    return {at: to for at, to in leads.items() if at != to}


def chosen_variant(run: Run) -> int | None:
    """The variant that everybody gets from now on; None before that is decided."""
    rows = RunExperiment.objects.filter(run_id=run.pk)
    return rows.values_list("chosen", flat=True).first()


def content_for(delivery: Delivery) -> dict[str, Any] | None:
    """The content that this delivery got, or would get now; None where it is not kept."""
    run: Run = delivery.run
    own: dict[str, Any] = run.content
    if delivery.state == Delivery.State.PENDING and not delivery.tries:
        found = contents_of(run)
        return found[delivery.content_version] if delivery.content_version in found else own
    return content_in(run, delivery.content_version)


def content_in(run: Run, version: int) -> dict[str, Any] | None:
    """The run's content of this version; None where it is not kept."""
    if version == run.content_version:
        own: dict[str, Any] = run.content
        return own
    rows = RunContent.objects.filter(run=run, version=version)
    kept: dict[str, Any] | None = rows.values_list("content", flat=True).first()
    return kept
