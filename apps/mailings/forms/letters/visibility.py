"""Who is shown a part of a message: up to ten conditions, as rows of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.content.program.conditions import can_ask
from apps.mailings.forms.letters import words
from apps.mailings.forms.letters.offers import Offers

_MOST: Final = 10
#: Conditions that compare nothing.
_BARE: Final = ("empty", "not_empty")


def condition_fields(node: Mapping[str, Any], offers: Offers) -> dict[str, forms.Field]:
    """The fields of the conditions of a part: those that it has, and an empty row."""
    rules = (node.get("visibility") or {}).get("rules", [])
    made: dict[str, forms.Field] = {
        "visibility-match": forms.ChoiceField(
            label=_("Show to recipients who meet"),
            choices=list(words.CHOICES["match"].items()),
            initial=(node.get("visibility") or {}).get("match", "all"),
            required=False,
        )
    }
    for number, rule in enumerate([*rules, {}][:_MOST]):
        made |= _row(f"visibility-{number}", rule, offers)
    return made


def _row(prefix: str, rule: Mapping[str, Any], offers: Offers) -> dict[str, forms.Field]:
    kind, known = rule.get("kind", ""), rule.get("id")
    what = f"{kind}:{known}" if known else f"field:{rule['name']}" if kind == "field" else kind
    return {
        f"{prefix}-what": forms.ChoiceField(
            label=_("Condition"), choices=_choices(offers, what), initial=what, required=False
        ),
        f"{prefix}-op": forms.ChoiceField(
            label=_("Comparison"),
            choices=list(words.CHOICES["op"].items()),
            initial=rule.get("op", "is"),
            required=False,
        ),
        f"{prefix}-value": forms.CharField(
            label=_("Value"), max_length=300, initial=rule.get("value", ""), required=False
        ),
    }


def _choices(offers: Offers, chosen: str) -> list[Any]:
    groups: list[Any] = [("", _("No condition"))]
    groups.append((_("Fields"), [(f"field:{name}", label) for name, label in offers.fields]))
    groups.append(("language", _("Language")))
    groups.append((_("Tags"), [(f"tag:{pk}", name) for pk, name in offers.tags]))
    groups.append((_("Segments"), [(f"segment:{pk}", name) for pk, name in offers.segments]))
    known = {value for value, _label in _flat(groups)}
    if chosen and chosen not in known:  # it was deleted, or belongs to another field
        groups.append((chosen, chosen.partition(":")[2] or chosen))
    return [group for group in groups if group[1]]


def _flat(groups: list[Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for value, label in groups:
        found += label if isinstance(label, list) else [(value, label)]
    return found


def misfits_in(cleaned: Mapping[str, Any]) -> list[str]:
    """The fields of comparisons that the condition beside them does not have."""
    found = []
    for number in range(_MOST):
        kind = str(cleaned.get(f"visibility-{number}-what") or "").partition(":")[0]
        op = cleaned.get(f"visibility-{number}-op") or "is"
        if kind and not can_ask(kind, op):
            found.append(f"visibility-{number}-op")
    return found


def conditions_of(cleaned: Mapping[str, Any]) -> dict[str, Any] | None:
    """The visibility that was chosen; None where everybody is shown the part."""
    rules = []
    for number in range(_MOST):
        what = cleaned.get(f"visibility-{number}-what")
        if not what:
            continue
        kind, _colon, name = what.partition(":")
        op = cleaned.get(f"visibility-{number}-op") or "is"
        value = "" if op in _BARE else cleaned.get(f"visibility-{number}-value") or ""
        is_row = kind in ("tag", "segment")
        rules.append(
            {
                "kind": kind,
                "name": "" if is_row else name,
                "id": int(name) if is_row else None,
                "op": op,
                "value": "" if is_row else value,
            }
        )
    return {"match": cleaned.get("visibility-match") or "all", "rules": rules} if rules else None
