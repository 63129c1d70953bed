"""Condition, split and exit: the steps that only choose a way."""

from __future__ import annotations

from itertools import accumulate

from apps.automations.definition.parts import Condition, Exit, Split
from apps.automations.moving.batch import Batch
from apps.automations.moving.reactions import who_did
from apps.automations.recording import Outcome
from apps.core.values.keyed_digests import keyed_digest
from apps.mailings.segments import compiled


def condition(batch: Batch) -> Outcome:
    """``next`` where it holds, ``otherwise`` where it does not."""
    fields = batch.fields
    assert isinstance(fields, Condition)
    if fields.tree is not None:
        people = batch.people.filter(compiled(fields.tree, batch.ground))
        ids = set(people.values_list("pk", flat=True))
        holds = {one.id for one in batch.rows if one.recipient_id in ids}
    else:
        holds = who_did(batch, fields.letter or "", fields.did or "")
    paths = {one.id: "next" if one.id in holds else "otherwise" for one in batch.rows}
    return Outcome(gone=paths)


def split(batch: Batch) -> Outcome:
    """By a keyed hash of automation, step and recipient: repeatable, and of no other split."""
    fields = batch.fields
    assert isinstance(fields, Split)
    bounds = list(accumulate(one.share for one in fields.shares))
    name = f"{batch.step.version.automation_id}:{batch.step.key}"
    found = {}
    for one in batch.rows:
        place = int(keyed_digest(b"automation split", f"{name}:{one.recipient_id}")[:12], 16) % 100
        found[one.id] = str(1 + sum(bound <= place for bound in bounds))
    return Outcome(gone=found)


def leave(batch: Batch) -> Outcome:
    """The end of the way, with the owner's reason."""
    fields = batch.fields
    assert isinstance(fields, Exit)
    return Outcome(ended=dict.fromkeys((one.id for one in batch.rows), fields.reason))
