"""What is looked at before a start: preflights and approvals."""

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

CheckResult = Literal["pass", "unchecked", "warn", "fail"]


class PreflightFinding(Schema):
    """One thing that a check has found."""

    result: CheckResult
    text: str = Field(examples=["There is no link to unsubscribe."])
    fix: str = Field(description="How it is fixed; empty when nothing has to be.")
    variants: list[str] = Field(
        description="Of an experiment, the variants it is about; empty: all of them.",
        examples=[["B"]],
    )


class PreflightCheck(Schema):
    """A check with what it has found; the worst of it is its result."""

    check: str = Field(examples=["unsubscribe"])
    title: str = Field(examples=["Unsubscribe link"])
    result: CheckResult
    findings: list[PreflightFinding]


class PreflightOut(Schema):
    """The mailing's last preflight. While it goes on, the checks that are done are there."""

    state: Literal["none", "waiting", "running", "done"]
    worst: Literal["", "pass", "warn", "fail"] = Field(description="Empty until it is done.")
    outdated: bool = Field(description="The mailing has changed since.")
    started_at: datetime | None
    finished_at: datetime | None
    checks: list[PreflightCheck]


class Held(Schema):
    """It does not start yet."""

    waiting: Literal["approval"] = Field(description="What it waits for.")
    detail: str = Field(examples=["A manager has to approve this mailing as it is."])


class ApprovalOut(Schema):
    """What a manager has said of the mailing, or of a former state of it."""

    needed: bool = Field(description="Its next run starts only once it is approved.")
    state: Literal["none", "waiting", "approved", "returned", "replaced"]
    outdated: bool = Field(description="The mailing has changed since: it says nothing any more.")
    run: int | None = Field(description="The number of the run that was started by it.")
    asked_at: datetime | None
    decided_by: str = Field(description="The email of the manager.", examples=["boss@example.org"])
    decided_at: datetime | None
    remark: str = Field(examples=["Please name the price."])
