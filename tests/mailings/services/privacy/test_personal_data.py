"""The copy of a person's data: whole, for a day, and for those who may."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.mailings.models import DataCopy, Recipient
from apps.mailings.services.privacy import erasure, personal_data
from apps.mailings.suppression.tombstones import AddressErased
from tests.mailings.services.privacy.erna import EMAIL, OLD, erased, make_erna
from tests.people import Cast, lie_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def erna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipient:
    lie_in(tmp_path, monkeypatch)
    return make_erna()


def copied(person: Recipient) -> DataCopy:
    copy = personal_data.ask_for_copy(recipient=person, actor="anna", now=timezone.now())
    personal_data.make(copy.pk)
    return DataCopy.objects.get(pk=copy.pk)


def test_everything_that_is_kept_is_in_it(erna: Recipient) -> None:
    copy = copied(erna)
    with copy.file.open("rb") as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        tables = json.loads(archive.read("data.json"))
        names = set(archive.namelist())
        profile = archive.read("profile.csv").decode("utf-8-sig")
    (person,) = tables["profile"]
    assert (person["email"], person["comment"]) == (EMAIL, "Erna likes tea")
    assert person["attributes"] == {"nick": "Weg"}
    (subscription,) = tables["subscriptions"]
    assert (subscription["list"], subscription["status"]) == ("Updates", "subscribed")
    assert tables["consents"][0]["ip"] == "203.0.113.77"
    assert {row["address"] for row in tables["deliveries"]} == {EMAIL, OLD}
    assert tables["reactions"][0]["what"] == "bounced"
    assert tables["suppressions"][0]["channel"] == "phone"
    assert {"data.json", "profile.csv", "deliveries.csv", "reactions.csv"} <= names
    assert EMAIL in profile


def test_it_is_there_for_a_day(
    erna: Recipient, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    copy = copied(erna)
    assert personal_data.is_there(copy, timezone.now())
    later = timezone.now() + timedelta(hours=25)
    assert not personal_data.is_there(copy, later)
    path = Path(copy.file.path)
    with django_capture_on_commit_callbacks(execute=True):
        personal_data.DataCopies().run(later, lambda: False)
    assert DataCopy.objects.get(pk=copy.pk).state == "expired" and path.exists() is False


def test_one_is_made_at_a_time(erna: Recipient) -> None:
    personal_data.ask_for_copy(recipient=erna, actor="anna", now=timezone.now())
    with pytest.raises(personal_data.CopyBeingMade):
        personal_data.ask_for_copy(recipient=erna, actor="anna", now=timezone.now())


def test_what_a_process_left_unmade_is_made_later(erna: Recipient) -> None:
    copy = personal_data.ask_for_copy(recipient=erna, actor="anna", now=timezone.now())
    personal_data.DataCopies().run(timezone.now() + timedelta(minutes=5), lambda: False)
    assert DataCopy.objects.get(pk=copy.pk).state == "ready"


def test_an_erasure_removes_the_copies(erna: Recipient) -> None:
    copy = copied(erna)
    erased(erna)
    assert DataCopy.objects.get(pk=copy.pk).state == "expired"
    erna.refresh_from_db()
    with pytest.raises(AddressErased):
        personal_data.ask_for_copy(recipient=erna, actor="anna", now=timezone.now())
    assert erasure.is_genuine(erna.erasures.get())


def test_a_manager_takes_one_only_with_the_right(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie_in(tmp_path, monkeypatch)
    person = cast.delivery.recipient
    copy = copied(person)
    url = reverse("privacy:copy", args=[person.pk, copy.pk])
    assert cast.client("manager").get(url).status_code == 403
    cast.manager.user_permissions.add(Permission.objects.get(codename="export_personal_data"))
    assert cast.client("manager").get(url).status_code == 200
    assert DataCopy.objects.get(pk=copy.pk).taken_at is not None
    page = cast.client("owner").get(reverse("privacy:data", args=[person.pk])).content.decode()
    assert url in page
