"""Automations, and what a check of one finds."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field
from pydantic.config import JsonDict

from apps.api.schemas.common import PARTIAL, Given, Line
from apps.automations.services.preflight.findings import FindingCode

AutomationState = Literal["draft", "active", "paused", "stopping", "archived"]
AutomationName = Annotated[Line, Field(min_length=1, max_length=120, examples=["Welcome"])]
_CODES: JsonDict = {"enum": [code.value for code in FindingCode]}
_DRAFT = {
    "trigger": {"kind": "manual"},
    "steps": [{"key": "pause", "kind": "wait", "seconds": 86400}],
}


class AutomationOut(Schema):
    """An automation in a list."""

    id: int = Field(examples=[3])
    name: str
    state: AutomationState
    is_active: bool = Field(description="False: a manager has switched it off; nobody moves.")
    version: int | None = Field(description="Its present version; null before an activation.")
    inside: int = Field(description="How many are inside this version now.", examples=[120])
    created_at: datetime
    updated_at: datetime


class AutomationVersionOut(Schema):
    """The equation of a version: `entered` is the sum of the six that follow it."""

    number: int = Field(examples=[1])
    activated_at: datetime
    entered: int = Field(examples=[6])
    waiting: int = Field(examples=[1])
    moving: int = Field(examples=[1])
    finished: int = Field(examples=[1])
    left: int = Field(examples=[1])
    failed: int = Field(examples=[1])
    unknown: int = Field(examples=[1])
    left_by_reason: dict[str, int] = Field(examples=[{"unsubscribed": 1}])


class StepOut(Schema):
    """A step of the present version with its figures: `came` is `here` and `gone` together."""

    key: str = Field(examples=["welcome"])
    kind: Literal["send", "wait", "condition", "split", "act", "exit"]
    fields: dict[str, Any]
    ways: dict[str, str] = Field(description="The keys of the steps that follow; empty: the end.")
    came: int
    here: int
    gone: int


class AutomationDetail(AutomationOut):
    """An automation with its draft, its versions and the steps of the present one."""

    draft: dict[str, Any] = Field(description="As docs/automations.md describes it.")
    versions: list[AutomationVersionOut]
    steps: list[StepOut]


class AutomationIn(Given):
    """A name, and the draft as docs/automations.md describes it. It may be incomplete."""

    name: AutomationName
    draft: dict[str, Any] = Field({}, examples=[_DRAFT])


class AutomationChanges(Given):
    """Only what is to be changed; a draft as a whole."""

    model_config = PARTIAL
    name: AutomationName | None = None
    draft: dict[str, Any] | None = None


class ActivateIn(Given):
    """What becomes of those inside an older version."""

    inside: Literal["finish", "leave", "move"] = Field(
        "finish",
        description="`finish`: they go on in theirs; `leave`: they leave at once; `move`: they go"
        " over to the same step of the new one, where it has that step.",
    )


class StopIn(Given):
    """What becomes of those inside."""

    leave: bool = Field(False, description="They leave at once; otherwise they finish.")


class AutomationFinding(Schema):
    """One thing that the check has found, and at which step. `fail` prevents an activation."""

    step: str = Field(
        description="Its key, `trigger` or `exits`; empty: the whole.", examples=["welcome"]
    )
    code: str = Field(
        description="What it is about.", examples=["message"], json_schema_extra=_CODES
    )
    result: Literal["pass", "unchecked", "warn", "fail"]
    text: str = Field(examples=["There is no link to unsubscribe."])
    fix: str = Field(description="How it is fixed; empty when nothing has to be.")


class LettersForecast(Schema):
    """Messages a day, if as many come as did in the last days."""

    days: int = Field(examples=[30])
    arrivals: int = Field(description="Who came in these days, or would have.", examples=[300])
    letters: int = Field(description="Messages that one person gets at most.", examples=[3])
    per_day: int = Field(examples=[30])


class AutomationCheck(Schema):
    """What prevents an activation, and what might be better."""

    worst: Literal["pass", "warn", "fail"] = Field(description="`fail`: it is not activated.")
    findings: list[AutomationFinding]
    forecast: LettersForecast | None = Field(description="Null: nobody can know who will come.")
