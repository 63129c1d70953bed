"""The audience of a run, window by window, as the ledger freezes it."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

from apps.mailings.ledger import freeze
from apps.mailings.models import Mailing, Recipient
from apps.mailings.rules.candidates import candidates, living
from apps.mailings.rules.reasons import reasoned
from apps.mailings.rules.rule import Rule

#: People in a window at most: all of a million for a small list, fewer where each person's
#: attributes are read.
WIDEST: Final = 640_000
WIDEST_WITH_SEGMENTS: Final = 40_000
#: Where an audience is one chosen person, its only window ends here.
LAST: Final = 2**63 - 1


class RuledAudience:
    """Whom a run is for, window by window: see ledger.freeze.Audience."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.rights = rule.rights
        asked = rule.lists or rule.segments or rule.exclude or self.rights.needs_consent
        self.plain = not asked
        self.width = freeze.CHUNK
        slow = rule.segments or rule.exclude.segments
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
        return reasoned(self.rule, candidates(self.rule, window), window)

    def one(self, recipient_id: int) -> QuerySet[Recipient]:
        window = (recipient_id - 1, recipient_id)
        mine = Recipient.objects.filter(owner_id=self.rule.owner_id, pk=recipient_id)
        return reasoned(self.rule, mine, window)
