"""What ``.env`` says of measuring letters."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, field_validator

from config.rules import site


class TrackingSettings(BaseModel):
    """What is measured, for how long it is kept, and by which address measured links pass."""

    tracking: Literal["off", "totals", "persons"] = Field(default="persons", examples=["totals"])
    tracking_text: bool = Field(default=False, examples=["True"])
    tracking_choice: bool = Field(default=True, examples=["False"])
    tracking_keep_days: int = Field(default=400, ge=1, le=3_650, examples=["400"])
    link_url: str = Field(default="", examples=["https://links.example.org"])

    @field_validator("link_url")
    @classmethod
    def _host_of_links(cls, value: str) -> str:
        return site.site_url(value) if value else ""

    @property
    def measuring(self) -> tuple[str, bool, bool, int, str]:
        """All of them, in their order."""
        chosen = self.tracking, self.tracking_text, self.tracking_choice
        return *chosen, self.tracking_keep_days, self.link_url
