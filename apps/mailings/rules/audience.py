"""The audience of a run, window by window, as the ledger freezes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from apps.mailings.ledger import freeze
from apps.mailings.models import Mailing, Recipient, Run
from apps.mailings.rules.asked import AskedTerm, terms_in, with_bits
from apps.mailings.rules.candidates import candidates, living
from apps.mailings.rules.reasons import reasoned
from apps.mailings.rules.rule import Rule, rule_of_run
from apps.mailings.run_content import Choice, choice_of, with_version

#: People in a window at most: all of a million for a small list, fewer where each person's
#: attributes are read.
WIDEST: Final = 640_000
WIDEST_WITH_SEGMENTS: Final = 40_000
#: Where an audience is one chosen person, its only window ends here.
LAST: Final = 2**63 - 1


class RuledAudience:
    """Whom a run is for, window by window: see ledger.freeze.Audience."""

    def __init__(
        self, rule: Rule, asked: Sequence[AskedTerm] = (), choice: Choice | None = None
    ) -> None:
        """``asked``: the terms that the run's content asks about, in the order of their bits.

        ``choice``: which of the run's contents each person gets.
        """
        self.rule, self._asked, self._choice = rule, asked, choice
        self.rights = rule.rights
        more = rule.lists or rule.segments or rule.exclude or self.rights.needs_consent
        self.plain = not (more or asked)
        self.width = freeze.CHUNK
        slow = rule.segments or rule.exclude.segments or any(one.tree for one in asked)
        self.widest = WIDEST_WITH_SEGMENTS if slow else WIDEST

    def bound(self, after: int) -> int | None:
        """The id of the last of the next living people; an index alone answers."""
        if self.rule.single:
            return LAST if after < LAST else None
        rows: QuerySet[Any, int]
        if self.rule.only_chosen:
            mailing_id = self.rule.mailing_id or 0
            chosen = Mailing.recipients.through.objects.filter(mailing_id=mailing_id)
            chosen = chosen.filter(recipient_id__gt=after).order_by("recipient_id")
            rows = chosen.values_list("recipient_id", flat=True)
        else:
            mine = living(self.rule.owner_id).filter(pk__gt=after).order_by("pk")
            rows = mine.values_list("pk", flat=True)
        found = rows[self.width - 1 : self.width].first()
        return found if found is not None else rows.last()

    def within(self, after: int, upto: int) -> QuerySet[Recipient]:
        window = None if self.rule.single else (after, upto)
        rows = reasoned(self.rule, candidates(self.rule, window), window)
        return self._personal(rows, window)

    def one(self, recipient_id: int) -> QuerySet[Recipient]:
        window = (recipient_id - 1, recipient_id)
        mine = Recipient.objects.filter(owner_id=self.rule.owner_id, pk=recipient_id)
        return self._personal(reasoned(self.rule, mine, window), window)

    def several(self, ids: Sequence[int]) -> QuerySet[Recipient]:
        window = (min(ids) - 1, max(ids))
        mine = living(self.rule.owner_id).filter(pk__in=ids)
        return self._personal(reasoned(self.rule, mine, window), window)

    def _personal(
        self, rows: QuerySet[Recipient], window: tuple[int, int] | None
    ) -> QuerySet[Recipient]:
        if self._choice is not None:
            rows = with_version(rows, self._choice)
        return with_bits(rows, self._asked, self.rule.ground(window)) if self._asked else rows


def audience_of_run(run: Run, now: datetime) -> RuledAudience:
    """Whom the run is for, by the rule and the content that it has kept.

    To a run that stays open people come long after its launch: they are asked about as of now.
    """
    rule = rule_of_run(run, now)
    if run.mailing.kind == Mailing.Kind.AUTOMATION:
        rule = replace(rule, moment=now)
    return RuledAudience(rule, terms_in(run.content), choice_of(run.content))
