"""What ``.env`` says of the mail server of the site itself."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from config.rules import smtp


class SiteMailSettings(BaseModel):
    """The keys that begin with ``EMAIL_``, and the sender of the site's mails."""

    email_host: str = Field(default="", examples=["smtp.example.org"])
    email_port: int = Field(default=587, ge=1, le=65535, examples=["587"])
    email_host_user: str = Field(default="", repr=False)
    email_host_password: str = Field(default="", repr=False)
    email_oauth_token_file: str = Field(default="", examples=["/run/vestnik/token"])
    email_oauth_token_command: str = Field(
        default="", validate_default=True, examples=["oauth2-token news@example.org"]
    )
    email_ehlo_name: str = Field(default="", examples=["mail.example.org"])
    email_ca_file: str = Field(default="", examples=["/etc/ssl/company-ca.pem"])
    email_use_tls: bool = Field(default=True, examples=["True"])
    email_use_ssl: bool = Field(default=False, examples=["False"])
    email_timeout: int = Field(default=30, ge=1, examples=["30"])
    email_pipelining: Literal["auto", "full", "envelope", "off"] = Field(
        default="auto", examples=["auto"]
    )
    default_from_email: str = Field(default="vestnik@localhost", examples=["news@example.org"])

    @field_validator("email_ehlo_name", "email_ca_file")
    @classmethod
    def _usable_for_smtp(cls, value: str, info: ValidationInfo) -> str:
        check = smtp.ca_file if info.field_name == "email_ca_file" else smtp.ehlo_name
        return check(value)

    @field_validator("email_oauth_token_command")
    @classmethod
    def _one_way_to_log_in(cls, value: str, info: ValidationInfo) -> str:
        return smtp.token_command(
            value,
            file=str(info.data.get("email_oauth_token_file", "")),
            username=str(info.data.get("email_host_user", "")),
            password=str(info.data.get("email_host_password", "")),
        )
