"""The one entry by which openings and clicks are counted: of our links, and of providers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.feedback.engagement.counting import sums
from apps.feedback.engagement.counting.letters import OPEN, Letter, letters
from apps.feedback.engagement.counting.seen import Seen, as_json
from apps.feedback.engagement.counting.tally import Tally
from apps.feedback.engagement.forgetting import forget_letters
from apps.feedback.engagement.judging import judge
from apps.feedback.engagement.reaction import Reaction
from apps.mailings.models import Delivery, Engagement, Run, WaitingEngagement
from apps.mailings.services.engagement import firsts

#: Letters that have waited, of one transaction.
CHUNK: Final = 2000
_UPDATED: Final = [
    *("delivery_id", "term", "opened_at", "clicked_at", "last_clicked_at", "opens", "clicks"),
    *("device", "client", "rule", "events"),
]


@transaction.atomic
def ingest(reactions: Sequence[Reaction], now: datetime) -> None:
    """Count these reactions as a set, all or none.

    Never called while the lock of a run is held: this takes them after locks of its own.
    """
    sums.lock_counting()
    reactions = _of_runs(reactions)
    found = letters((one.delivery_id for one in reactions if one.delivery_id), now)
    tally = Tally()
    changed: dict[int, Letter] = {}
    for reaction in sorted(reactions, key=lambda one: one.at):
        letter = found.get(reaction.delivery_id)
        if letter is None or not letter.of_person:
            if not (letter is not None and letter.unmeasured):
                tally.total(reaction, judge(reaction, (), None))
            continue
        changes = letter.after.take(reaction, judge, letter.accepted_at(reaction.at))
        if letter.is_sent:
            tally.letter(letter.run_id, reaction.version, letter.delivery_id, changes)
        changed[letter.delivery_id] = letter
    _write(tally, list(changed.values()), now)


@transaction.atomic
def take_in_waiting(*, now: datetime) -> int:
    """Count what waited for the outcome of its letter and has it. Returns how many letters."""
    sums.lock_counting()
    still = Delivery.objects.filter(pk=OuterRef("delivery_id"), state__in=OPEN)
    rows = list(WaitingEngagement.objects.filter(~Exists(still)).order_by("pk")[:CHUNK])
    found = letters((row.delivery_id for row in rows), now) if rows else {}
    tally, changed = Tally(), []
    for row in rows:
        letter = found.get(row.delivery_id)
        if letter is None or letter.unmeasured:
            continue
        changes = letter.adopt(row)
        if letter.is_sent and letter.of_person:
            tally.letter(letter.run_id, letter.version, letter.delivery_id, changes)
            changed.append(letter)
        else:
            tally.sums(letter.run_id, letter.version, changes)
    WaitingEngagement.objects.filter(pk__in=[row.pk for row in rows]).delete()
    _write(tally, changed, now)
    return len(rows)


def _of_runs(reactions: Sequence[Reaction]) -> list[Reaction]:
    """Without those of runs that have been deleted."""
    asked = {one.run_id for one in reactions}
    runs = set(Run.objects.filter(pk__in=asked).values_list("pk", flat=True))
    return [one for one in reactions if one.run_id in runs]


def _write(tally: Tally, changed: list[Letter], now: datetime) -> None:
    """Everything that follows, in the order of the locks."""
    sent = sorted(
        (one for one in changed if one.is_sent), key=lambda one: (one.run_id, one.recipient_id)
    )
    _keep(sent)
    firsts.note(map(_changed, sent), now)
    _keep_waiting([one for one in changed if one.is_open], now)
    for letter in sent:
        tally.shares(letter.run_id, letter.domain, letter.before, letter.after)
    sums.add_hours(tally)
    sums.add_shares(tally)
    sums.add_clicks(tally)
    sums.add_terms(sent)
    erased = sums.erased_among(one.recipient_id for one in changed)
    forget_letters([one.delivery_id for one in changed if one.recipient_id in erased])
    sums.answered(one for one in sent if one.recipient_id not in erased)


def _changed(letter: Letter) -> firsts.Changed:
    after = _known(letter.after)
    assert after is not None  # a reaction has changed it
    return firsts.Changed(letter.run_id, letter.delivery_id, _known(letter.before), after)


def _known(seen: Seen) -> firsts.Known | None:
    if seen.term is None:
        return None
    columns = seen.columns()
    return firsts.Known(columns["term"], columns["opened_at"], columns["clicked_at"])


def _keep(sent: Iterable[Letter]) -> None:
    Engagement.objects.bulk_create(
        [
            Engagement(
                run_id=one.run_id,
                recipient_id=one.recipient_id,
                delivery_id=one.delivery_id,
                **one.after.columns(),
            )
            for one in sent
        ],
        update_conflicts=True,
        unique_fields=["run", "recipient"],
        update_fields=_UPDATED,
    )


def _keep_waiting(letters: Iterable[Letter], now: datetime) -> None:
    WaitingEngagement.objects.bulk_create(
        [
            WaitingEngagement(
                run_id=one.run_id,
                delivery_id=one.delivery_id,
                device=one.after.device,
                client=one.after.client,
                events=as_json(one.after.events),
                since=now,
            )
            for one in letters
        ],
        update_conflicts=True,
        unique_fields=["delivery_id"],
        update_fields=["device", "client", "events"],
    )
