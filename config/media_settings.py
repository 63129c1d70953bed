"""What ``.env`` says of the pictures of letters."""

from __future__ import annotations

from pydantic import BaseModel, Field, field_validator

from config.rules import site


class MediaSettings(BaseModel):
    """The keys that begin with ``MEDIA_``."""

    media_quota_mb: int = Field(default=2_048, ge=0, examples=["2048"])
    media_base_url: str = Field(default="", examples=["https://pictures.example.org"])
    media_accel_redirect: str = Field(
        default="", pattern=r"^(/[\w./-]*/)?$", examples=["/_pictures/"]
    )

    @field_validator("media_base_url")
    @classmethod
    def _address_of_a_host(cls, value: str) -> str:
        return site.site_url(value) if value else ""
