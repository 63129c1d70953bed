"""What ``.env`` says of one source of recipients."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from apps.mailings.importing.sources.declaration import EVERYBODY, SQLITE, Declaration, Kind
from config.rules import sending

BASE_DIR = Path(__file__).resolve().parent.parent
#: The keys that each kind needs.
_NEEDED: dict[Kind, tuple[str, ...]] = {
    "file": ("path",),
    "url": ("url",),
    "sql": ("url", "query"),
    "listmonk": ("url", "user", "token"),
}
_SCHEMES: dict[Kind, tuple[str, ...]] = {
    "file": (),
    "url": ("https://", "http://"),
    "sql": ("postgresql://", SQLITE),
    "listmonk": ("https://", "http://"),
}


class SourceSettings(BaseModel):
    """Where people are brought in from, as declared by ``SOURCES__<NAME>__…``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = Field(examples=["listmonk"])
    path: str = Field(default="", examples=["/srv/crm/customers.csv"])
    url: str = Field(default="", repr=False, examples=["https://listmonk.example.org"])
    query: str = Field(default="", repr=False, examples=["SELECT email, name FROM customers"])
    user: str = Field(default="", repr=False, examples=["vestnik"])
    token: str = Field(default="", repr=False)
    allow_local: bool = Field(default=False, examples=["False"])
    map: str = Field(default="", examples=["crm_state=status,id=-"])
    users: str = Field(default="", examples=["anna@example.org,managers"])
    owner: str = Field(default="", examples=["anna@example.org"])
    nightly: int | None = Field(default=None, ge=0, le=23, examples=["3"])
    list: str = Field(default="", examples=["News"])
    statement: str = Field(default="", max_length=500, examples=["Signed up in the shop"])
    tag: str = Field(default="", max_length=50, examples=["crm"])
    missing_tag: str = Field(default="", max_length=50, examples=["not in crm"])

    @field_validator("url")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        schemes = _SCHEMES.get(info.data.get("kind", "file"), ())
        if value and schemes and not value.startswith(schemes):
            raise ValueError(f"must begin with {' or '.join(schemes)}")
        return value

    @field_validator("map")
    @classmethod
    def _pairs(cls, value: str) -> str:
        mapping_of(value)
        return value

    @field_validator("users")
    @classmethod
    def _addresses(cls, value: str) -> str:
        users_of(value)
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [key.upper() for key in _NEEDED[self.kind] if not getattr(self, key)]
        if missing:
            raise ValueError(f"{self.kind} needs {' and '.join(missing)}")
        if self.nightly is not None and not self.owner:
            raise ValueError("NIGHTLY needs OWNER: whose recipients they become")
        if self.missing_tag and self.missing_tag == self.tag or self.missing_tag and not self.tag:
            raise ValueError("MISSING_TAG needs another TAG, by which the earlier ones are known")
        return self

    def declared(self, name: str) -> Declaration:
        """The source as the application knows it."""
        return Declaration(
            name=name,
            kind=self.kind,
            path=BASE_DIR / self.path,
            url=_absolute(self.url),
            query=self.query,
            user=self.user,
            token=self.token,
            local=self.allow_local,
            mapping=mapping_of(self.map),
            users=users_of(self.users),
            owner=self.owner.strip().lower(),
            hour=self.nightly,
            list=self.list,
            statement=self.statement,
            tag=self.tag,
            missing_tag=self.missing_tag,
        )


def _absolute(url: str) -> str:
    """A file of SQLite lies where it lies, wherever a command is called from."""
    if not url.startswith(SQLITE):
        return url
    return f"{SQLITE}{BASE_DIR / url.removeprefix(SQLITE)}"


def users_of(text: str) -> frozenset[str]:
    """As of an account, or the word for all users alone. Raises ValueError."""
    if text.strip().lower() == EVERYBODY:
        return frozenset({EVERYBODY})
    return sending.users_of(text)


def mapping_of(text: str) -> dict[str, str]:
    """``COLUMN=FIELD``, parted by commas. Raises ValueError."""
    pairs = [part.rpartition("=") for part in text.split(",") if part.strip()]
    if not all(column.strip() and field.strip() for column, _, field in pairs):
        raise ValueError("is not COLUMN=FIELD, parted by commas")
    return {column.strip(): field.strip() for column, _, field in pairs}
