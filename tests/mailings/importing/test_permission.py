"""People of a file on lists: nobody who left comes back, and every row is counted once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from apps.mailings.importing.permission.rows import split_lists
from apps.mailings.importing.pipeline import ImportReport
from apps.mailings.importing.statuses import standing
from apps.mailings.models import (
    Consent,
    MailingList,
    Recipient,
    RecipientImport,
    Subscription,
    Suppression,
    SuppressionEvent,
)
from apps.mailings.services.importing import page_imports
from apps.mailings.services.permission.lists import StatementMissing
from apps.mailings.services.permission.subscribing import ListsRefused
from apps.users.models import User
from tests.factories import MailingListFactory, RecipientFactory, SuppressionFactory
from tests.mailings.importing.conftest import ImportRows

pytestmark = pytest.mark.django_db

STATUSES = (
    "email,status\nactive@example.org,active\nnew@example.org,unconfirmed\n"
    "left@example.org,unsubscribed\nbounced@example.org,hard_bounced\n"
    "spam@example.org,complained\nblack@example.org,blacklisted\nodd@example.org,purple\n"
    "nothing@example.org,\n"
)
BY_STATUS = {"status": "status"}


@pytest.fixture
def newsletter(owner: User) -> MailingList:
    return MailingListFactory.create(owner=owner, title="Newsletter")


def on_lists() -> dict[str, str]:
    rows = Subscription.objects.values_list("recipient__email", "status")
    return {str(email): status for email, status in rows}


def adds_up(report: ImportReport) -> bool:
    taken = report.added + report.updated + report.unchanged + report.suppressed
    return report.rows == taken + report.rejected


@pytest.mark.engine
def test_each_status_means_what_it_says_and_a_second_import_changes_nothing(
    import_rows: ImportRows, newsletter: MailingList
) -> None:
    options = {"mapping": BY_STATUS, "list_id": newsletter.pk, "statement": "asked in the shop"}
    dry = import_rows(STATUSES, dry_run=True, **options)
    assert not Recipient.objects.exists() and not Consent.objects.exists()
    report = import_rows(STATUSES, **options)
    assert adds_up(report) and report.reasons == {"unknown_status": 1}
    assert (report.added, report.suppressed, report.rejected) == (4, 3, 1)
    assert (dry.added, dry.suppressed, dry.rejected) == (4, 3, 1)
    assert on_lists() == {
        "active@example.org": "subscribed",
        "new@example.org": "unconfirmed",
        "left@example.org": "unsubscribed",
        "nothing@example.org": "subscribed",
    }
    assert dict(Suppression.objects.values_list("address", "reason")) == {
        "bounced@example.org": "bounced",
        "spam@example.org": "complained",
        "black@example.org": "blocked",
    }
    (stated,) = Consent.objects.filter(act="stated")
    assert (stated.recipient, stated.statement) == (None, "asked in the shop")
    assert set(stated.subscriptions.values_list("recipient__email", flat=True)) == {
        "active@example.org",
        "nothing@example.org",
    }
    figures = (Consent.objects.count(), SuppressionEvent.objects.count())
    stamps = set(Recipient.objects.values_list("updated_at", flat=True))
    for update in (False, True):
        again = import_rows(STATUSES, update=update, **options)
        assert (again.unchanged, again.rejected) == (7, 1) and adds_up(again)
    assert figures == (Consent.objects.count(), SuppressionEvent.objects.count())
    assert stamps == set(Recipient.objects.values_list("updated_at", flat=True))


@pytest.mark.engine
def test_who_left_or_is_suppressed_is_not_subscribed_but_the_data_is_taken(
    import_rows: ImportRows, newsletter: MailingList, owner: User
) -> None:
    left, ended, asked, here, stopped = (
        RecipientFactory.create(owner=owner, email=f"{name}@example.org", full_name="Old")
        for name in ("left", "ended", "asked", "here", "stopped")
    )
    now = timezone.now()
    consent = Consent.objects.create(
        owner=owner, recipient=here, list=newsletter, act="given", source="form", said_at=now
    )
    for one, status, gone in (
        (left, "unsubscribed", now),
        (ended, "sunset", now),
        (asked, "unconfirmed", None),
        (here, "subscribed", None),
    ):
        Subscription.objects.create(
            list=newsletter,
            recipient=one,
            status=status,
            since=now,
            ended_at=gone,
            consent=consent if status == "subscribed" else None,
        )
    SuppressionFactory.create(owner=owner, address=stopped.email, reason="bounced")
    SuppressionFactory.create(owner=owner, address="fresh@example.org", reason="unsubscribed")
    names = ("left", "ended", "asked", "here", "stopped", "fresh")
    text = "email,name\n" + "".join(f"{name}@example.org,New\n" for name in names)
    report = import_rows(text, list_id=newsletter.pk, statement="we know them", update=True)
    assert adds_up(report) and (report.added, report.updated, report.kept) == (1, 5, 5)
    assert on_lists() == {
        "left@example.org": "unsubscribed",
        "ended@example.org": "sunset",
        "asked@example.org": "unconfirmed",
        "here@example.org": "subscribed",
    }
    assert set(Recipient.objects.values_list("full_name", flat=True)) == {"New"}
    assert Suppression.objects.count() == 2


@pytest.mark.engine
def test_evidence_of_a_row_is_kept_as_one_consent_each(
    import_rows: ImportRows, newsletter: MailingList
) -> None:
    text = (
        "email,когда,ip,подтвердил,ушёл,почему,текст\n"
        "given@example.org,2020-02-03 04:05:06,192.0.2.7,,,,I want the newsletter\n"
        "sure@example.org,03.02.2020,nonsense,2020-02-03T05:00:00+03:00,,,\n"
        "left@example.org,2020-02-03,,,2023-03-03 10:00:00,too many letters,\n"
        "bare@example.org,,,,,,\n"
    )
    mapping = {
        "когда": "consent_date",
        "ip": "consent_ip",
        "подтвердил": "confirmed_date",
        "ушёл": "unsubscribed_date",
        "почему": "unsubscribed_reason",
        "текст": "consent_text",
    }
    report = import_rows(text, mapping=mapping, list_id=newsletter.pk)
    assert (report.added, report.reasons) == (3, {"no_evidence": 1})
    kept = {
        str(row.recipient): row
        for row in Consent.objects.select_related("recipient").exclude(recipient=None)
    }
    acts = {name: (row.act, row.said_at) for name, row in kept.items()}
    assert acts == {
        "given@example.org": ("given", datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)),
        "sure@example.org": ("confirmed", datetime(2020, 2, 3, 2, 0, tzinfo=UTC)),
        "left@example.org": ("withdrawn", datetime(2023, 3, 3, 10, 0, tzinfo=UTC)),
    }
    given = kept["given@example.org"]
    assert given.ip == "192.0.2.7" and given.texts[0]["text"] == "I want the newsletter"
    assert given.who and given.evidence and given.source == "import"
    assert kept["left@example.org"].statement == "too many letters"
    gone = Subscription.objects.get(recipient__email="left@example.org")
    assert gone.ended_at == datetime(2023, 3, 3, 10, 0, tzinfo=UTC)
    again = import_rows(text, mapping=mapping, list_id=newsletter.pk)
    assert again.unchanged == 3 and Consent.objects.count() == 3


@pytest.mark.engine
def test_rows_name_their_lists_which_are_made_when_they_are_missing(
    import_rows: ImportRows, newsletter: MailingList, owner: User
) -> None:
    text = (
        'email,lists,left\na@example.org,"Newsletter, Sales",\nb@example.org,newsletter,Sales\n'
        "c@example.org,,\n"
    )
    mapping = {"lists": "lists", "left": "unsubscribed_lists"}
    dry = import_rows(text, mapping=mapping, statement="by contract", dry_run=True)
    assert MailingList.objects.count() == 1 and dry.added == 3
    import_rows(text, mapping=mapping, statement="by contract")
    sales = MailingList.objects.get(title="Sales")
    rows = Subscription.objects.values_list("recipient__email", "list", "status")
    assert set(rows) == {
        ("a@example.org", newsletter.pk, "subscribed"),
        ("a@example.org", sales.pk, "subscribed"),
        ("b@example.org", newsletter.pk, "subscribed"),
        ("b@example.org", sales.pk, "unsubscribed"),
    }
    assert Consent.objects.filter(act="stated").count() == 2  # one for each list
    again = import_rows(text, mapping=mapping, statement="by contract")
    assert again.unchanged == 3


@pytest.mark.engine
def test_an_old_file_does_not_end_what_the_person_said_later(
    import_rows: ImportRows, newsletter: MailingList, owner: User
) -> None:
    back, staying = (
        RecipientFactory.create(owner=owner, email=f"{name}@example.org")
        for name in ("back", "staying")
    )
    for one, since in ((back, datetime(2024, 1, 1, tzinfo=UTC)), (staying, timezone.now())):
        consent = Consent.objects.create(
            owner=owner, recipient=one, list=newsletter, act="given", source="form", said_at=since
        )
        Subscription.objects.create(
            list=newsletter, recipient=one, status="subscribed", since=since, consent=consent
        )
    text = "email,gone\nback@example.org,2023-03-03\nstaying@example.org,2023-03-03\n"
    mapping = {"gone": "unsubscribed_date"}
    report = import_rows(text, mapping=mapping, list_id=newsletter.pk, statement="moving")
    assert (report.unchanged, report.kept) == (2, 2)
    later = text.replace("back@example.org,2023", "back@example.org,2025")
    assert import_rows(later, mapping=mapping, list_id=newsletter.pk, statement="x").updated == 1
    assert on_lists() == {"back@example.org": "unsubscribed", "staying@example.org": "subscribed"}


def test_without_a_statement_or_dates_nobody_is_put_on_a_list(
    import_rows: ImportRows, newsletter: MailingList
) -> None:
    with pytest.raises(StatementMissing):
        import_rows("email\na@example.org\n", list_id=newsletter.pk)
    foreign = MailingListFactory.create()
    with pytest.raises(ListsRefused):
        import_rows("email\na@example.org\n", list_id=foreign.pk, statement="x")
    assert not Recipient.objects.exists()


def _subscribed(owner: User, newsletter: MailingList, address: str) -> None:
    """Somebody who subscribed by a form."""
    person, now = RecipientFactory.create(owner=owner, email=address), timezone.now()
    consent = Consent.objects.create(
        owner=owner, recipient=person, list=newsletter, act="given", source="form", said_at=now
    )
    Subscription.objects.create(
        list=newsletter, recipient=person, status="subscribed", since=now, consent=consent
    )


@pytest.mark.engine
def test_undoing_takes_back_what_was_suppressed_and_subscribed(
    import_rows: ImportRows, newsletter: MailingList, owner: User
) -> None:
    RecipientFactory.create(owner=owner, email="known@example.org")
    _subscribed(owner, newsletter, "leaver@example.org")
    SuppressionFactory.create(owner=owner, address="old@example.org", reason="bounced")
    text = (
        "email,status\nknown@example.org,active\nleaver@example.org,unsubscribed\n"
        "bounced@example.org,bounced\nold@example.org,bounced\nfresh@example.org,active\n"
    )
    found = RecipientImport.objects.create(owner=owner, source="a.csv", started_at=timezone.now())
    import_rows(
        text,
        mapping=BY_STATUS,
        list_id=newsletter.pk,
        statement="x",
        added_by=found.pk,
        update=True,
    )
    assert on_lists() == {
        "known@example.org": "subscribed",
        "leaver@example.org": "unsubscribed",
        "fresh@example.org": "subscribed",
    }
    RecipientImport.objects.filter(pk=found.pk).update(state="done")
    found.refresh_from_db()
    page_imports.undo(found=found, now=timezone.now())
    assert on_lists() == {"leaver@example.org": "subscribed"}
    assert set(Suppression.objects.values_list("address", flat=True)) == {"old@example.org"}
    assert set(Recipient.objects.values_list("email", flat=True)) == {
        "known@example.org",
        "leaver@example.org",
    }
    assert set(Consent.objects.values_list("act", flat=True)) == {
        *("given", "stated", "withdrawn", "resumed", "expired"),
    }


@pytest.mark.parametrize(
    ("value", "means"),
    [
        ("Активен", "subscribed"),
        ("", "subscribed"),
        ("не подтверждён", "unconfirmed"),
        ("pending", "unconfirmed"),
        ("отписан", "unsubscribed"),
        ("inactive", "unsubscribed"),
        ("bounced", "bounced"),
        ("spam", "complained"),
        ("чёрный список", "blocked"),
        ("purple", "unknown"),
    ],
)
def test_statuses_are_read_in_both_languages(value: str, means: str) -> None:
    assert standing(["status"], [value]) == means


def test_lists_of_a_cell_are_parted() -> None:
    assert split_lists(' News , Sales;"B" ') == ["News", "Sales", '"B"']
    assert split_lists('["A, B", "C"]') == ["A, B", "C"] and split_lists(" ") == []


def unknown() -> set[str]:
    rows = Recipient.objects.filter(unconfirmed_since__isnull=False)
    return set(rows.values_list("email", flat=True))  # type: ignore[arg-type]


@pytest.mark.engine
def test_people_whose_confirmation_is_open_are_unknown_until_the_owner_says_more(
    import_rows: ImportRows, newsletter: MailingList
) -> None:
    file = "email,status\nnew@example.org,unconfirmed\nactive@example.org,active\n"
    options = {"mapping": BY_STATUS, "list_id": newsletter.pk, "statement": "asked in the shop"}
    import_rows(file, **options)
    assert unknown() == {"new@example.org"}
    again = import_rows(file, **options)
    assert (unknown(), again.unchanged) == ({"new@example.org"}, 2)
    subscribed = import_rows("email\nnew@example.org\n", list_id=newsletter.pk, statement="asked")
    assert (unknown(), subscribed.kept) == ({"new@example.org"}, 1), "only the person confirms"


@pytest.mark.engine
def test_a_file_of_the_owner_makes_a_person_known_once(
    import_rows: ImportRows, owner: User
) -> None:
    now = timezone.now()
    RecipientFactory.create(owner=owner, email="a@example.org", unconfirmed_since=now)
    file = "email\na@example.org\n"
    dry = import_rows(file, update=True, dry_run=True)
    assert (dry.updated, unknown()) == (1, {"a@example.org"})
    first, second = (import_rows(file, update=True) for _ in range(2))
    assert (first.updated, second.unchanged, unknown()) == (1, 1, set())


@pytest.mark.engine
def test_another_list_makes_a_person_known(
    import_rows: ImportRows, owner: User, newsletter: MailingList
) -> None:
    one = RecipientFactory.create(owner=owner, unconfirmed_since=timezone.now())
    file = f"email\n{one.email}\n"
    import_rows(file, list_id=newsletter.pk, statement="asked in the shop")
    assert not unknown() and on_lists() == {str(one.email): "subscribed"}
