"""What ``.env`` says of one mailbox of our own that probes are sent to and read back from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from config.rules import site


class SeedSettings(BaseModel):
    """A mailbox, as declared by ``SEEDS__<NAME>__…``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(examples=["probe@gmail.com"])
    imap_host: str = Field(examples=["imap.gmail.com"])
    imap_port: int = Field(default=993, ge=1, le=65535, examples=["993"])
    imap_security: Literal["none", "starttls", "tls"] = Field(default="tls", examples=["tls"])
    imap_username: str = Field(examples=["probe@gmail.com"])
    imap_password: str = Field(repr=False)

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        if "@" not in value:
            raise ValueError("is no email address")
        return site.ascii_address(value)

    @field_validator("imap_security")
    @classmethod
    def _possible_port(cls, value: str, info: ValidationInfo) -> str:
        if value == "starttls" and info.data.get("imap_port") == 993:
            raise ValueError("starttls needs its own IMAP_PORT, usually 143; 993 is tls")
        return value
