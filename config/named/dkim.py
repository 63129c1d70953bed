"""What ``.env`` says of one key that letters are signed with."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from apps.delivery.channels.email.dkim import DkimKey, load_key
from config.rules import site

_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*")
BASE_DIR = Path(__file__).resolve().parent.parent


class DkimSettings(BaseModel):
    """A key of a domain, as declared by ``DKIM__<NAME>__…``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: str = Field(examples=["example.org"])
    selector: str = Field(examples=["vestnik1"])
    key_file: str = Field(examples=["var/dkim/example.org.pem"])

    @field_validator("domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        return site.ascii_host(value)

    @field_validator("selector")
    @classmethod
    def _selector(cls, value: str) -> str:
        if not _SELECTOR.fullmatch(value.lower()):
            raise ValueError("is no selector: small letters, digits and dashes")
        return value.lower()

    @field_validator("key_file")
    @classmethod
    def _readable_key(cls, value: str) -> str:
        load_key(BASE_DIR / value)
        return value

    @cached_property
    def key(self) -> DkimKey:
        """The key, read once."""
        return DkimKey(self.domain, self.selector, load_key(BASE_DIR / self.key_file))
