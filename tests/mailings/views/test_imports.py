"""Bringing in a list on a page: looked at, mapped, carried out, undone; and hostile files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.core.http import outbound
from apps.mailings.importing.errors import NotATable
from apps.mailings.importing.files import spreadsheets
from apps.mailings.models import Recipient, RecipientImport, Suppression
from apps.mailings.services.importing import files, page_imports
from tests.factories import DeliveryFactory, RecipientFactory
from tests.mailings.importing.lists import workbook
from tests.people import Cast, lie_in

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "email;ФИО;Город\nanna@example.org;Анна;Омск\nbad;Никто;-\n"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Carried out where it is started, with files that nobody else sees."""
    lie_in(tmp_path, monkeypatch)
    monkeypatch.setattr(page_imports, "in_background", lambda act, number: act(number))


def upload(cast: Cast, name: str, content: bytes) -> RecipientImport:
    answer = cast.client("owner").post(
        reverse("imports:start"), {"file": SimpleUploadedFile(name, content)}
    )
    assert answer.status_code == 302, answer.context["form"].errors
    return RecipientImport.objects.latest("pk")


def page_of(cast: Cast, found: RecipientImport) -> Any:
    return cast.client("owner").get(reverse("imports:detail", args=[found.pk]))


def start_import(cast: Cast, found: RecipientImport, **fields: Any) -> RecipientImport:
    form = page_of(cast, found).context["form"]
    values = {field.name: field.initial for field in form.columns()}
    url = reverse("imports:detail", args=[found.pk])
    assert cast.client("owner").post(url, {**values, **fields}).status_code == 302
    found.refresh_from_db()
    return found


def test_the_columns_are_guessed_shown_and_brought_in(cast: Cast) -> None:
    found = upload(cast, "list.csv", CSV.encode("cp1251"))
    context = page_of(cast, found).context
    assert [column[1] for column in context["look"].columns] == ["email", "full_name", "город"]
    assert not Recipient.objects.filter(email="anna@example.org").exists()
    found = start_import(cast, found, tags="весна")
    assert (found.state, found.added, found.rejected) == ("done", 1, 1)
    anna = Recipient.objects.get(email="anna@example.org")
    assert (anna.owner, anna.full_name, anna.attributes) == (cast.owner, "Анна", {"город": "Омск"})
    assert [tag.name for tag in anna.tags.all()] == ["весна"]
    answer: Any = cast.client("owner").get(reverse("imports:rejects", args=[found.pk]))
    assert "bad" in b"".join(answer.streaming_content).decode("utf-8-sig")


def test_the_mapping_can_be_changed(cast: Cast) -> None:
    found = start_import(
        cast, upload(cast, "a.csv", CSV.encode()), column_1="comment", column_2="-"
    )
    anna = Recipient.objects.get(added_by=found)
    assert (anna.full_name, anna.comment, anna.attributes) == ("", "Анна", {})


def test_a_dry_run_changes_nothing(cast: Cast) -> None:
    found = start_import(cast, upload(cast, "a.csv", CSV.encode()), dry_run="on")
    assert (found.state, found.added) == ("done", 1)
    assert not Recipient.objects.filter(email="anna@example.org").exists()


def test_what_was_only_tried_is_brought_in_from_the_same_file_with_what_was_chosen(
    cast: Cast,
) -> None:
    tried = upload(cast, "a.csv", CSV.encode())
    start_import(cast, tried, dry_run="on", column_1="comment", tags="весна, новые", update="on")
    page = page_of(cast, tried)
    form = page.context["form"]
    assert [field.value() for field in form.columns()] == ["email", "comment", "город"]
    assert (form["tags"].value(), form["update"].value()) == ("весна, новые", True)
    assert not form["dry_run"].value()
    assert reverse("imports:undo", args=[tried.pk]) not in page.content.decode()
    found = start_import(cast, tried, tags="весна")
    assert (found.state, found.dry_run, found.added, found.file.name) == ("done", False, 1, "")
    assert Recipient.objects.get(added_by=found).comment == "Анна"
    assert not page_of(cast, found).context.get("form")


def test_the_rejects_of_a_try_go_with_it(cast: Cast) -> None:
    tried = start_import(cast, upload(cast, "a.csv", CSV.encode()), dry_run="on")
    storage, name = tried.rejects.storage, tried.rejects.name
    start_import(cast, tried)
    kept = storage.listdir("rejects")[1]
    assert len(kept) == 1 and f"rejects/{kept[0]}" == RecipientImport.objects.get().rejects.name
    assert name


def test_what_was_only_tried_can_be_read_in_another_way(cast: Cast) -> None:
    tried = start_import(cast, upload(cast, "a.csv", CSV.encode("cp1251")), dry_run="on")
    url = reverse("imports:detail", args=[tried.pk])
    cast.client("owner").post(url, {"act": "read", "encoding": "cp1252"})
    tried.refresh_from_db()
    assert (tried.state, tried.dry_run, tried.preview["encoding"]) == ("uploaded", False, "cp1252")


def test_what_was_only_tried_can_be_thrown_away(cast: Cast) -> None:
    tried = start_import(cast, upload(cast, "a.csv", CSV.encode()), dry_run="on")
    storage = tried.file.storage
    cast.client("owner").post(reverse("imports:discard", args=[tried.pk]))
    assert not RecipientImport.objects.filter(pk=tried.pk).exists()
    assert storage.listdir("imports")[1] == [] == storage.listdir("rejects")[1]


def test_it_starts_once(cast: Cast) -> None:
    found = start_import(cast, upload(cast, "a.csv", CSV.encode()))
    cast.client("owner").post(reverse("imports:detail", args=[found.pk]), {})
    assert Recipient.objects.filter(email="anna@example.org").count() == 1


def test_an_undo_removes_whom_it_added_and_archives_who_was_written_to(cast: Cast) -> None:
    text = "email\nnew@example.org\nknown@example.org\n"
    before = RecipientFactory.create(owner=cast.owner)
    found = start_import(cast, upload(cast, "a.csv", text.encode()))
    written = Recipient.objects.get(email="known@example.org")
    DeliveryFactory.create(run=cast.run, recipient=written)
    url = reverse("imports:undo", args=[found.pk])
    cast.client("owner").post(url)
    written.refresh_from_db()
    found.refresh_from_db()
    assert found.state == "undone" and written.archived_at is not None
    assert not Recipient.objects.filter(email="new@example.org").exists()
    before.refresh_from_db()
    assert before.archived_at is None
    cast.client("owner").post(url)  # a second time there is nothing to undo
    found.refresh_from_db()
    assert found.state == "undone"


def test_a_workbook_is_read_and_its_numbers_stay_phones(cast: Cast) -> None:
    content = workbook(["phone", "name"], [79120000001.0, "Анна\nМария"], [79120000002, "=1+1"])
    found = start_import(cast, upload(cast, "any.name", content))
    assert (found.state, found.added) == ("done", 2), found.error
    assert Recipient.objects.get(phone="79120000001").full_name == "Анна Мария"


def test_a_hostile_workbook_costs_nobody_anything(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 5_000_000)
    monkeypatch.setattr(spreadsheets, "MAX_UNPACKED", 1_000_000)
    found = upload(cast, "bomb.xlsx", bomb.getvalue())
    assert (found.state, found.error_code) == ("failed", "import_not_a_table")
    assert "too big" in found.error and found.error in page_of(cast, found).content.decode()
    for content in (b"PK\x03\x04 broken", workbook(["email"])[:-200]):
        assert upload(cast, "a.xlsx", content).error == "The spreadsheet is broken."
    monkeypatch.setattr(spreadsheets, "MAX_SECONDS", 0.001)
    path = tmp_path / "slow.xlsx"
    path.write_bytes(workbook(["email"]))
    with pytest.raises(NotATable, match="too long"), spreadsheets.opened(path):
        pass


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"\n\n\n", 422),
        (b"", 422),
        (b"%PDF-1.7 ...", 422),
        (b"email" + b",a" * 8000 + b"\n", 422),
        (b"email\n" + b"a@example.org\n" * 80_000, 413),
    ],
    ids=["blank", "empty", "pdf", "columns", "size"],
)
def test_what_is_no_list_or_too_large_is_said_at_once_and_leaves_nothing(
    content: bytes, status: int, cast: Cast, settings: Any, tmp_path: Path
) -> None:
    settings.IMPORT_MAX_MEGABYTES = 1
    answer = cast.client("owner").post(
        reverse("imports:start"), {"file": SimpleUploadedFile("a.csv", content)}
    )
    assert answer.status_code == status
    assert answer.context["form"].errors
    assert not RecipientImport.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_broken_import_says_so_and_can_be_tried_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**_asked: Any) -> Any:
        raise OSError("disk full")

    found = upload(cast, "a.csv", CSV.encode())
    with monkeypatch.context() as patch:
        patch.setattr(page_imports, "import_recipients", breaks)
        found = start_import(cast, found)
    assert (found.state, found.error) == ("failed", "OSError")
    assert start_import(cast, found).state == "done"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://localhost:22/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433/",
        "http://10.1.2.3/",
        "http://100.64.0.1/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://224.0.0.1/",
        "http://user:secret@93.184.216.34/",
        "file:///etc/passwd",
    ],
)
def test_no_address_of_the_house_is_read(address: str, tmp_path: Path) -> None:
    with pytest.raises((outbound.AddressRefused, outbound.FetchFailed)) as refused:
        outbound.download(address, tmp_path / "x", max_bytes=10)
    assert not (tmp_path / "x").exists()
    assert refused.value.code in ("address_refused", "fetch_failed")


def test_an_address_is_read_and_no_further_than_allowed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fetched(url: str, target: Path, *, max_bytes: int) -> None:
        target.write_bytes(CSV.encode())

    monkeypatch.setattr(files, "download", fetched)
    answer = cast.client("owner").post(
        reverse("imports:start"), {"url": "https://example.org/list.csv"}
    )
    assert answer.status_code == 302
    found = RecipientImport.objects.get()
    assert (found.source, found.state) == ("https://example.org/list.csv", "uploaded")
    assert start_import(cast, found).added == 1
    refused = cast.client("owner").post(reverse("imports:start"), {})
    assert refused.status_code == 422


LEFT = "email,name,Участвует в рассылке\nanna@example.org,Анна,да\ngone@example.org,Вера,нет\n"


def test_a_column_that_says_who_left_is_asked_about(cast: Cast) -> None:
    found = upload(cast, "crm.csv", LEFT.encode())
    url = reverse("imports:detail", args=[found.pk])
    page = page_of(cast, found)
    assert page.context["form"].columns()[2].initial == ""
    values = {field.name: field.initial for field in page.context["form"].columns()}
    answer = cast.client("owner").post(url, values)
    assert answer.status_code == 422 and "нет" in str(answer.context["form"].errors["column_2"])
    assert not Recipient.objects.filter(email="anna@example.org").exists()
    found = start_import(cast, found, column_2="status")
    assert (found.state, found.added, found.suppressed) == ("done", 1, 1)
    blocks = Suppression.objects.filter(owner=cast.owner, address="gone@example.org")
    assert blocks.get().reason == "unsubscribed"


def test_one_who_left_far_down_in_the_file_is_asked_about_too(cast: Cast) -> None:
    rows = "".join(f"a{number}@example.org,enabled\n" for number in range(30_000))
    found = upload(cast, "list.csv", f"email,status\n{rows}z@example.org,blocklisted\n".encode())
    assert page_of(cast, found).context["form"].columns()[1].initial == "attribute"
    found = start_import(cast, found)
    assert (found.state, found.error_code) == ("failed", "import_status_undecided")
    assert page_of(cast, found).context["form"].columns()[1].initial == ""


def test_values_that_were_not_taken_are_reported_as_warnings(cast: Cast) -> None:
    found = start_import(cast, upload(cast, "a.csv", b"email,phone\na@example.org,5\n"))
    assert (found.added, found.rejected, found.warned) == (1, 0, 1)
    assert page_of(cast, found).context["warned_words"] == "phone 1"
    answer: Any = cast.client("owner").get(reverse("imports:rejects", args=[found.pk]))
    assert "phone_not_taken" in b"".join(answer.streaming_content).decode("utf-8-sig")


def test_the_page_names_the_attributes_that_an_object_makes(cast: Cast) -> None:
    text = 'email,data\na@example.org,"{""city"": ""Омск"", ""plan"": 1}"\n'
    found = upload(cast, "keila.csv", text.encode())
    assert "Fields: city, plan" in page_of(cast, found).content.decode()
    start_import(cast, found)
    anna = Recipient.objects.get(email="a@example.org")
    assert anna.attributes == {"city": "Омск", "plan": "1"}
