"""The keys of ``.env`` that bound what is sent in somebody's name."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LimitSettings(BaseModel):
    """How much one user sends, and how late."""

    limit_per_user_day: int = Field(default=0, ge=0, examples=["1000"])
    limit_per_new_user_day: int = Field(default=50, ge=0, examples=["50"])
    missed_start_minutes: int = Field(default=60, ge=1, examples=["60"])
