"""What an import would do is counted before it starts; what it did is shown, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.importing import imports, page_imports
from tests.factories import RecipientFactory
from tests.mailings.importing.lists import workbook
from tests.people import Cast, lie_in

pytestmark = pytest.mark.django_db(transaction=True)

CSV = (
    "email;ФИО;Часовой пояс\n"
    "anna@example.org;Анна;МСК+2\n"
    "boris@example.org;Борис;Марс\n"
    "known@example.org;Вера;\n"
    "anna@example.org;Анна ещё раз;\n"
    "bad;Никто;\n"
)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lie_in(tmp_path, monkeypatch)
    monkeypatch.setattr(page_imports, "in_background", lambda act, number: act(number))


@pytest.fixture
def found(cast: Cast) -> RecipientImport:
    RecipientFactory.create(owner=cast.owner, email="known@example.org")
    return upload(cast, "list.csv", CSV.encode("cp1251"))


def upload(cast: Cast, name: str, content: bytes) -> RecipientImport:
    file = SimpleUploadedFile(name, content)
    assert cast.client("owner").post(reverse("imports:start"), {"file": file}).status_code == 302
    return RecipientImport.objects.latest("pk")


def page_of(cast: Cast, found: RecipientImport) -> Any:
    return cast.client("owner").get(reverse("imports:detail", args=[found.pk]))


def chosen(page: Any) -> dict[str, Any]:
    return {field.name: field.initial for field in page.context["form"].columns()}


def test_the_page_of_a_text_counts_what_would_come_in(cast: Cast, found: RecipientImport) -> None:
    before = Recipient.objects.count()
    counts = page_of(cast, found).context["counts"]
    assert (counts.rows, counts.added, counts.updated, counts.rejected) == (5, 2, 0, 3)
    assert counts.rejected_words == (
        "invalid email 1, already in the list 1, repeated in the file 1"
    )
    assert counts.warned_words == "time zone 1"
    assert Recipient.objects.count() == before


def test_the_counts_follow_what_is_chosen(cast: Cast, found: RecipientImport) -> None:
    url = reverse("imports:counts", args=[found.pk])
    values = chosen(page_of(cast, found))
    counts = cast.client("owner").get(url, {**values, "update": "on"}).context["counts"]
    assert (counts.added, counts.updated, counts.rejected) == (2, 1, 2)
    nothing = cast.client("owner").get(url, {**values, "column_0": "-"})
    assert "counts" not in nothing.context and nothing.context["uncounted"]
    assert cast.client("owner").get(url, {"column_0": "email"}).context["counts"].added == 2


def test_a_workbook_is_counted_when_the_page_asks_for_it(cast: Cast) -> None:
    found = upload(cast, "list.xlsx", workbook(["email", "Имя"], ["a@example.org", "А"]))
    page = page_of(cast, found)
    assert page.context["countable"] and "counts" not in page.context
    url = reverse("imports:counts", args=[found.pk])
    assert cast.client("owner").get(url, chosen(page)).context["counts"].added == 1


def test_a_large_file_is_not_counted(
    cast: Cast, found: RecipientImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_COUNTED", 10)
    context = page_of(cast, found).context
    assert not context["countable"] and "counts" not in context


def test_the_result_adds_up_and_shows_the_rejected_rows(cast: Cast, found: RecipientImport) -> None:
    url = reverse("imports:detail", args=[found.pk])
    data = {**chosen(page_of(cast, found)), "consent": "on"}
    assert cast.client("owner").post(url, data).status_code == 302
    found.refresh_from_db()
    assert found.total_rows == found.added + found.updated + found.rejected == 5
    assert found.options["consent"]["by"] == cast.owner.pk
    context = page_of(cast, found).context
    assert context["rejected_words"].startswith("invalid email 1")
    assert context["warned_words"] == "time zone 1"
    assert context["consent_at"] is not None
    assert list(context["reject_header"]) == ["email", "ФИО", "Часовой пояс"]
    rows = context["rejects"]
    assert [(row.line, row.is_warning, row.fields[0]) for row in rows] == [
        ("3", True, "boris@example.org"),
        ("4", False, "known@example.org"),
        ("5", False, "anna@example.org"),
        ("6", False, "bad"),
    ]
    zones = dict(Recipient.objects.filter(owner=cast.owner).values_list("email", "time_zone"))
    assert zones["anna@example.org"] == "Asia/Yekaterinburg"
    assert zones["boris@example.org"] == ""


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_sample_is_brought_in_whole(cast: Cast, language: str) -> None:
    client = cast.client("owner")
    client.cookies["django_language"] = language
    answer: Any = client.get(reverse("imports:sample"))
    sample = b"".join(answer.streaming_content)
    with override(language):
        found = upload(cast, "sample.csv", sample)
    page = client.get(reverse("imports:detail", args=[found.pk]))
    counts = page.context["counts"]
    assert (counts.rows, counts.added, counts.warned) == (2, 2, 0)
    city = "город" if language == "ru" else "city"
    assert list(chosen(page).values()) == [
        "email", "full_name", "phone", "time_zone", "tags", city,
    ]  # fmt: skip
