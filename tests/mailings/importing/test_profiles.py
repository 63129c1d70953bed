"""Exports of other tools, by headers that they really write: the sum holds, and nobody who left
there is subscribed; again, all is unchanged."""

from __future__ import annotations

import pytest

from apps.mailings.importing.profiles import mapping_of, named, recognised
from apps.mailings.models import Consent, Recipient, Subscription, Suppression
from apps.users.models import User
from tests.factories import MailingListFactory
from tests.mailings.importing.conftest import ImportRows
from tests.mailings.importing.test_columns import (
    BREVO,
    GHOST,
    GOOGLE_2015,
    GOOGLE_2024,
    KEILA,
    LISTMONK,
    MAILCHIMP,
    OUTLOOK,
    UNISENDER,
)
from tests.mailings.importing.test_other_systems import (
    MAILCHIMP_CLEANED,
    MAILCHIMP_LEFT,
)
from tests.mailings.importing.test_other_systems import UNISENDER as UNISENDER_FILE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (LISTMONK, "listmonk"),
        (MAILCHIMP, "mailchimp"),
        (UNISENDER, "unisender"),
        (BREVO, "brevo"),
        (GHOST, "ghost"),
        (KEILA, "keila"),
        (GOOGLE_2015, "google"),
        (GOOGLE_2024, "google"),
        (OUTLOOK, "outlook"),
        ("id,firstname,lastname,email,points,mobile", "mautic"),
        ("Subscriber,Name,Last name,Subscribed,Groups", "mailerlite"),
    ],
)
def test_a_tool_is_known_by_its_header(header: str, name: str) -> None:
    columns = header.replace('"', "").replace(";", ",").split(",")
    found = recognised(columns)
    assert found is not None and found.name == name
    assert "email" in mapping_of(found, columns).values()


def test_an_ordinary_list_is_nobodys() -> None:
    assert recognised(["email", "name", "city", "status"]) is None


def test_mailchimp_is_known_in_another_language() -> None:
    header = ["Adresse e-mail", "Prénom", "MEMBER_RATING", "LEID", "EUID", "UNSUB_TIME"]
    found = recognised(header)
    assert found is not None
    mapping = mapping_of(found, header)
    assert (mapping["#1"], mapping["#6"]) == ("email", "unsubscribed_date")


LISTMONK_FILE = (
    f"{LISTMONK}\n"
    'u1,a@example.org,Anna,"{""city"": ""Omsk""}",enabled,2024-01-02 03:04:05+00,2024-01-02\n'
    "u2,b@example.org,Boris,{},blocklisted,2024-01-02 03:04:05+00,2024-01-02\n"
    "u3,c@example.org,Vera,{},disabled,2024-01-02 03:04:05+00,2024-01-02\n"
)
GHOST_FILE = (
    f"{GHOST}\n1,a@example.org,Anna,,true,false,,2024-01-01,,vip,\n"
    "2,b@example.org,Vera,,false,false,,2024-01-01,,,\n"
)
KEILA_FILE = (
    f'{KEILA}\na@example.org,Anna,K,"{{""city"": ""Omsk""}}",active,\n'
    "b@example.org,Boris,,{},unsubscribed,\n"
)
MAILCHIMP_HERE = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,'
    "CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,"
    'TAGS\na@example.org,Anna,K,2,"2020-02-03 04:05:06",192.0.2.1,"2020-02-03 04:06:00",'
    '192.0.2.1,0,0,,,Europe/Moscow,RU,,"2020-02-03 04:06:00",1,e1,,"""vip"""\n'
)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("source", "here", "gone"),
    [
        (LISTMONK_FILE, {"a@example.org"}, {"b@example.org", "c@example.org"}),
        (GHOST_FILE, {"a@example.org"}, {"b@example.org"}),
        (KEILA_FILE, {"a@example.org"}, {"b@example.org"}),
        (MAILCHIMP_HERE, {"a@example.org"}, set()),
        (MAILCHIMP_LEFT, set(), {"gone@example.org"}),
        (MAILCHIMP_CLEANED, set(), {"bounced@example.org"}),
        (UNISENDER_FILE, {"anna@example.org"}, {"gone@example.org", "bad@example.org"}),
    ],
    ids=["listmonk", "ghost", "keila", "mailchimp", "mailchimp-left", "mailchimp-clean", "uni"],
)
def test_nobody_who_left_there_is_subscribed_and_a_second_time_nothing_changes(
    import_rows: ImportRows, owner: User, source: str, here: set[str], gone: set[str]
) -> None:
    newsletter = MailingListFactory.create(owner=owner)
    header = source.partition("\n")[0].replace('"', "").split(",")
    profile = recognised(header)
    assert profile is not None
    options = {
        "mapping": mapping_of(profile, header),
        "list_id": newsletter.pk,
        "statement": "moved here",
    }
    report = import_rows(source, **options)
    taken = report.added + report.updated + report.unchanged + report.suppressed
    assert report.rows == len(here | gone) == taken + report.rejected and not report.rejected
    subscribed = Subscription.objects.filter(status="subscribed")
    assert set(subscribed.values_list("recipient__email", flat=True)) == here
    left = Subscription.objects.filter(status="unsubscribed").values_list(
        "recipient__email", flat=True
    )
    assert set(left) | set(Suppression.objects.values_list("address", flat=True)) == gone
    consents = Consent.objects.count()
    again = import_rows(source, update=True, **options)
    assert again.unchanged == again.rows and Consent.objects.count() == consents


def test_listmonks_attributes_and_dates_come_along(import_rows: ImportRows, owner: User) -> None:
    newsletter = MailingListFactory.create(owner=owner)
    profile = named("listmonk")
    assert profile is not None
    mapping = mapping_of(profile, LISTMONK.split(","))
    import_rows(LISTMONK_FILE, mapping=mapping, list_id=newsletter.pk, statement="moved here")
    anna = Recipient.objects.get(email="a@example.org")
    assert (anna.attributes, anna.source) == ({"city": "Omsk"}, "import")
    assert Subscription.objects.get(recipient=anna).since.isoformat() == "2024-01-02T03:04:05+00:00"
