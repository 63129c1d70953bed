"""Lists brought in by the API: how they are read, what is refused, and with which code."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from pytest_mock import MockerFixture

from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.importing import page_imports
from tests.api.conftest import Voice
from tests.mailings.importing.lists import workbook

pytestmark = pytest.mark.django_db


def test_a_file_is_imported_in_the_background(
    anna: Voice, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    # The thread of the background would not see the test's transaction.
    monkeypatch.setattr(page_imports, "in_background", lambda act, number: act(number))
    upload = SimpleUploadedFile("list.csv", "Почта;ФИО\na@example.org;А\nwrong;Б\n".encode())
    headers = {"Authorization": f"Bearer {anna.secret}"}
    data = {"file": upload, "tags": "from file", "mapping": '{"Почта": "email"}'}
    with django_capture_on_commit_callbacks(execute=True):
        started = Client().post("/api/recipients/import/", data, headers=headers)
    assert started.status_code == 202, started.content
    one = f"/api/recipients/import/{started.json()['id']}/"
    body = anna.get(one).json()
    assert (body["state"], body["added"], body["rejected"]) == ("done", 1, 1)
    rejects = anna.get(f"{one}rejects/")
    assert "wrong" in b"".join(rejects.streaming_content).decode("utf-8-sig")
    assert anna.post(f"{one}undo/").json() == {"deleted": 1, "archived": 0}
    assert anna.post(f"{one}undo/").json()["code"] == "import_busy"


def imported(anna: Voice, content: bytes, **options: Any) -> Any:
    """The answer to an import, and the import as it is afterwards."""
    headers = {"Authorization": f"Bearer {anna.secret}"}
    data = {"file": SimpleUploadedFile("list.any", content), **options}
    return Client().post("/api/recipients/import/", data, headers=headers)


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Any:
    """Imports a file and carries the import out at once; gives the import."""
    monkeypatch.setattr(page_imports, "in_background", lambda act, number: act(number))

    def carried_out(anna: Voice, content: bytes, **options: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            answer = imported(anna, content, **options)
        assert answer.status_code == 202, answer.content
        return anna.get(f"/api/recipients/import/{answer.json()['id']}/").json()

    return carried_out


def test_an_import_by_the_api_takes_options_how_to_read(anna: Voice, carried_out: Any) -> None:
    content = "список|x\nemail|имя|x\nb@example.org|Анна|y\n".encode("koi8-r")
    options = {"header_row": 0, "delimiter": "|", "encoding": "koi8-r", "mapping": '{"#1": "-"}'}
    refused = imported(anna, content, **options)
    assert refused.json()["code"] == "import_no_address_column"
    body = carried_out(anna, content, delimiter="|", encoding="koi8-r", header_row=2)
    assert (body["state"], body["added"]) == ("done", 1)
    assert body["read_as"] == "koi8-r, vertical bar"


def test_the_api_separates_equal_columns_by_their_place(anna: Voice, carried_out: Any) -> None:
    content = "Email;Email\na@example.org;b@example.org\n".encode()
    body = carried_out(anna, content, mapping='{"#1": "-", "Email#2": "email"}')
    assert body["added"] == 1
    assert Recipient.objects.get(owner=anna.user).email == "b@example.org"
    refused = imported(anna, content, mapping='{"Email": "email"}')
    assert (refused.status_code, refused.json()["code"]) == (422, "import_unknown_column")


def test_a_spreadsheet_by_the_api_is_read_in_the_background(anna: Voice, carried_out: Any) -> None:
    content = workbook(["email"], ["a@example.org"], Прочие=[["email"], ["b@example.org"]])
    body = carried_out(anna, content, sheet="Прочие")
    assert (body["added"], body["read_as"]) == (1, "sheet “Прочие”")
    body = carried_out(anna, content, sheet="Нет")
    assert (body["state"], body["error_code"]) == ("failed", "import_unknown_sheet")


@pytest.mark.parametrize(
    ("content", "options", "status", "code"),
    [
        (b"email\n" + b"a@example.org\n" * 80_000, {}, 413, "import_too_large"),
        (b"email" + b",a" * 200 + b"\n", {}, 422, "import_too_many_columns"),
        (b"%PDF-1.7", {}, 422, "import_not_a_table"),
        (b"email\na@example.org\n", {"encoding": "klingon"}, 422, "import_not_a_table"),
        (b"email\na@example.org\n", {"delimiter": "ab"}, 422, "import_not_a_table"),
        (b"email\na@example.org\n", {"header_row": "-1"}, 422, "invalid"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_a_code(
    content: bytes, options: dict[str, Any], status: int, code: str, anna: Voice, settings: Any
) -> None:
    settings.IMPORT_MAX_MEGABYTES = 1
    answer = imported(anna, content, **options)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not RecipientImport.objects.exists()


def test_too_many_rows_fail_whole(anna: Voice, carried_out: Any, settings: Any) -> None:
    settings.IMPORT_MAX_ROWS = 1
    body = carried_out(anna, b"email\na@example.org\nb@example.org\n")
    assert (body["state"], body["error_code"]) == ("failed", "import_too_many_rows")
    assert not Recipient.objects.filter(owner=anna.user).exists()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 507, "disk_full"),
        (OperationalError("database is locked"), 503, "database_busy"),
    ],
)
def test_what_the_machine_runs_out_of_has_a_code(
    error: Exception, status: int, code: str, anna: Voice, mocker: MockerFixture
) -> None:
    mocker.patch("apps.api.routers.recipient_imports.page_imports.start", side_effect=error)
    answer = imported(anna, b"email\na@example.org\n")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.has_header("Retry-After") == (status == 503)


@pytest.mark.parametrize(
    ("content", "mapping", "code"),
    [
        (b"city\nOmsk\n", "", "import_no_address_column"),
        (b"email\na@example.org\n", "[]", "invalid"),
        (b"email\na@example.org\n", '{"nothing": "email"}', "import_unknown_column"),
    ],
)
def test_a_file_that_is_no_list_is_refused_at_once(
    anna: Voice, content: bytes, mapping: str, code: str
) -> None:
    headers = {"Authorization": f"Bearer {anna.secret}"}
    data = {"file": SimpleUploadedFile("list.csv", content), "mapping": mapping}
    answer = Client().post("/api/recipients/import/", data, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not RecipientImport.objects.exists()
