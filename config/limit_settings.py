"""The keys of ``.env`` that bound when anything is sent, and how much."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class LimitSettings(BaseModel):
    """When anything is sent, how much by one user, how late and how often."""

    working_hours: str = Field(default="", examples=["09:00-18:00"])
    working_days: str = Field(default="", examples=["mon-fri"])
    days_off: str = Field(default="", examples=["RU,2026-12-31"])
    limit_per_user_day: int | None = Field(default=None, ge=0, examples=["1000"])
    limit_per_new_user_day: int = Field(default=50, ge=0, examples=["50"])
    limit_bounce_percent: float = Field(default=5, ge=0, le=100, examples=["5"])
    limit_complaint_percent: float = Field(default=0.3, ge=0, le=100, examples=["0.3"])
    limit_account_complaint_percent: float = Field(default=0, ge=0, le=100, examples=["0.3"])
    limit_starts_per_hour: int = Field(default=10, ge=0, examples=["10"])
    limit_tests_per_hour: int = Field(default=5, ge=0, examples=["5"])
    consent_required: bool = Field(default=False, examples=["true"])
    missed_start_minutes: int = Field(default=60, ge=1, examples=["60"])
    preflight: Literal["offered", "required", "clean"] = Field(
        default="offered", examples=["required"]
    )
    approval: Literal["off", "large", "always"] = Field(default="off", examples=["large"])
    approval_above: int = Field(default=1000, ge=0, examples=["1000"])
    spam_check: str = Field(
        default="",
        pattern=r"^$|^r?spamd://[A-Za-z0-9._\-\[\]:]+/?$",
        examples=["spamd://127.0.0.1:783"],
    )

    dispatch_unknown_policy: Literal["hold", "resend", "assume_sent"] = Field(
        default="hold", examples=["hold"]
    )
    dispatch_lease_seconds: int = Field(default=15, ge=3, le=600, examples=["15"])
    dispatch_max_tries: int = Field(default=5, ge=1, le=50, examples=["5"])
    dispatch_retry_seconds: int = Field(default=300, ge=1, examples=["300"])
    dispatch_max_refusals: int = Field(default=20, ge=0, le=10_000, examples=["20"])
