"""Does everything that a draft names exist, and may its owner use it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Model
from django.utils.translation import gettext_noop as _

from apps.automations.announcing import listened_to
from apps.automations.colleagues import colleague
from apps.automations.definition.parts import Act, Definition
from apps.automations.services.preflight.findings import DraftFinding, FindingCode
from apps.automations.services.references import named_by, trees_of
from apps.delivery.preflight.findings import Place, failure
from apps.mailings.segments import SegmentInvalid, checked
from apps.users.models import User


def findings_of_names(
    found: Definition, owner: User, automation_id: int | None
) -> Iterator[DraftFinding]:
    """Each thing that this owner cannot use, at the step at which it is named."""
    yield from _missing(found, owner)
    yield from findings_of_conditions(found, owner)
    acts = [one for one in found.steps if isinstance(one, Act)]
    calls = [one.key for one in acts if one.act == "webhook"]
    if calls and not listened_to(owner.pk):
        text = _("You have no webhook that receives automations.")
        yield from (_finding(key, FindingCode.ACTION, text) for key in calls)
    for one in acts:
        yield from _of_act(one, owner, automation_id)


def findings_of_conditions(found: Definition, owner: User) -> Iterator[DraftFinding]:
    """Conditions that cannot be used, at their step."""
    for where, tree in trees_of(found):
        try:
            checked(tree, owner)
        except SegmentInvalid as error:
            text = _("The conditions can’t be used: %(why)s")
            yield _finding(where, FindingCode.CONDITIONS, text, why=str(error))


def _missing(found: Definition, owner: User) -> Iterator[DraftFinding]:
    """What does not exist; every table is asked once."""
    named = list(named_by(found))
    wanted: dict[type[Model], set[int]] = defaultdict(set)
    for _where, table, pk in named:
        wanted[table].add(pk)
    usable = {table: _usable(table, ids, owner) for table, ids in wanted.items()}
    for where, table, pk in named:
        if pk not in usable[table]:
            text = _("The %(what)s (id:%(id)s) does not exist.")
            what = str(table._meta.verbose_name)
            yield _finding(where, FindingCode.NOT_FOUND, text, what=what, id=str(pk))


def _usable(table: type[Model], ids: set[int], owner: User) -> set[int]:
    rows = table._default_manager.filter(owner_id=owner.pk, pk__in=ids)
    if hasattr(table, "archived_at"):
        rows = rows.filter(archived_at=None)
    return set(rows.values_list("pk", flat=True))


def _of_act(one: Act, owner: User, automation_id: int | None) -> Iterator[DraftFinding]:
    if one.automation is not None and one.automation == automation_id:
        yield _finding(one.key, FindingCode.ACTION, _("An automation cannot enrol in itself."))
    if one.act == "notify" and colleague(owner, one.to) is None:
        text = _("Only you and managers can be notified, not %(email)s.")
        yield _finding(one.key, FindingCode.ACTION, text, email=one.to)


def _finding(where: str, code: FindingCode, text: str, **params: str) -> DraftFinding:
    return DraftFinding(where, code, failure(text, "", Place.NOWHERE, **params))
