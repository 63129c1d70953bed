"""What ``.env`` says of what comes back: sign-ups, hooks, the mailbox of bounces, openings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from config.rules import feedback, site


class FeedbackSettings(BaseModel):
    """The keys that begin with ``HOOK_``, ``BOUNCE_``, ``SIGNUP_``; and TRACKING_APPLE_RELAYS."""

    hook_secret: str = Field(default="", repr=False, examples=["32 random characters"])
    hook_brevo_login: str = Field(default="", repr=False, examples=["hook:password"])
    hook_mailersend_key: str = Field(default="", repr=False)
    hook_mailgun_key: str = Field(default="", repr=False)
    hook_mailjet_login: str = Field(default="", repr=False, examples=["hook:password"])
    hook_mailtrap_key: str = Field(default="", repr=False)
    hook_mandrill_key: str = Field(default="", repr=False)
    hook_postal_key: str = Field(default="", repr=False)
    hook_postmark_login: str = Field(default="", repr=False, examples=["hook:password"])
    hook_resend_key: str = Field(default="", repr=False, examples=["whsec_..."])
    hook_sendgrid_key: str = Field(default="", repr=False)
    hook_sparkpost_login: str = Field(default="", repr=False, examples=["hook:password"])
    hook_unisender_go_key: str = Field(default="", repr=False)
    hook_ses_topics: str = Field(
        default="", examples=["arn:aws:sns:eu-west-1:123456789012:bounces"]
    )
    hook_generic_key: str = Field(default="", repr=False)

    signup_reminder_hours: int = Field(default=0, ge=0, le=720, examples=["24"])

    bounce_address: str = Field(default="", examples=["bounces@example.org"])
    bounce_imap_host: str = Field(default="", examples=["imap.example.org"])
    bounce_imap_port: int = Field(default=993, ge=1, le=65535, examples=["993"])
    bounce_imap_security: Literal["none", "starttls", "tls"] = Field(
        default="tls", examples=["tls"]
    )
    bounce_imap_username: str = Field(default="", validate_default=True)
    bounce_imap_password: str = Field(default="", validate_default=True, repr=False)
    bounce_imap_folder: str = Field(default="INBOX", examples=["INBOX"])

    tracking_apple_relays: str = Field(default="", examples=["/etc/vestnik/apple-relays.csv"])

    @field_validator(*feedback.READERS)
    @classmethod
    def _readable_feedback(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name)
        if name == "bounce_address" and "@" in value:
            value = site.ascii_address(value)
        feedback.READERS[name](value)
        # A secret that was refused is not in the data: one line about it is enough.
        if value and name.startswith("hook_") and info.data.get("hook_secret", "?") == "":
            raise ValueError("goes together with HOOK_SECRET")
        return value

    @field_validator("bounce_imap_security")
    @classmethod
    def _possible_port(cls, value: str, info: ValidationInfo) -> str:
        if value == "starttls" and info.data.get("bounce_imap_port") == 993:
            raise ValueError("starttls needs its own BOUNCE_IMAP_PORT, usually 143; 993 is tls")
        return value

    @field_validator("bounce_imap_username", "bounce_imap_password")
    @classmethod
    def _whole_mailbox(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("bounce_imap_host")):
            raise ValueError("goes together with BOUNCE_IMAP_HOST")
        return value
