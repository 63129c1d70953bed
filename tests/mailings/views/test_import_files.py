"""Uploaded files: looked into once, read in another way, thrown away, within limits."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook
from pytest_mock import MockerFixture

from apps.mailings.fields import Target
from apps.mailings.importing.errors import NotATable
from apps.mailings.importing.files.encoding import survey
from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.importing import files as import_files
from apps.mailings.services.importing import page_imports
from apps.mailings.services.importing.retention import ImportCleaning
from tests.effort import effort
from tests.mailings.importing.lists import saved, workbook
from tests.people import Cast, lie_in

pytestmark = pytest.mark.django_db(transaction=True)

GOOGLE = (
    "Nickname,Organization Name,Birthday,Where to write\n,Ромашка,1990-05-17,anna@example.org\n"
)
TWICE = "Email;Email;Имя\na1@example.org;b1@example.org;Анна\n"


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    lie_in(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch, private: Path) -> list[Callable[[], None]]:
    """What was deferred into the background, to be done when the test says so."""
    jobs: list[Callable[[], None]] = []
    monkeypatch.setattr(
        page_imports, "in_background", lambda act, number: jobs.append(lambda: act(number))
    )
    return jobs


def do(jobs: list[Callable[[], None]]) -> None:
    while jobs:
        jobs.pop(0)()


def files(private: Path) -> list[Path]:
    return [path for path in private.rglob("*") if path.is_file()]


def upload(cast: Cast, content: str | bytes, name: str = "list.csv") -> RecipientImport:
    data = content.encode() if isinstance(content, str) else content
    answer = cast.client("owner").post(
        reverse("imports:start"), {"file": SimpleUploadedFile(name, data)}
    )
    assert answer.status_code == 302, answer.context["form"].errors
    return RecipientImport.objects.latest("pk")


def post(cast: Cast, found: RecipientImport, **fields: Any) -> Any:
    answer = cast.client("owner").post(reverse("imports:detail", args=[found.pk]), fields)
    found.refresh_from_db()
    return answer


def page(cast: Cast, found: RecipientImport, **headers: Any) -> Any:
    return cast.client("owner").get(reverse("imports:detail", args=[found.pk]), headers=headers)


def guesses(cast: Cast, found: RecipientImport) -> dict[str, str]:
    return {one.name: one.initial for one in page(cast, found).context["form"].columns()}


@pytest.mark.parametrize(
    ("chosen", "address"),
    [(("email", "-"), "a1@example.org"), (("-", "email"), "b1@example.org")],
)
def test_of_two_columns_with_one_name_the_chosen_one_comes_in(
    chosen: tuple[str, str], address: str, cast: Cast, later: list[Callable[[], None]]
) -> None:
    found = upload(cast, TWICE)
    post(cast, found, column_0=chosen[0], column_1=chosen[1], column_2="full_name")
    do(later)
    assert Recipient.objects.get(added_by=found).email == address
    found.refresh_from_db()
    assert found.mapping == {"#1": chosen[0], "#2": chosen[1], "#3": "full_name"}


def test_an_address_column_chosen_manually_costs_no_other_column(
    cast: Cast, later: list[Callable[[], None]]
) -> None:
    found = upload(cast, GOOGLE)
    for select in page(cast, found).context["form"].columns():
        choices = [value for value, _label in select.field.choices]
        assert choices[:8] == ["-", *list(Target)[:7]]
        assert len(choices) > 8, "an attribute of its own"
    post(cast, found, **{**guesses(cast, found), "column_3": "email"})
    do(later)
    anna = Recipient.objects.get(added_by=found)
    assert (anna.email, anna.attributes["birthday"]) == ("anna@example.org", "1990-05-17")
    assert anna.attributes["organization_name"] == "Ромашка"


def test_without_an_address_column_nothing_starts_and_the_choice_stays(cast: Cast) -> None:
    found = upload(cast, GOOGLE)
    answer = post(cast, found, column_0="comment", column_1="-", column_2="-", column_3="-")
    assert answer.status_code == 422 and found.state == "uploaded"
    assert answer.context["form"].non_field_errors()
    assert answer.context["form"]["column_0"].value() == "comment"


def test_the_preview_follows_another_encoding_delimiter_and_header(cast: Cast) -> None:
    content = "Список\nemail;имя\na@example.org;Анна, Мария\n".encode("koi8-r")
    found = upload(cast, content)
    assert found.preview["form"] == "koi8-r, semicolon" and found.preview["header_row"] == 2
    post(cast, found, act="read", encoding="cp866", delimiter=";", header_row="2")
    assert found.preview["form"] == "cp866, semicolon"
    assert page(cast, found).context["look"].header[1] != "имя"
    post(cast, found, act="read", header_row="0")
    assert found.preview["header_row"] == 0 and found.preview["encoding"] == "koi8-r"
    assert found.preview["header"][0] == "column_1" or "email" in found.preview["header"]
    answer = post(cast, found, act="read", header_row="-1")
    assert answer.status_code == 422


def test_a_spreadsheet_is_looked_into_once_and_not_by_the_page(
    cast: Cast, later: list[Callable[[], None]], mocker: MockerFixture
) -> None:
    child = mocker.spy(import_files, "opened")
    found = upload(cast, workbook(["email"], ["a@example.org"]), "a.xlsx")
    assert (found.state, child.call_count) == ("reading", 0)
    answer = page(cast, found)
    assert "data-poll-every" in answer.content.decode() and child.call_count == 0
    do(later)
    for _time in range(3):
        assert page(cast, found).context["look"].form == "sheet “Sheet”"
    assert child.call_count == 1
    refreshed = page(cast, found, **{"HX-Request": "true"})
    assert refreshed["HX-Refresh"] == "true"


def test_another_sheet_and_its_hidden_rows_can_be_chosen(
    cast: Cast, later: list[Callable[[], None]]
) -> None:
    book = Workbook()
    book["Sheet"].append(["email"])
    book["Sheet"].append(["a@example.org"])
    other = book.create_sheet("Ещё")
    for row in (["email"], ["b@example.org"], ["c@example.org"]):
        other.append(row)
    other.row_dimensions[2].hidden = True
    found = upload(cast, saved(book), "a.xlsx")
    do(later)
    assert "Ещё" in page(cast, found).content.decode()
    post(cast, found, act="read", sheet="Ещё")
    do(later)
    assert page(cast, found).context["look"].rows == [["c@example.org"]]
    post(cast, found, act="read", sheet="Ещё", filtered="on")
    do(later)
    post(cast, found, column_0="email")
    do(later)
    found.refresh_from_db()
    assert (found.state, found.added) == ("done", 2)
    assert "sheet “Ещё”" in page(cast, found).content.decode()


def test_a_failed_look_is_no_dead_end(cast: Cast, later: list[Callable[[], None]]) -> None:
    found = upload(cast, b"PK\x03\x04 broken", "a.xlsx")
    do(later)
    found.refresh_from_db()
    assert (found.state, found.error_code) == ("failed", "import_not_a_table")
    text = page(cast, found).content.decode()
    assert found.error in text and "Choose another file" in text
    answer = cast.client("owner").post(reverse("imports:discard", args=[found.pk]))
    assert answer["Location"] == reverse("imports:start")
    assert not RecipientImport.objects.filter(pk=found.pk).exists()


def test_what_was_discarded_while_it_was_read_leaves_nothing(
    cast: Cast, later: list[Callable[[], None]], private: Path
) -> None:
    found = upload(cast, workbook(["email"]), "a.xlsx")
    job = later.pop()
    cast.client("owner").post(reverse("imports:discard", args=[found.pk]))
    assert files(private) == []
    with pytest.raises(RecipientImport.DoesNotExist):
        job()


def test_an_import_that_has_run_cannot_be_discarded(
    cast: Cast, later: list[Callable[[], None]]
) -> None:
    found = upload(cast, "email\na@example.org\n")
    post(cast, found, column_0="email")
    do(later)
    cast.client("owner").post(reverse("imports:discard", args=[found.pk]))
    assert RecipientImport.objects.get(pk=found.pk).state == "done"


def test_the_file_goes_when_its_import_is_done(
    cast: Cast, later: list[Callable[[], None]], private: Path
) -> None:
    found = upload(cast, "email\na@example.org\n")
    assert len(files(private)) == 1
    post(cast, found, column_0="email")
    do(later)
    found.refresh_from_db()
    assert (found.state, found.file.name, files(private)) == ("done", "", [])


def test_a_file_that_nobody_went_on_with_goes_after_a_day(cast: Cast, private: Path) -> None:
    old, new = upload(cast, "email\na@example.org\n"), upload(cast, "email\nb@example.org\n")
    RecipientImport.objects.filter(pk=old.pk).update(
        updated_at=timezone.now() - timedelta(days=1, seconds=1)
    )
    ImportCleaning().run(timezone.now(), lambda: False)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, old.error_code, old.file.name) == ("failed", "import_expired", "")
    assert new.state == "uploaded" and len(files(private)) == 1
    assert "Choose another file" in page(cast, old).content.decode()


def test_the_file_of_a_try_is_kept_for_a_day(
    cast: Cast, later: list[Callable[[], None]], private: Path
) -> None:
    found = upload(cast, "email\na@example.org\n")
    post(cast, found, column_0="email", dry_run="on")
    do(later)
    assert len(files(private)) == 1
    now = timezone.now()
    ImportCleaning().run(now, lambda: False)
    assert len(files(private)) == 1
    ImportCleaning().run(now + timedelta(days=1, seconds=1), lambda: False)
    found.refresh_from_db()
    assert (found.state, found.added, found.file.name, files(private)) == ("done", 1, "", [])
    assert page(cast, found).context.get("form") is None


def test_files_that_were_only_tried_give_way_to_new_ones(cast: Cast, private: Path) -> None:
    for number in range(import_files.MOST_WAITING):
        upload(cast, f"email\na{number}@example.org\n")
    tried = RecipientImport.objects.order_by("pk")[:4]
    RecipientImport.objects.filter(pk__in=list(tried.values_list("pk", flat=True))).update(
        state="done", dry_run=True
    )
    upload(cast, "email\nx@example.org\n")
    assert len(files(private)) == import_files.MOST_WAITING - 4 + 1


def test_only_so_many_files_of_one_user_wait(cast: Cast, private: Path) -> None:
    for number in range(import_files.MOST_WAITING):
        upload(cast, f"email\na{number}@example.org\n")
    data = {"file": SimpleUploadedFile("a.csv", b"email\nx@example.org\n")}
    answer = cast.client("owner").post(reverse("imports:start"), data)
    assert answer.status_code == 422 and "discard" in str(answer.context["form"].errors)
    assert len(files(private)) == import_files.MOST_WAITING


def test_the_waiting_files_of_one_user_have_a_size_together(cast: Cast, settings: Any) -> None:
    settings.IMPORT_MAX_MEGABYTES = 1
    for _time in range(2):
        upload(cast, "email\n" + "a@example.org\n" * 60_000)
    data = {"file": SimpleUploadedFile("a.csv", b"email\n" + b"a@example.org\n" * 60_000)}
    assert cast.client("owner").post(reverse("imports:start"), data).status_code == 422


def test_one_file_of_a_user_is_read_at_a_time(cast: Cast, private: Path) -> None:
    upload(cast, workbook(["email"]), "a.xlsx")
    before = files(private)
    data = {"file": SimpleUploadedFile("b.xlsx", workbook(["email"]))}
    for fields in (data, {"url": "https://example.org/list.csv"}):
        answer = cast.client("owner").post(reverse("imports:start"), fields)
        assert answer.status_code == 422 and "being read" in str(answer.context["form"].errors)
    assert files(private) == before
    upload(cast, "email\na@example.org\n")  # a text needs no turn


def test_more_rows_than_allowed_are_refused_whole(
    cast: Cast, later: list[Callable[[], None]], settings: Any
) -> None:
    settings.IMPORT_MAX_ROWS = 3
    found = upload(cast, "email\n" + "".join(f"a{n}@example.org\n" for n in range(4)))
    post(cast, found, column_0="email")
    do(later)
    found.refresh_from_db()
    assert (found.state, found.error_code) == ("failed", "import_too_many_rows")
    assert not Recipient.objects.filter(added_by=found).exists()


def full(*_args: Any, **_kwargs: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    cast: Cast, private: Path, mocker: MockerFixture
) -> None:
    mocker.patch("django.core.files.storage.filesystem.locks.lock", side_effect=full)
    data = {"file": SimpleUploadedFile("a.csv", b"email\na@example.org\n")}
    answer = cast.client("owner").post(reverse("imports:start"), data)
    assert answer.status_code == 507 and "no room" in str(answer.context["form"].errors)
    assert files(private) == [] and not RecipientImport.objects.exists()


def test_a_disk_that_fills_up_during_an_import_is_a_sentence(
    cast: Cast, later: list[Callable[[], None]], mocker: MockerFixture
) -> None:
    found = upload(cast, "email\nbad\n")
    post(cast, found, column_0="email")
    mocker.patch("apps.mailings.importing.pipeline.RejectSpool.add", side_effect=full)
    do(later)
    found.refresh_from_db()
    assert (found.state, found.error_code) == ("failed", "disk_full")


HEAVY = {
    "a long line": b"email;name\n" + b"a@example.org;" + b"x" * 900_000 + b"\n",
    "many rows": b"email;name\n" + "a@example.org;Анна\n".encode("cp1251") * 500_000,
    "quotes": b"email;name\n" + b'a@example.org;"x\n' * 300_000,
    "columns": b"email" + b";a" * 450_000 + b"\n",
    "angles": b"<" * 1_000_000 + b"\n" + b"<!--" * 200_000,
    "zip": b"PK\x03\x04" + b"PK\x01\x02" * 500_000,
    "western": b"email;name\n" + b"a@example.org;Jos\xe9 M\xfcller\n" * 300_000,
    "at signs": b"email;name\n" + b"@" * 900_000 + b"\n",
    "digits": b"email;name\n" + b"1 " * 450_000 + b"\n",
}
#: Rounds (tests/effort.py).
MOST_OF_A_PAGE = 1_000


@pytest.mark.parametrize("name", HEAVY)
def test_no_upload_keeps_a_page_busy(name: str, cast: Cast) -> None:
    client = cast.client("owner")
    client.get(reverse("imports:start"))

    def post() -> None:
        client.post(reverse("imports:start"), {"file": SimpleUploadedFile("a.csv", HEAVY[name])})

    assert effort(post, MOST_OF_A_PAGE) <= MOST_OF_A_PAGE


def test_a_page_looks_at_the_head_of_an_upload_alone(cast: Cast, tmp_path: Path) -> None:
    """What no table may hold stands behind the first megabyte."""
    content = b"email;name\n" + b"a@example.org;Anna\n" * 60_000 + b"\0"
    source = tmp_path / "list.csv"
    source.write_bytes(content)
    with pytest.raises(NotATable):
        survey(source)
    assert upload(cast, content).preview["header"] == ["email", "name"]


def test_the_navigation_shows_where_one_is(cast: Cast) -> None:
    text = cast.client("owner").get(reverse("imports:start")).content.decode()
    link = next(
        part for part in text.split("<a ") if f'href="{reverse("recipients:list")}"' in part
    )
    assert 'aria-current="page"' in link.split(">")[0] or "active" in link.split(">")[0]
