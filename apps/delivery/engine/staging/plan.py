"""What a run wants for its recipients, and the rows that say how far each file is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from apps.core.content.time_budget import MAX_SECONDS, time_budget
from apps.core.responses.stored import Response, coded
from apps.delivery.engine.staging.finding import LocalFiles
from apps.delivery.engine.staging.results import WAIT, Result
from apps.mailings.fields import fields_of, with_given
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.ledger.staging import moves
from apps.mailings.models import Delivery, DeliveryFile, PersonalFile, Run, RunFiles
from apps.mailings.personal_files.archives import MISSING, TOO_LARGE
from apps.mailings.personal_files.naming import Found, Wanted

_STATES: Final = DeliveryFile.State
_SETTLED: Final = (_STATES.READY, _STATES.FAILED)
#: Bytes of all files of one letter: in base64, with its texts, they make 25 MB.
MAX_TOGETHER: Final = 17 * 1024 * 1024
_COLUMNS: Final = (
    *("name", "origin", "state", "code", "detail", "content_type", "size", "sha256", "tries"),
    *("not_before", "changed_at"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the run has kept: its files in their order, and what everybody gets beside them.

    ``shared``: bytes of the files of the message; ``given``: values that go before the
    recipient's.
    """

    run_id: int
    mailing_id: int
    wanted: tuple[Wanted, ...]
    shared: int
    given: dict[str, Any]

    @classmethod
    def of(cls, files: RunFiles, run: Run) -> Self:
        shared = sum(one["size"] for one in run.content.get("attachments", ()))
        given = run.content.get("fields", {})
        return cls(run.pk, run.mailing_id, tuple(map(Wanted, files.wanted)), shared, given)

    @property
    def required(self) -> set[int]:
        """The numbers of the files without which nothing is sent."""
        return {number for number, one in enumerate(self.wanted) if one.required}

    @property
    def fetched(self) -> set[int]:
        """The numbers of those that lie behind an address."""
        url = PersonalFile.Source.URL
        return {number for number, one in enumerate(self.wanted) if one.source == url}

    def found(self, delivery: Delivery) -> list[Found]:
        """The names of this recipient's files, and where they are looked for."""
        person = delivery.recipient
        fields = with_given(fields_of(person), self.given) if self.given else fields_of(person)
        with time_budget(MAX_SECONDS):
            found = [one.of(fields) for one in self.wanted]
        api = PersonalFile.Source.API
        return [
            Found(one.name, str(person.pk)) if wanted.source == api else one
            for one, wanted in zip(found, self.wanted, strict=True)
        ]


def look_at(run: LockedRun, plan: Plan, deliveries: Sequence[Delivery]) -> set[int]:
    """Bring the rows of these pending deliveries as far as it goes without asking anybody.

    What was not to be had is looked for anew. Returns the deliveries all of whose files are
    settled; those that must have one and cannot are failed.
    """
    rows = _rows_of(deliveries)
    found = {one.pk: plan.found(one) for one in deliveries}
    changed: list[DeliveryFile] = []
    before = 0  # of those, settled already
    for number, wanted in enumerate(plan.wanted):
        keys = [of_one[number].origin for of_one in found.values()]
        local = LocalFiles(wanted, plan.mailing_id, keys) if number not in plan.fetched else None
        for delivery in deliveries:
            row = rows[delivery.pk].get(number) or DeliveryFile(
                run_id=run.id, delivery_id=delivery.pk, number=number
            )
            if row.state == _STATES.READY or _is_asked(row, local):
                continue
            before += row.pk is not None and row.state != _STATES.WAITING
            _begin(row, found[delivery.pk][number], local)
            row.changed_at = run.now
            rows[delivery.pk][number] = row
            changed.append(row)
    settled = sum(row.state in _SETTLED for row in changed)
    for of_one in rows.values():
        changed += _bound(of_one.values(), plan.shared, run)
    _save(changed)
    moves.count_settled(run, settled - before)
    failed = fail_lacking(run, plan, [row for one in rows.values() for row in one.values()])
    done = {pk for pk, one in rows.items() if all(row.state in _SETTLED for row in one.values())}
    return done - failed


def take(run: LockedRun, plan: Plan, results: Sequence[tuple[DeliveryFile, Result]]) -> set[int]:
    """Write what was fetched into rows that still wait for it. Returns as ``look_at`` does."""
    ids = [row.pk for row, _result in results]
    still = DeliveryFile.objects.filter(pk__in=ids, state=_STATES.WAITING)
    mine = {row.pk: row for row in still.select_for_update()}
    fresh = []
    for row, result in results:
        if (waiting := mine.get(row.pk)) is not None:
            _apply(waiting, result, run, chance=(row.pk % 100) / 100)
            fresh.append(waiting)
    rows = _rows_of(Delivery.objects.filter(pk__in={row.delivery_id for row in fresh}))
    for row in fresh:
        rows[row.delivery_id][row.number] = row
    settled = sum(row.state in _SETTLED for row in fresh)
    for of_one in rows.values():
        fresh += _bound(of_one.values(), plan.shared, run)
    _save(fresh)
    moves.count_settled(run, settled)
    failed = fail_lacking(run, plan, fresh)
    done = {pk for pk, one in rows.items() if all(row.state in _SETTLED for row in one.values())}
    return done - failed


def fail_lacking(run: LockedRun, plan: Plan, rows: Iterable[DeliveryFile]) -> set[int]:
    """Fail the deliveries that must have one of these files, and cannot. Returns their ids.

    What else was to be brought for them is not asked for any more.
    """
    found: dict[int, Response] = {}
    for row in rows:
        if row.state == _STATES.FAILED and row.number in plan.required:
            found.setdefault(row.delivery_id, coded(row.code, row.name))
    if moves.fail(run, found):
        left = DeliveryFile.objects.filter(delivery_id__in=list(found), state=_STATES.WAITING)
        given_up = left.update(state=_STATES.FAILED, code=MISSING, changed_at=run.now)
        moves.count_settled(run, given_up)
    return set(found)


def _rows_of(deliveries: Iterable[Delivery]) -> dict[int, dict[int, DeliveryFile]]:
    """The rows that there are, by delivery and number."""
    found: dict[int, dict[int, DeliveryFile]] = {one.pk: {} for one in deliveries}
    for row in DeliveryFile.objects.filter(delivery_id__in=list(found)):
        found[row.delivery_id][row.number] = row
    return found


def _is_asked(row: DeliveryFile, local: LocalFiles | None) -> bool:
    """True for one that waits for its address to answer."""
    return local is None and row.pk is not None and row.state == _STATES.WAITING


def _begin(row: DeliveryFile, found: Found, local: LocalFiles | None) -> None:
    """Name the file and look where it is to lie."""
    row.name, row.origin = found.name, found.origin
    row.tries, row.not_before = 0, None
    if local is None:
        _put(row, WAIT if found.origin else Result(MISSING))
    else:
        row.name = local.name_of(found.origin, found.name)
        _put(row, local.result(found.origin, row.name))


def _apply(row: DeliveryFile, result: Result, run: LockedRun, *, chance: float) -> None:
    row.tries += 1
    row.not_before = result.not_before(row.tries, run.now, chance)
    row.changed_at = run.now
    _put(row, result)


def _put(row: DeliveryFile, result: Result) -> None:
    row.state = result.state(row.tries)
    row.code, row.detail = result.code, result.detail[:200]
    row.content_type, row.sha256, row.size = result.content_type, result.sha256, result.size


def _bound(rows: Iterable[DeliveryFile], shared: int, run: LockedRun) -> list[DeliveryFile]:
    """Take away the largest files of a letter that would become too large. Returns them."""
    ready = sorted((row for row in rows if row.state == _STATES.READY), key=lambda row: row.size)
    given_up = []
    while ready and shared + sum(row.size for row in ready) > MAX_TOGETHER:
        row = ready.pop()
        _put(row, Result(TOO_LARGE))
        row.changed_at = run.now
        given_up.append(row)
    return given_up


def _save(rows: Iterable[DeliveryFile]) -> None:
    fresh = {id(row): row for row in rows if row.pk is None}
    old = {row.pk: row for row in rows if row.pk is not None}
    DeliveryFile.objects.bulk_create(fresh.values(), batch_size=500)
    DeliveryFile.objects.bulk_update(old.values(), _COLUMNS, batch_size=100)
