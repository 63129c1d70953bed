"""What ``.env`` says of one sending account."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from apps.delivery.channels import KINDS, kinds_serving
from apps.delivery.channels.http.client import BaseUrl
from config.rules import sending, site, sms, smtp

#: The kinds of account that write to phones.
TO_PHONES = kinds_serving("phone")


class AccountSettings(BaseModel):
    """One sending account, as declared by ``ACCOUNTS__<NAME>__…``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(examples=["smtp"])
    record: str = Field(default="", examples=["/etc/vestnik/provider.toml"])
    provider: str = Field(default="", validate_default=True, examples=["smsru"])
    host: str = Field(default="", validate_default=True, examples=["smtp.example.org"])
    port: int | None = Field(default=None, ge=1, le=65535, validate_default=True, examples=["587"])
    security: Literal["none", "starttls", "tls"] | None = Field(
        default=None, validate_default=True, examples=["starttls"]
    )
    username: str = Field(default="", validate_default=True, repr=False)
    password: str = Field(default="", validate_default=True, repr=False)
    oauth_token_file: str = Field(default="", examples=["/run/vestnik/token"])
    oauth_token_command: str = Field(
        default="", validate_default=True, examples=["oauth2-token news@example.org"]
    )
    ehlo_name: str = Field(default="", examples=["mail.example.org"])
    ca_file: str = Field(default="", examples=["/etc/ssl/company-ca.pem"])
    url: str = Field(default="", validate_default=True)
    token: str = Field(default="", validate_default=True, repr=False)
    confirmation: str = Field(default="", validate_default=True, repr=False)
    system_type: str = Field(default="", examples=["VMS"])
    sender: str = Field(default="", validate_default=True, max_length=60, examples=["Example"])
    long_text: Literal["parts", "payload"] = Field(default="parts", examples=["parts"])
    transliterate: bool = Field(default=False, examples=["True"])
    price: str = Field(default="", examples=["2.49 RUB"])
    idempotent: bool | None = Field(default=None, validate_default=True, examples=["False"])
    from_email: str = Field(default="", examples=["news@example.org"])
    from_name: str = Field(default="", examples=["Example News"])
    pipelining: Literal["auto", "full", "envelope", "off"] = Field(
        default="auto", examples=["auto"]
    )
    max_connections: int = Field(default=8, ge=1, le=100, examples=["8"])
    workers: int = Field(default=1, ge=1, le=64, examples=["1"])
    window: int = Field(default=200, ge=1, le=1000, examples=["200"])
    timeout: float = Field(default=60, gt=0, le=600, examples=["60"])
    per_second: int | None = Field(default=None, ge=0, validate_default=True, examples=["20"])
    per_minute: int = Field(default=0, ge=0, examples=["600"])
    per_hour: int = Field(default=0, ge=0, examples=["100"])
    per_day: int = Field(default=0, ge=0, examples=["2000"])
    per_month: int = Field(default=0, ge=0, examples=["15000"])
    warmup_first: int = Field(default=0, ge=0, examples=["50"])
    warmup_percent: int = Field(default=50, ge=1, le=1000, examples=["50"])
    hours: str = Field(default="", examples=["09:00-18:00"])
    weekdays: str = Field(default="", examples=["mon-fri"])
    fallback: str = Field(default="", examples=["spare"])
    link_url: str = Field(default="", examples=["https://links.example.org"])
    users: str = Field(default="", examples=["anna@example.org,managers"])

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        if value not in KINDS:
            raise ValueError(f"is none of {', '.join(KINDS)}")
        return value

    @field_validator("record")
    @classmethod
    def _readable_record(cls, value: str) -> str:
        return sms.record(value)

    @field_validator("provider")
    @classmethod
    def _known_provider(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("kind") != sms.KIND or "record" not in info.data:
            return value
        return sms.provider(value, str(info.data["record"]))

    @field_validator("price")
    @classmethod
    def _readable_price(cls, value: str) -> str:
        return sms.price(value)

    @field_validator("username", "password", "token", "sender")
    @classmethod
    def _needed_by_the_provider(cls, value: str, info: ValidationInfo) -> str:
        return sms.needed(str(info.field_name), value, info.data)

    @field_validator("port", "security")
    @classmethod
    def _as_the_kind(cls, value: Any, info: ValidationInfo) -> Any:
        """What is not said is what the record of the kind says."""
        kind = KINDS.get(str(info.data.get("kind")))
        if kind is None:
            return value
        if info.field_name == "port":
            return value or kind.port
        if value and value not in kind.securities:
            raise ValueError(f"is one of {', '.join(kind.securities)} when the kind is {kind.name}")
        return value or kind.securities[0]

    @field_validator("url", "idempotent", "per_second")
    @classmethod
    def _as_the_provider(cls, value: Any, info: ValidationInfo) -> Any:
        """What is not said is what the provider's record says."""
        found = sms.record_in(info.data)
        if found is None or value not in ("", None):
            return value
        return getattr(found, str(info.field_name)) or value

    @field_validator(
        *("host", "url", "username", "password", "token", "confirmation"),
        *("system_type", "sender"),
    )
    @classmethod
    def _fit_for_the_kind(cls, value: str, info: ValidationInfo) -> str:
        """Check it by the record of the kind. A wrong kind is an error of its own."""
        kind, name = KINDS.get(str(info.data.get("kind"))), str(info.field_name)
        if kind is None:
            return value
        if not value and name in kind.required:
            example = kind.required[name] and f" (example: {kind.required[name]})"
            raise ValueError(f"is needed when the kind is {kind.name}{example}")
        pattern, text = kind.patterns.get(name, ("", ""))
        if value and pattern and not re.fullmatch(pattern, value):
            raise ValueError(text)
        if name == "url" and value and kind.over_http:
            BaseUrl.of(value)
        return value

    @field_validator("token")
    @classmethod
    def _fit_for_a_header(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("kind") == "sendsay" and not value and not info.data.get("password"):
            raise ValueError("is needed when the kind is sendsay, or a USERNAME and a PASSWORD")
        if any(not "!" <= letter <= "~" for letter in value):
            raise ValueError("is one word, without “Bearer” and without blanks")
        return value

    @field_validator("link_url")
    @classmethod
    def _address_of_a_host(cls, value: str) -> str:
        return site.site_url(value) if value else ""

    @field_validator("from_email")
    @classmethod
    def _sender(cls, value: str) -> str:
        return site.ascii_address(value) if value else value

    @field_validator("oauth_token_command")
    @classmethod
    def _one_source_of_tokens(cls, value: str, info: ValidationInfo) -> str:
        credentials = {name: str(info.data.get(name, "")) for name in ("username", "password")}
        return smtp.token_command(
            value, file=str(info.data.get("oauth_token_file", "")), **credentials
        )

    @field_validator("ehlo_name")
    @classmethod
    def _fit_for_ehlo(cls, value: str) -> str:
        return smtp.ehlo_name(value)

    @field_validator("ca_file")
    @classmethod
    def _readable_certificates(cls, value: str) -> str:
        return smtp.ca_file(value)

    @field_validator("hours")
    @classmethod
    def _readable_hours(cls, value: str) -> str:
        sending.hours_of(value)
        return value

    @field_validator("users")
    @classmethod
    def _readable_users(cls, value: str) -> str:
        sending.users_of(value)
        return value

    @field_validator("weekdays")
    @classmethod
    def _readable_weekdays(cls, value: str) -> str:
        sending.weekdays_of(value)
        return value
