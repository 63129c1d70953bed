"""Preflights."""

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
