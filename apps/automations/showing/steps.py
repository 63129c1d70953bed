"""The steps of a draft or a version as a page lists them, with their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.automations.definition.flow import Branch, Node
from apps.automations.definition.parts import END
from apps.automations.models import AutomationVersion, Step, StepMailing
from apps.automations.showing.in_words import Speaker

#: What a page shows of one step.
Line = dict[str, Any]


def lines_of(
    nodes: Sequence[Node], speaker: Speaker, about: Callable[[Node], Mapping[str, Any]]
) -> list[Line]:
    """The steps with their branches in words, and what ``about`` says of each."""
    texts = {one.key: speaker.step(one.step) for node in nodes for one in node.all()}

    def line(node: Node, goes_on: bool) -> Line:
        branches = [
            {
                "name": branch.name,
                "label": speaker.branch(node.step, branch.name),
                "jump": _jump(branch, texts),
                "goes_on": goes_on,
                "lines": several(branch.nodes, goes_on),
            }
            for branch in node.branches
        ]
        return _line(node, speaker, texts, branches) | dict(about(node))

    def several(those: Sequence[Node], goes_on: bool) -> list[Line]:
        last = len(those) - 1
        return [line(node, goes_on or at < last) for at, node in enumerate(those)]

    return several(nodes, False)


def _line(node: Node, speaker: Speaker, texts: Mapping[str, str], branches: Sequence[Line]) -> Line:
    return {
        "key": node.key,
        "kind": node.step["kind"],
        "kind_label": str(Step.Kind(node.step["kind"]).label),
        "text": texts[node.key],
        "jump": _jump(node, texts),
        "branches": branches,
        "inside": sum(1 for _one in node.all()) - 1,
    }


def _jump(where: Node | Branch, texts: Mapping[str, str]) -> str:
    """Where it goes on instead of below, in words."""
    if where.jump is None:
        return ""
    if where.jump == END:
        return _("Then the end")
    return _("Then on to: %(step)s") % {"step": texts.get(where.jump, where.jump)}


def figures_of(version: AutomationVersion) -> dict[str, dict[str, Any]]:
    """The figures of each step by its key; those of letters with what became of them."""
    letters = letters_of(version)
    return {
        one.key: {"step": one, "letter": letters.get(one.key)}
        for one in version.steps.order_by("position")
    }


def letters_of(version: AutomationVersion) -> dict[str, dict[str, int]]:
    """How many letters of each send step were sent, opened and clicked, by the ledger."""
    runs = "mailing__runs__"
    rows = StepMailing.objects.filter(step__version=version).order_by().values("step__key")
    summed: Iterable[Any] = rows.annotate(
        **{
            name: Coalesce(Sum(f"{runs}{field}"), 0)
            for name, field in (
                ("accepted", "sent"),
                ("delivered", "delivered"),
                ("bounced", "bounced"),
                ("opened", "engaged_person"),
                ("clicked", "engaged_clicked"),
            )
        }
    )
    return {
        row["step__key"]: {
            "sent": row["accepted"] + row["delivered"] + row["bounced"],
            "opened": row["opened"],
            "clicked": row["clicked"],
        }
        for row in summed
    }
