"""Whose export a file is, known by its header; offered, and never applied unseen.

The names of columns are those of the tools in any language of theirs that leaves them alone: in
Mailchimp's files the first columns are in the account's language, those in capitals are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from apps.mailings.fields import LISTINGS, Target
from apps.mailings.importing.column_keys import key_of
from apps.mailings.importing.columns import (
    EXPORT_COLUMNS,
    attribute_name,
    own_export,
    own_headings,
)

LEAVE_OUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Profile:
    """One tool. ``marks`` must all be there; ``columns`` are headers with their fields, and the
    headers in ``unneeded`` are left out. What it does not name is guessed as ever."""

    name: str
    label: str
    marks: frozenset[str]
    columns: Mapping[str, str]
    unneeded: str = ""

    def field_of(self, column: str) -> str:
        """Where a column goes; empty: guess it."""
        name = _plain(column)
        return self.columns.get(name) or (LEAVE_OUT if name in self.unneeded.split("|") else "")


def _fields(**columns: str) -> dict[str, str]:
    """Fields, each with its headers parted by bars."""
    return {header: field for field, headers in columns.items() for header in headers.split("|")}


PROFILES: Final = (
    Profile(
        "listmonk",
        "listmonk",
        frozenset({"uuid", "email", "name", "attributes", "status", "created_at"}),
        _fields(
            email="email",
            full_name="name",
            attributes_json="attributes",
            status="status",
            since="created_at",
        ),
        "uuid|updated_at",
    ),
    Profile(
        "mailchimp",
        "Mailchimp",
        frozenset({"member_rating", "leid", "euid"}),
        _fields(
            email="email address",
            full_name="first name|last name",
            phone="phone number|phone",
            consent_date="optin_time",
            consent_ip="optin_ip",
            confirmed_date="confirm_time",
            time_zone="timezone",
            tags="tags",
            comment="notes",
            unsubscribed_date="unsub_time",
            unsubscribed_reason="unsub_reason",
            status="clean_time",
        ),
        "member_rating|confirm_ip|latitude|longitude|gmtoff|dstoff|cc|region|last_changed|leid|euid"
        "|unsub_campaign_title|unsub_campaign_id|unsub_reason_other|clean_campaign_title"
        "|clean_campaign_id",
    ),
    Profile(
        "unisender",
        "UniSender",
        frozenset({"email", "email_status", "email_list_ids"}),
        _fields(
            email="email",
            phone="phone",
            tags="tags",
            status="email_status|email_availability",
            consent_date="email_subscribe_times",
            consent_ip="email_request_ip",
            confirmed_date="email_confirm_time",
            lists="email_list_ids",
            unsubscribed_lists="email_unsubscribed_list_ids",
        ),
        "email_add_time|email_confirm_ip|email_excluded_list_ids|phone_status|phone_add_time"
        "|phone_availability|phone_list_ids|phone_subscribe_times|phone_unsubscribed_list_ids",
    ),
    Profile(
        "mautic",
        "Mautic",
        frozenset({"firstname", "lastname", "email", "points"}),
        _fields(
            email="email",
            full_name="firstname|lastname",
            phone="mobile",
            language="preferred_locale",
            time_zone="timezone",
        ),
        "id",
    ),
    Profile(
        "mailerlite",
        "MailerLite",
        frozenset({"subscriber", "subscribed"}),
        _fields(
            email="subscriber",
            full_name="name|last name",
            consent_date="subscribed",
            lists="groups",
            status="status",
        ),
    ),
    Profile(
        "brevo",
        "Brevo",
        frozenset({"email", "email_blacklisted", "sms_blacklisted"}),
        _fields(
            email="email",
            full_name="firstname|lastname",
            phone="sms",
            status="email_blacklisted",
            since="added_time",
        ),
        "contact id|modified_time|sms_blacklisted|whatsapp_blacklisted",
    ),
    Profile(
        "ghost",
        "Ghost",
        frozenset({"email", "subscribed_to_emails"}),
        _fields(
            email="email",
            full_name="name",
            comment="note",
            status="subscribed_to_emails|deleted_at",
            since="created_at",
            tags="labels",
        ),
        "id|stripe_customer_id",
    ),
    Profile(
        "keila",
        "Keila",
        frozenset({"email", "first name", "last name", "data", "status"}),
        _fields(
            email="email",
            full_name="first name|last name",
            attributes_json="data",
            status="status",
        ),
        "external id",
    ),
    Profile(
        "getresponse",
        "GetResponse",
        frozenset({"email", "name", "campaign"}),
        _fields(email="email", full_name="name", lists="campaign", consent_date="added_on"),
        "ip|day of cycle",
    ),
    Profile(
        "sendpulse",
        "SendPulse",
        frozenset({"email", "status", "status_explain"}),
        _fields(email="email", phone="phone", full_name="name", status="status_explain"),
        "status",
    ),
    Profile(
        "google",
        "Google Contacts",
        frozenset({"e-mail 1 - value"}),
        _fields(
            email="e-mail 1 - value",
            phone="phone 1 - value",
            full_name="first name|middle name|last name|given name|additional name|family name",
            tags="labels|group membership",
            comment="notes",
        ),
    ),
    Profile(
        "outlook",
        "Outlook",
        frozenset({"e-mail address", "e-mail display name"}),
        _fields(
            email="e-mail address",
            phone="mobile phone",
            full_name="first name|middle name|last name",
            tags="categories",
            comment="notes",
            language="language",
        ),
    ),
)


#: An export of one's own, where somebody is on a list.
OWN: Final = "vestnik"


@cache
def _own() -> Profile:
    """The rest of its columns is known by their names."""
    wanted = (Target.EMAIL.value, *(target.value for target in LISTINGS))
    columns = {
        _plain(heading): name
        for headings in own_headings()
        for name, heading in zip(EXPORT_COLUMNS, headings, strict=True)
        if name in wanted
    }
    return Profile(OWN, "Vestnik", frozenset(), columns)


def recognised(header: Sequence[str]) -> Profile | None:
    """The tool that writes such a header; None for none that is known."""
    own = own_export(header, list(map(attribute_name, header)))
    if own is not None and Target.LISTS.value in own:
        return _own()
    names = set(map(_plain, header))
    return next((one for one in PROFILES if one.marks <= names), None)


def named(name: str) -> Profile | None:
    """The profile of this name."""
    if name == OWN:
        return _own()
    return next((one for one in PROFILES if one.name == name), None)


def mapping_of(profile: Profile, header: Sequence[str]) -> dict[str, str]:
    """Where the profile says that columns go, by position. An address in another language is the
    first column, as Mailchimp has it."""
    fields = {at: profile.field_of(column) for at, column in enumerate(header)}
    if "email" not in fields.values() and header:
        fields[0] = "email"
    return {key_of(at): field for at, field in fields.items() if field}


def _plain(column: str) -> str:
    return column.strip().lower().lstrip("\ufeff")
