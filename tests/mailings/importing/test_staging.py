"""Rows that go straight into the table, and what is known about them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DataError, connection
from django.utils import timezone

from apps.mailings.fields import Target
from apps.mailings.importing.bulk import Row, RowResult
from apps.mailings.importing.errors import ListChanged
from apps.mailings.importing.files import readers
from apps.mailings.importing.rejects import RejectFile
from apps.mailings.importing.staging import backends, copy_rows
from apps.mailings.importing.staging import sql as statements
from apps.mailings.models import Recipient
from apps.mailings.services.importing.imports import ImportOptions, upsert_recipients
from apps.users.models import User
from tests.factories import RecipientFactory
from tests.mailings.importing.conftest import ImportRows

pytestmark = pytest.mark.engine

on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no COPY")


@pytest.fixture(autouse=True)
def batches_of_a_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "BLOCK", 60)


@contextmanager
def inserts() -> Iterator[list[str]]:
    """The statements that bring rows from the stage into the table."""
    seen: list[str] = []

    def check(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "INSERT INTO mailings_recipient (id" in sql:
            seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(check):
        yield seen


def text(rows: int) -> str:
    return "email,name\n" + "".join(f"p{line}@e.org,{line}\n" for line in range(2, rows + 2))


def names(owner: User) -> list[str]:
    return list(
        Recipient.objects.filter(owner=owner).order_by("id").values_list("full_name", flat=True)
    )


@on_postgresql
def test_rows_without_duplicates_pass_no_stage(import_rows: ImportRows, owner: User) -> None:
    with inserts() as seen:
        assert import_rows(text(20)).added == 20
    assert seen == []
    assert names(owner) == [str(line) for line in range(2, 22)]


def test_every_field_arrives_as_it_is_written(import_rows: ImportRows, owner: User) -> None:
    import_rows(
        "phone;telegram;name;comment;Часовой пояс;Город\n"
        '79161234567;-42;\\N;"a\tb\nc\\";Asia/Omsk;"О""м\\ск"\n'
        ";7;;;;\n79161234568;;\\t;;;\n"
    )
    first, second, third = Recipient.objects.filter(owner=owner).order_by("id")
    assert (first.email, first.phone, first.operator_code) == (None, "79161234567", "916")
    assert (first.telegram_chat_id, first.full_name, first.comment) == (-42, r"\N", "a\tb\nc\\")
    assert (first.time_zone, first.attributes) == ("Asia/Omsk", {"город": 'О"м\\ск'})
    assert (second.phone, second.operator_code, second.telegram_chat_id) == (None, "", 7)
    assert (third.telegram_chat_id, third.full_name, third.attributes) == (None, r"\t", {})
    assert first.created_at == first.updated_at == third.created_at
    assert first.added_by_id is None and first.archived_at is None


def test_a_duplicate_of_a_row_that_went_straight_in_is_reported_with_its_line(
    import_rows: ImportRows, owner: User
) -> None:
    RecipientFactory(owner=owner, email="known@e.org", full_name="known")
    report = import_rows(
        "email,name,comment\n"
        'a@e.org,2,"one\ntwo"\nbad,4,\nb@e.org,5,"one\ntwo\nthree"\nc@e.org,8,\n'
        "d@e.org,9,\ne@e.org,10,\nf@e.org,11,\ng@e.org,12,\nh@e.org,13,\n"
        'known@e.org,14,\nnew@e.org,15,"one\ntwo"\nC@e.org,17,\nnew@e.org,18,\nb@e.org,19,\n'
    )
    reported = [(one.line, str(one.reason), one.detail) for one in report.examples]
    assert [one for one in reported if one[1].startswith("dup")] == [
        (14, "duplicate_in_database", ""),
        (17, "duplicate_in_file", "8"),
        (18, "duplicate_in_file", "15"),
        (19, "duplicate_in_file", "5"),
    ]
    assert (report.added, report.rejected) == (9, 5)
    assert names(owner) == ["known", "2", "5", "8", "9", "10", "11", "12", "13", "15"]


def test_lines_are_right_where_rows_before_were_rejected(
    import_rows: ImportRows, owner: User
) -> None:
    rows = [f"p{line}@e.org" if line % 3 else f"bad{line}" for line in range(2, 30)] + [
        "p29@e.org",
        "p4@e.org",
    ]
    report = import_rows("email\n" + "\n".join(rows) + "\n")
    reported = [(one.line, one.detail) for one in report.examples if "dup" in one.reason]
    assert reported == [(30, "29"), (31, "4")]


def test_addresses_of_every_kind_find_their_first_line(
    import_rows: ImportRows, owner: User
) -> None:
    good = "".join(f"a{n}@e.org,7916000000{n},{n + 1}\n" for n in range(9))
    report = import_rows(
        f"email,phone,telegram\n{good}x@e.org,79160000003,\ny@e.org,,5\n,79170000000,\nx@e.org,,\n"
    )
    reported = [(one.line, one.detail) for one in report.examples]
    assert reported == [(11, "5"), (12, "6")]
    assert report.added == 11


def test_tags_for_all_reach_rows_of_both_ways(import_rows: ImportRows, owner: User) -> None:
    report = import_rows(text(20) + "p3@e.org,again\nlast@e.org,last\n", tags=["all"])
    assert (report.added, report.rejected) == (21, 1)
    tagged = Recipient.objects.filter(owner=owner, tags__name="all")
    assert tagged.count() == 21


def test_killed_between_commit_and_report_without_a_duplicate(
    import_rows: ImportRows, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = text(10) + "bad,\n"

    def die(*given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(RejectFile, "publish", die)
        with pytest.raises(KeyboardInterrupt):
            import_rows(source)
    report = import_rows(source)
    assert (report.resumed, report.added, report.rejected) == (True, 10, 1)
    assert len(names(owner)) == 10


@contextmanager
def others_draw(times: int) -> Iterator[None]:
    """Somebody else takes every second id, during so many draws."""
    left = [times]

    def draw(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "HAVING" not in sql:
            return execute(sql, *rest)
        left[0] -= 1
        with connection.cursor() as cursor:
            step = 2 if left[0] >= 0 else 1
            cursor.execute(f"ALTER SEQUENCE mailings_recipient_id_seq INCREMENT BY {step}")
        return execute(sql, *rest)

    with connection.execute_wrapper(draw):
        yield


@on_postgresql
@pytest.mark.parametrize(("times", "staged"), [(1, False), (2, False), (3, True), (1000, True)])
def test_others_may_draw_ids_in_between(
    times: int, staged: bool, import_rows: ImportRows, owner: User
) -> None:
    with others_draw(times), inserts() as seen:
        report = import_rows(text(20) + "p2@e.org,again\np20@e.org,again\n")
    assert [(one.line, one.detail) for one in report.examples] == [(22, "2"), (23, "20")]
    assert names(owner) == [str(line) for line in range(2, 22)]
    assert any("ON CONFLICT" not in sql for sql in seen) is staged


def place(owner: User, *emails: str, **options: Any) -> list[RowResult]:
    rows = [Row({Target.EMAIL: email, Target.FULL_NAME: email}) for email in emails]
    return upsert_recipients(
        rows=rows, owner=owner, options=ImportOptions(**options), now=timezone.now()
    )


@pytest.mark.parametrize("update", [False, True])
def test_rows_of_a_program_get_their_ids(update: bool, owner: User) -> None:
    with inserts() as seen:
        placed = place(owner, "a@e.org", "bad", "b@e.org", update=update)
    assert seen == [] or connection.vendor == "sqlite"
    assert [one.is_new for one in placed] == [True, False, True]
    assert placed[1].reject is not None and placed[1].reject.reason == "bad_email"
    found = {one.pk: one.full_name for one in Recipient.objects.filter(owner=owner)}
    assert found == {placed[0].recipient_id: "a@e.org", placed[2].recipient_id: "b@e.org"}


def test_duplicates_of_a_program_are_reported(owner: User) -> None:
    known = RecipientFactory.create(owner=owner, email="known@e.org")
    placed = place(owner, "a@e.org", "known@e.org", "a@e.org", "b@e.org")
    reasons = [one.reject and (str(one.reject.reason), one.reject.detail) for one in placed]
    assert reasons == [None, ("duplicate_in_database", ""), ("duplicate_in_file", "1"), None]
    emails = dict(Recipient.objects.filter(owner=owner).values_list("id", "email"))
    assert emails == {
        known.pk: "known@e.org",
        placed[0].recipient_id: "a@e.org",
        placed[3].recipient_id: "b@e.org",
    }


@on_postgresql
def test_a_call_that_may_update_and_only_adds_passes_no_stage(owner: User) -> None:
    with inserts() as seen:
        place(owner, "a@e.org", "b@e.org", update=True, tags=["all"])
    assert seen == []
    assert Recipient.objects.filter(owner=owner, tags__name="all").count() == 2


def test_a_call_that_may_update_finds_whom_it_updates(owner: User) -> None:
    known = RecipientFactory.create(owner=owner, email="known@e.org", full_name="old")
    placed = place(owner, "a@e.org", "b@e.org", "known@e.org", "a@e.org", update=True)
    assert [one.is_new for one in placed] == [True, True, False, False]
    assert placed[2].recipient_id == known.pk
    assert placed[3].reject is not None and placed[3].reject.detail == "1"
    assert sorted(names(owner)) == ["a@e.org", "b@e.org", "known@e.org"]


@on_postgresql
def test_what_the_table_refuses_is_refused_as_ever(
    import_rows: ImportRows, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(copy_rows, "_ADDRESSES", frozenset[str]())
        broken.setattr(
            copy_rows, "_renamed", lambda batch: {**batch.columns, "time_zone": ["x" * 65]}
        )
        with pytest.raises(DataError, match="64"):
            import_rows("email\na@e.org\n")
    with monkeypatch.context() as broken:
        broken.setattr(copy_rows, "_renamed", lambda batch: {"full_name": ["nobody"]})
        with pytest.raises(ListChanged):
            import_rows("email\na@e.org\n")
    assert names(owner) == []


def known_owners() -> list[str]:
    """The owners whom the planner knows to have many recipients."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unnest(CAST(CAST(most_common_vals AS text) AS text[])) FROM pg_stats"
            " WHERE tablename = 'mailings_recipient' AND attname = 'owner_id'"
        )
        return [row[0] for row in cursor.fetchall()]


@on_postgresql
@pytest.mark.parametrize("update", [False, True])
def test_the_planner_learns_of_a_large_import(
    update: bool,
    import_rows: ImportRows,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(backends, "_MANY", 20)
    with django_capture_on_commit_callbacks(execute=True):
        import_rows(text(19), update=update)
        import_rows("email\n" + "".join(f"q{n}@e.org\n" for n in range(30)), dry_run=True)
    assert str(owner.pk) not in known_owners()
    with django_capture_on_commit_callbacks(execute=True):
        import_rows("email\n" + "".join(f"q{n}@e.org\n" for n in range(20)), update=update)
    assert str(owner.pk) in known_owners()


@on_postgresql
def test_an_import_does_not_fail_for_the_planners_sake(
    import_rows: ImportRows,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(backends, "_MANY", 20)
    monkeypatch.setattr(statements, "REFRESH_STATISTICS", "ANALYZE nothing_of_this_name")
    with django_capture_on_commit_callbacks(execute=True):
        assert import_rows(text(20)).added == 20
    assert "statistics_not_refreshed" in caplog.text
    assert len(names(owner)) == 20


def test_one_connection_imports_again_and_again(import_rows: ImportRows, owner: User) -> None:
    import_rows(text(5))
    import_rows("email\nq@e.org\n")
    assert len(names(owner)) == 6
