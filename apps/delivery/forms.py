"""The form of a sending account: the keys of its kind, as ``.env`` has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.delivery.account_settings.declarations import (
    CONNECTION,
    SECRETS,
    AccountRefused,
    declarations,
)
from apps.delivery.channels.kinds import ChannelKind
from apps.delivery.channels.sms.record import preset, presets

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_NAME: Final = re.compile(r"[a-z](?:_?[a-z0-9])*")
#: AccountState.name holds 40, a line of ``.env`` a key of 60.
_LONGEST_NAME: Final = 30
_Maker = Callable[[], forms.Field]


def _text(label: _StrPromise, help_text: str | _StrPromise = "", example: str = "") -> _Maker:
    def make() -> forms.Field:
        attrs = {"placeholder": example, "autocomplete": "off"}
        widget = forms.TextInput(attrs)
        return forms.CharField(
            label=label, help_text=help_text, required=False, max_length=500, widget=widget
        )

    return make


def _secret(label: _StrPromise) -> _Maker:
    def make() -> forms.Field:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return forms.CharField(
            label=label, required=False, max_length=500, strip=False, widget=widget
        )

    return make


def _number(label: _StrPromise, default: str = "", help_text: str | _StrPromise = "") -> _Maker:
    def make() -> forms.Field:
        widget = forms.NumberInput(attrs={"placeholder": default, "min": 0, "inputmode": "numeric"})
        return forms.IntegerField(
            label=label, help_text=help_text, required=False, min_value=0, widget=widget
        )

    return make


def _choice(label: _StrPromise, *choices: tuple[str, str | _StrPromise]) -> _Maker:
    return lambda: forms.ChoiceField(label=label, required=False, choices=choices)


_SECURITIES: Final[Mapping[str, str | _StrPromise]] = {
    **{"starttls": "STARTTLS", "tls": "TLS"},
    "none": _("none"),
}
_AUTOMATIC: Final = _("automatic")
_HOURS: Final = _("For example 09:00-18:00. Empty: those of the installation.")
_DAYS: Final = _("For example mon-fri. Empty: those of the installation.")
_USERS: Final = _("Email addresses of users, or managers; with commas. Empty: everybody.")
_SYSTEM_TYPE: Final = _("Only if the operator names one.")
_RECORD: Final = _("A file on the server, in place of a provider from the list.")


def _providers() -> forms.Field:
    known = [(name, preset(name).title) for name in presets()]
    return forms.ChoiceField(
        label=_("Provider"), required=False, choices=[("", _("another one")), *known]
    )


_FIELDS: Final[Mapping[str, _Maker]] = {
    "host": _text(_("Server"), example="smtp.example.org"),
    "port": _number(_("Port"), "587"),
    "security": _choice(_("Encryption"), *_SECURITIES.items()),
    "provider": _providers,
    "record": _text(_("Record of another provider"), _RECORD, "/etc/vestnik/provider.toml"),
    "system_type": _text(_("System type"), _SYSTEM_TYPE),
    "sender": _text(_("Sender name or number"), example="Example"),
    "long_text": _choice(
        _("Texts of several parts"),
        ("", _("are sent in parts")),
        ("payload", _("are sent whole (message_payload)")),
    ),
    "transliterate": _choice(
        _("Russian letters"), ("", _("are sent as they are")), ("True", _("become Latin ones"))
    ),
    "price": _text(_("Price of a part"), example="2.49 RUB"),
    "url": _text(_("Address (URL)"), example="https://gateway.example.org/v1"),
    "username": _text(_("User name")),
    "password": _secret(_("Password")),
    "token": _secret(_("Token")),
    "confirmation": _text(_("String that the server returns (Callback API)")),
    "idempotent": _choice(
        _("Repeated messages with the same id"),
        ("", _AUTOMATIC),
        ("True", _("are sent once")),
        ("False", _("are sent again")),
    ),
    "from_email": _text(_("Sender address"), example="news@example.org"),
    "from_name": _text(_("Sender name")),
    "per_second": _number(_("Per second")),
    "per_minute": _number(_("Per minute")),
    "per_hour": _number(_("Per hour")),
    "per_day": _number(_("Per day")),
    "per_month": _number(_("Per month")),
    "warmup_first": _number(_("Warm-up: messages on day 1")),
    "warmup_percent": _number(_("Warm-up: daily growth in percent"), "50"),
    "hours": _text(_("Sending hours"), _HOURS, "09:00-18:00"),
    "weekdays": _text(_("Sending days"), _DAYS, "mon-fri"),
    "fallback": _choice(_("Fallback account")),
    "users": _text(_("Who may send"), _USERS),
    "max_connections": _number(_("Connections"), "8"),
    "window": _number(_("Messages in work at a time"), "200"),
    "timeout": _number(_("Time limit of a step, seconds"), "60"),
    "ehlo_name": _text(_("Name in EHLO"), example="mail.example.org"),
    "pipelining": _choice(
        _("Pipelining"),
        ("", _AUTOMATIC),
        ("full", "full"),
        ("envelope", "envelope"),
        ("off", "off"),
    ),
}
#: What every account has, whatever its kind.
_EVERY: Final = (
    *("per_second", "per_minute", "per_hour", "per_day", "per_month"),
    *("warmup_first", "warmup_percent", "hours", "weekdays", "fallback", "users"),
    *("max_connections", "window", "timeout"),
)
_OF_EMAIL: Final = ("from_email", "from_name")
_SECTIONS: Final[tuple[tuple[str, _StrPromise, tuple[str, ...]], ...]] = (
    (
        "connection",
        _("Connection"),
        (
            *("name", "provider", "host", "port", "security", "url", "username", "password"),
            *("token", "system_type", "sender", "transliterate", "long_text", "price", "record"),
            *("confirmation", "idempotent"),
        ),
    ),
    ("sender", _("Sender"), _OF_EMAIL),
    ("limits", _("Limits, 0 or empty: none"), _EVERY[:5]),
    ("hours", _("Hours, warm-up, fallback"), _EVERY[5:11]),
    ("more", _("More"), (*_EVERY[11:], "ehlo_name", "pipelining")),
)
#: What an account for text messages has only where its provider is none that is known.
_RARE: Final = ("record", "url", "idempotent")
#: What the record of a provider of text messages may need.
_OF_PROVIDER: Final = ("username", "password", "token", "sender")
_WRONG: Final[Mapping[str, _StrPromise]] = {
    "host": _("Enter the name of the server."),
    "sender": _("Up to 11 Latin letters, digits and signs, or a number."),
    "username": _("Enter the bot's name without @; for VK the community's number."),
    "confirmation": _("Copy the string from the community's settings: letters and digits."),
    "provider": _("Choose the provider, or name a file with its record."),
    "record": _("The file can’t be read, or is no record."),
    "price": _("Write a number with a currency or without one: 2.49 RUB."),
    "port": _("A port is a number from 1 to 65535."),
    "url": _("Enter an address that begins with https://."),
    "from_email": _("Enter an email address."),
    "ehlo_name": _("Enter a domain name, or an address in brackets."),
    "hours": _("Write the hours like 09:00-18:00."),
    "weekdays": _("Use mon, tue, wed, thu, fri, sat, sun, such as mon-fri."),
    "users": _("Write email addresses of users and the word managers, with commas."),
    "token": _("A token is one word. For a Telegram bot: 123456:ABC-def."),
    "max_connections": _("From 1 to 100."),
    "window": _("From 1 to 1000."),
    "timeout": _("From 1 to 600."),
    "warmup_percent": _("From 1 to 1000."),
}


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that stand together. ``folded``: nothing in it is set, and nothing is wrong."""

    code: str
    title: _StrPromise
    fields: list[forms.BoundField]
    folded: bool


class AccountForm(forms.Form):
    """The keys of one account. ``written``: what the file says now; ``name``: empty for a new one.

    A secret that is stored stays when its field is empty, unless the connection is another one.
    """

    name = forms.CharField(
        label=_("Name"),
        max_length=_LONGEST_NAME,
        help_text=_("Small Latin letters, digits and _; mailings choose the account by it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "news"}),
    )

    def __init__(
        self,
        *args: Any,
        kind: ChannelKind,
        name: str,
        written: Mapping[str, str],
        others: Collection[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self._name, self._written, self._others = kind, name, written, others
        if name:
            del self.fields["name"]
        own = (*kind.keys, *(_OF_EMAIL if "email" in kind.serves else ()), *_EVERY)
        for key in own:
            if key in _FIELDS:
                self.fields[key] = self._made(key)

    @property
    def account(self) -> str:
        """The name of the account. Must be cleaned for a new one."""
        return self._name or str(self.cleaned_data["name"])

    @property
    def values(self) -> dict[str, str]:
        """The keys to be written; empty: not set. Must be cleaned."""
        found = {"kind": self.kind.name}
        for key in self.fields:
            value = self.cleaned_data.get(key)
            text = "" if value is None else str(value)
            if key == "name" or (key in SECRETS and not text):
                continue
            found[key] = text
        return found

    @property
    def sections(self) -> Iterator[Section]:
        """The fields as the page shows them."""
        for code, title, keys in _SECTIONS:
            fields = [self[key] for key in self._shown(code, keys)]
            if fields:
                wrong = any(field.errors for field in fields)
                used = code == "hours" and any(field.value() for field in fields)
                folded = code in ("hours", "more") and not wrong and not used
                yield Section(code, title, fields, folded)

    def _shown(self, section: str, keys: tuple[str, ...]) -> list[str]:
        """The keys of a section. A known provider of text messages says the rest of its own."""
        rare = _RARE if self.kind.name == "sms" else ()
        own = [key for key in keys if key not in rare]
        return [key for key in (*own, *(rare if section == "more" else ())) if key in self.fields]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip().lower()
        if not _NAME.fullmatch(name):
            text = _("Use small Latin letters, digits and single underscores.")
            raise forms.ValidationError(text, code="name")
        if name in self._others:
            raise forms.ValidationError(_("There is an account of this name."), code="taken")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        values = self.values
        before = self._written
        moved = [key for key in CONNECTION if self._holds(values, key) != self._holds(before, key)]
        for key in SECRETS:
            if self._written.get(key) and not values.get(key) and self._name and moved:
                text = _("Enter it again: the server or the user name has changed.")
                self.add_error(key if key in self.fields else None, text)
        if not self.errors:
            self._check({**self._written, **values})
        return cleaned

    def _holds(self, values: Mapping[str, str], key: str) -> str:
        """The value that holds, where nothing is written as well."""
        own = {"port": str(self.kind.port), "security": self.kind.securities[0]}
        return values.get(key) or own.get(key, "")

    def _check(self, values: Mapping[str, str]) -> None:
        try:
            declarations().settings_of(values)
        except AccountRefused as refusal:
            for key in refusal.wrong:
                text = _WRONG.get(key, _("This value can't be used."))
                if key in _OF_PROVIDER and self.kind.name == "sms" and not values.get(key):
                    text = _("The provider needs this.")
                self.add_error(key if key in self.fields else None, text)
            if not refusal.wrong:
                self.add_error(None, str(refusal))

    def _made(self, key: str) -> forms.Field:
        field = _FIELDS[key]()
        field.initial = self._written.get(key, "") if key not in SECRETS else ""
        stored = bool(self._written.get(key))
        if key in self.kind.required and not stored:
            field.required = True
        if key in SECRETS and stored:
            field.required = False
            field.help_text = _("Stored. Leave it empty to keep it.")
        if key == "port":
            field.widget.attrs["placeholder"] = str(self.kind.port)
        if key == "security" and isinstance(field, forms.ChoiceField):
            field.choices = [(one, _SECURITIES[one]) for one in self.kind.securities]
        if key == "fallback" and isinstance(field, forms.ChoiceField):
            others = sorted(set(self._others) - {self._name})
            field.choices = [("", _("none")), *((one, one) for one in others)]
        if key in CONNECTION and self._is_fixed:
            field.disabled = True
            field.help_text = _("Set in .env itself: a file or a command goes with it.")
        return field

    @property
    def _is_fixed(self) -> bool:
        """A command or a file of the server would go to wherever a page sends it."""
        of_server = ("oauth_token_file", "oauth_token_command")
        return self.kind.loads_code or any(self._written.get(key) for key in of_server)
