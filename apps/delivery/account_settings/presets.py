"""What is known of providers' mail servers, to begin a new account with.

Limits are those that the provider names for a mailbox or for the plan that a new customer has;
where none is named there is none. Each may be changed in the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider. ``keys`` fill the form; ``help_url`` says where its passwords come from."""

    code: str
    title: str | Promise
    keys: Mapping[str, str]
    help_url: str = ""
    hint: str | Promise = ""
    kind: str = field(default="smtp")


def _sms(code: str, title: str, help_url: str, hint: str | Promise, **keys: str) -> Preset:
    return Preset(code, title, {"provider": code, **keys}, help_url, hint, kind="sms")


_TLS: Final = {"port": "465", "security": "tls"}
_STARTTLS: Final = {"port": "587", "security": "starttls"}
_APP_PASSWORD: Final = _("Create an app password: the password of the mailbox is not accepted.")
_SMTP_KEY: Final = _("The password is an SMTP key from the provider's settings, not an API key.")

PRESETS: Final[Mapping[str, Preset]] = {
    preset.code: preset
    for preset in (
        Preset(
            "yandex360",
            "Yandex 360",
            {"host": "smtp.yandex.ru", **_TLS, "per_day": "500", "max_connections": "4"},
            "https://yandex.ru/support/id/ru/authorization/app-passwords",
            _APP_PASSWORD,
        ),
        Preset(
            "mailru",
            "Mail.ru",
            {"host": "smtp.mail.ru", **_TLS, "max_connections": "4"},
            "https://help.mail.ru/mail/security/protection/external/",
            _APP_PASSWORD,
        ),
        Preset(
            "gmail",
            "Gmail, Google Workspace",
            {"host": "smtp.gmail.com", **_STARTTLS, "per_day": "500", "max_connections": "4"},
            "https://support.google.com/accounts/answer/185833",
            _("Create an app password. A Workspace mailbox may send 2,000 messages a day."),
        ),
        Preset(
            "outlook",
            "Outlook, Microsoft 365",
            {
                **{"host": "smtp.office365.com", **_STARTTLS, "max_connections": "3"},
                **{"per_minute": "30", "per_day": "10000"},
            },
            "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/"
            "authenticated-client-smtp-submission",
            _("SMTP AUTH has to be enabled for the mailbox; many tenants accept OAuth 2.0 only."),
        ),
        Preset(
            "ses",
            "Amazon SES",
            {
                **{"host": "email-smtp.eu-central-1.amazonaws.com", **_STARTTLS},
                **{"per_second": "1", "per_day": "200"},
            },
            "https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html",
            _("Set your region in the server's name. The limits are those of the sandbox."),
        ),
        Preset(
            "postmark",
            "Postmark",
            {"host": "smtp.postmarkapp.com", **_STARTTLS},
            "https://postmarkapp.com/developer/user-guide/send-email-with-smtp",
            _("The server's API token is both the user name and the password."),
        ),
        Preset(
            "mailgun",
            "Mailgun",
            {"host": "smtp.mailgun.org", **_STARTTLS},
            "https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-smtp",
            _("For a domain in the EU: smtp.eu.mailgun.org."),
        ),
        Preset(
            "brevo",
            "Brevo",
            {"host": "smtp-relay.brevo.com", **_STARTTLS, "per_day": "300"},
            "https://developers.brevo.com/docs/smtp-integration",
            _SMTP_KEY,
        ),
        Preset(
            "sendgrid",
            "SendGrid",
            {"host": "smtp.sendgrid.net", **_STARTTLS, "username": "apikey"},
            "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/"
            "integrating-with-the-smtp-api",
            _("The user name is the word apikey, the password is an API key."),
        ),
        Preset(
            "unisender_go",
            "UniSender Go",
            {"host": "smtp.go1.unisender.ru", **_STARTTLS, "max_connections": "50"},
            "https://godocs.unisender.ru/smtp-api",
            _("User name: your user_id; password: an API key. Or smtp.go2.unisender.ru."),
        ),
        Preset(
            "sendpulse",
            "SendPulse",
            {"host": "smtp-pulse.com", **_STARTTLS},
            "https://sendpulse.com/integrations/smtp",
            _("User name and password stand on the tab SMTP of the account settings."),
        ),
        Preset(
            "postfix",
            _("Own mail server"),
            {"host": "127.0.0.1", "port": "25", "security": "none"},
            "",
            _("On this machine without sign-in; for another machine set port 587 and STARTTLS."),
        ),
        _sms(
            "smsru",
            "SMS.ru",
            "https://sms.ru/api/send",
            _("The token is the api_id of your account."),
        ),
        _sms(
            "smsc",
            "SMSC",
            "https://smsc.ru/api/http/send/sms/",
            _("User name and password are those of the account, or of its API."),
        ),
        _sms(
            "exolve",
            "MTS Exolve",
            "https://docs.exolve.ru/docs/ru/api-reference/sms-api/sending-sms",
            _("The token is the application’s API key; the sender name has to be registered."),
        ),
        _sms(
            "twilio",
            "Twilio",
            "https://www.twilio.com/docs/messaging/api/message-resource",
            _("User name: the Account SID; password: the Auth Token; sender: a number with +."),
        ),
        _sms(
            "vonage",
            "Vonage",
            "https://developer.vonage.com/en/messaging/sms/overview",
            _("User name: the API key; password: the API secret."),
        ),
        _sms(
            "sigmasms",
            "SigmaSMS",
            "https://sigmasms.ru/api/http/",
            _("The token stands in the settings of the account; the sender has to be registered."),
        ),
        _sms(
            "smsaero",
            "SMS Aero",
            "https://smsaero.ru/cabinet/settings/apikey/",
            _("User name: the email of the account; password: the API key."),
        ),
    )
}
