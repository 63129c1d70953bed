"""The steps of a version, read as they were frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apps.automations.definition.parts import (
    Act,
    AnyStep,
    Condition,
    Exit,
    Send,
    Split,
    Wait,
)
from apps.automations.models import Step


def step_of(row: Step) -> AnyStep:
    """The step as it was frozen."""
    found: AnyStep = _STEPS[row.kind].model_validate(row.fields)
    return found


_STEPS: Final[Mapping[str, Any]] = {
    "send": Send,
    "wait": Wait,
    "condition": Condition,
    "split": Split,
    "act": Act,
    "exit": Exit,
}
