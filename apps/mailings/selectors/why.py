"""Why one person gets a mailing, or does not: from its rule to the words that were consented to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.core.text.formatting import humanize_time, in_words
from apps.core.values.addresses import NORMAL
from apps.mailings.failure_reasons import explain
from apps.mailings.models import Channel, Consent, Delivery, Mailing, Recipient, Run, Subscription
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.rules import FILTER, Rule, Term, Verdict, rule_of, rule_of_run, verdict_on
from apps.mailings.segments import sentences
from apps.mailings.selectors.deliveries import is_suppressed, result_sentence
from apps.mailings.selectors.permission.exclusions import names_of, term_words
from apps.mailings.selectors.permission.lists import subscriptions_of, with_wordings
from apps.mailings.selectors.recipient_search import with_address


@dataclass(frozen=True, slots=True)
class Answer:
    """A node of a segment in words; ``depth``: how deep it lies."""

    path: str
    text: str
    holds: bool

    @property
    def depth(self) -> int:
        return self.path.count(".")


@dataclass(frozen=True, slots=True)
class Reason:
    """A term of the rule in words, with the nodes of a segment."""

    name: str
    text: str
    holds: bool
    answers: Sequence[Answer] = ()


@dataclass(frozen=True, slots=True)
class Right:
    """A list that may give the right (None: everything), and what the person said of it last.

    ``used``: by this one it is written.
    """

    subscription: Subscription | None
    title: str
    consent: Consent | None
    list_id: int | None = None
    used: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """The whole answer. ``delivery``: what the run did with the person; None: nothing, or no run.

    ``as_of``: the conditions are those of the run's rule, and what they ask about is as it is now.
    """

    person: Recipient
    rule: Rule
    verdict: Verdict
    included: Sequence[Reason]
    excluded: Sequence[Reason]
    rights: Sequence[Right]
    statement: str
    as_of: datetime
    run: Run | None = None
    delivery: Delivery | None = None

    @property
    def gets_it(self) -> bool:
        """Did the person get it, or would?"""
        if self.run is not None:
            return self.delivery is not None and not self.delivery.left_out
        return self.verdict.named and not self.verdict.left_out

    @property
    def named(self) -> bool:
        """Is the person in the audience: in that of the run as it was frozen?"""
        return self.delivery is not None if self.run is not None else self.verdict.named

    @property
    def left_out(self) -> str:
        """The code of the reason for which the person is left out; empty: is not."""
        if self.run is not None:
            return self.delivery.left_out if self.delivery is not None else ""
        return self.verdict.left_out

    @property
    def rule_kept(self) -> bool:
        """False for a run from before runs kept their rules: the mailing's own is shown."""
        return self.run is None or self.run.rule is not None

    @property
    def basis(self) -> str:
        """By what right it writes, in words."""
        if not self.rule.rights.heeds_wishes:
            return str(Mailing.Purpose(self.rule.purpose).label)
        return str(Mailing.Basis(self.rule.basis).label)

    @property
    def sentence(self) -> str:
        """What became of the person, or would."""
        if self.delivery is not None:
            why = explain(self.delivery, suppressed=is_suppressed(self.delivery))
            return result_sentence(self.delivery, why)
        if self.run is not None:
            return _("Not in the audience of this run as it was frozen.")
        if self.verdict.left_out == LeftOut.EXCLUDED:
            first = next(term.text for term in self.excluded if term.holds)
            return _("Left out: the mailing excludes %(term)s.") % {"term": first}
        if self.verdict.left_out:
            return _("Left out: %(reason)s.") % {"reason": in_words(self.verdict.response)}
        if not self.verdict.named:
            return _("Not in the audience: nothing names this person.")
        channel, until = Channel(self.verdict.channel).label, self.verdict.waits_until
        if until is not None:
            text = _(
                "Gets it by this channel: %(channel)s. A frequency rule holds it until %(when)s."
            )
            return text % {"channel": channel, "when": humanize_time(until, self.as_of)}
        return _("Gets it by this channel: %(channel)s.") % {"channel": channel}


def person_asked(mailing: Mailing, asked: Mapping[str, Any], run: Run | None) -> Recipient | None:
    """Whom ``recipient`` (an id) or ``address`` names: in a run, the person it wrote to there."""
    mine = Recipient.objects.filter(owner_id=mailing.owner_id)
    number, address = asked.get("recipient"), str(asked.get("address") or "")
    if number:
        return mine.filter(pk=number).first()
    if run is not None and (found := _written_to(run, address)) is not None:
        return found
    return with_address(mine, address)


def _written_to(run: Run, typed: str) -> Recipient | None:
    """Who was written to at this address, which may be somebody else's by now."""
    at = Q(pk__in=())
    for channel, normal in NORMAL.items():
        if (address := normal(typed.strip()[:254])) is not None:
            at |= Q(channel=channel, address=address)
    found = Delivery.objects.filter(at, run=run).select_related("recipient").first()
    return found.recipient if found is not None else None


def why_of_mailing(mailing: Mailing, person: Recipient, *, now: datetime) -> Why:
    """What would become of the person, if the mailing were started now."""
    rule = rule_of(mailing, now)
    return _why(person, rule, mailing, [channel for channel, _account in mailing.routes], now=now)


def why_of_run(run: Run, person: Recipient, *, now: datetime) -> Why:
    """What the run did, or will do, with the person, by the rule that it has kept."""
    rows = Delivery.objects.filter(run=run, recipient=person).select_related("run__mailing")
    channels = list(run.routes.order_by("position").values_list("channel", flat=True))
    rule = rule_of_run(run, now)
    delivery = rows.first()
    return _why(
        person, rule, run.mailing, channels or [run.channel], now=now, found=(run, delivery)
    )


def _why(
    person: Recipient,
    rule: Rule,
    mailing: Mailing,
    channels: Sequence[str],
    *,
    now: datetime,
    found: tuple[Run | None, Delivery | None] = (None, None),
) -> Why:
    verdict, (run, delivery) = verdict_on(person, rule, channels), found
    phrases = term_words(term.name for term in (*verdict.included, *verdict.excluded))
    phrases |= {FILTER: _filter_words(rule)} if FILTER in phrases else {}
    by = delivery.subscription_id if delivery is not None else verdict.subscription_id
    return Why(
        person=person,
        rule=rule,
        verdict=verdict,
        included=[_reason(term, phrases, mailing) for term in verdict.included],
        excluded=[_reason(term, phrases, mailing) for term in verdict.excluded],
        rights=_rights(person, rule, by),
        statement="" if rule.rights.needs_consent else mailing.basis_statement,
        as_of=now,
        run=run,
        delivery=delivery,
    )


def _filter_words(rule: Rule) -> str:
    """The tags and operator codes of which one of each is needed."""
    tags = names_of(f"tag:{pk}" for pk in rule.tags)
    parts = [_("Tags: %(tags)s") % {"tags": ", ".join(tags.values())}] if tags else []
    if rule.codes:
        parts.append(_("Operator codes: %(codes)s") % {"codes": ", ".join(rule.codes)})
    return "; ".join(parts)


def _reason(term: Term, phrases: Mapping[str, str], mailing: Mailing) -> Reason:
    said = sentences(dict(term.tree), mailing.owner) if term.tree is not None else {}
    answers = [Answer(path, said[path], holds) for path, holds in term.answers.items()]
    return Reason(term.name, phrases[term.name], term.holds, answers)


def _rights(person: Recipient, rule: Rule, used: int | None) -> list[Right]:
    """What the person said of each list that counts; where a list is not asked, of everything."""
    if not rule.rights.needs_consent:
        return []
    rows = {row.list_id: row for row in subscriptions_of(person)}
    general = rule.basis == Mailing.Basis.CONSENT
    asked = list(rows) if general else list(rule.lists)
    said = _last_words(person, asked)
    names = term_words(f"list:{pk}" for pk in asked)
    found = []
    for pk in asked:
        row = rows.get(pk)
        living = row is not None and row.status == Subscription.Status.SUBSCRIBED
        consent = row.consent if row is not None and living else said.get(pk)
        is_used = row is not None and row.pk == used
        found.append(Right(row, names[f"list:{pk}"], consent, pk, is_used))
    if general:
        word = said.get(None)
        title = pgettext("consent", "everything")
        found.append(Right(None, title, word, used=used is None and word is not None))
    with_wordings(right.consent for right in found if right.consent is not None)
    return found


def _last_words(person: Recipient, lists: Sequence[int]) -> dict[int | None, Consent]:
    """The newest consent or refusal of each list, and under None that of everything."""
    rows = Consent.objects.filter(recipient=person).order_by("-pk")
    of_all = rows.filter(list=None, channel="", act__in=Consent.PERMITS + Consent.REVOKES)[:1]
    found: dict[int | None, Consent] = {None: one for one in of_all}
    for one in rows.filter(list__in=lists):
        found.setdefault(one.list_id, one)
    return found
