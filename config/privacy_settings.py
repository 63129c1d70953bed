"""What ``.env`` says of erasures, and how long what names people is kept."""

from __future__ import annotations

from pydantic import BaseModel, Field, field_validator

from config.rules import edge


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

    @field_validator("erasure_keys")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        edge.keys_of(value)
        return value

    @property
    def kept_days(self) -> tuple[int, int, int, int]:
        """Unconfirmed subscriptions, files of imports, reports of providers, the audit log."""
        days = self.unconfirmed_days, self.import_files_days
        return *days, self.events_days, self.audit_days
