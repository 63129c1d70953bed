"""What ``.env`` says of erasures, and how long what names people is kept."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from config.rules import edge

#: What may be asked for so long must be there: frequency rules look back for 90 days.
_LEAST: Final = {"transactional_days": 100, "notifications_days": 30}


class PrivacySettings(BaseModel):
    """The keys of erasures, and one key for everything that is kept for a time only."""

    erasure_keys: str = Field(default="", repr=False, examples=["48 random characters"])
    erasure_grace_days: int = Field(default=3, ge=0, le=30, examples=["3"])
    unconfirmed_days: int = Field(default=30, ge=1, le=365, examples=["30"])
    import_files_days: int = Field(default=30, ge=1, le=3650, examples=["30"])
    events_days: int = Field(default=400, ge=0, le=36_500, examples=["400"])
    evidence_days: int = Field(default=1095, ge=1, le=36_500, examples=["1095"])
    personal_files_days: int = Field(default=30, ge=1, le=3650, examples=["30"])
    personal_files_quota_mb: int = Field(default=20_480, ge=0, examples=["20480"])
    audit_days: int = Field(default=1095, ge=0, le=36_500, examples=["1095"])
    left_out_kept_days: int = Field(default=0, ge=0, le=36_500, examples=["0"])
    transactional_days: int = Field(default=0, ge=0, le=36_500, examples=["365"])
    notifications_days: int = Field(default=400, ge=0, le=36_500, examples=["400"])
    log_days: int = Field(default=180, ge=0, le=36_500, examples=["180"])

    @field_validator("erasure_keys")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        edge.keys_of(value)
        return value

    @field_validator(*_LEAST)
    @classmethod
    def _for_ever_or_for_long(cls, value: int, info: ValidationInfo) -> int:
        least = _LEAST[str(info.field_name)]
        if 0 < value < least:
            raise ValueError(f"must be 0, or {least} or more")
        return value

    @property
    def kept_days(self) -> tuple[int, int, int, int, int]:
        """Unconfirmed subscriptions, files of imports, provider reports, audit log, evidence."""
        days = self.unconfirmed_days, self.import_files_days, self.events_days
        return *days, self.audit_days, self.evidence_days

    @property
    def kept_on_wish(self) -> tuple[int, int, int, int]:
        """Who was left out, transactional messages, notifications, files of the log."""
        days = self.left_out_kept_days, self.transactional_days
        return *days, self.notifications_days, self.log_days
