"""A form sent twice whose first request died, was refused, is long over, or came from elsewhere."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_mock import MockerFixture

from apps.mailings.models import Recipient
from apps.users.form_submissions import keys
from apps.users.form_submissions.keys import FIELD, new_key
from apps.users.models import FormSubmission, KeptForm
from tests.factories import WebhookFactory
from tests.people import Cast

PHONE = "79160000079"


@pytest.fixture
def form(cast: Cast) -> dict[str, Any]:
    """A new recipient of Anna's, as her browser sends it."""
    return {"full_name": "Zoe", "phone": PHONE, FIELD: new_key(cast.owner.pk)}


def _send(cast: Cast, form: dict[str, Any]) -> Any:
    return cast.client("owner").post(reverse("recipients:create"), form)


def _made() -> int:
    return Recipient.objects.filter(phone=PHONE).count()


def test_a_form_sent_again_much_later_is_said_to_have_been_carried_out(
    cast: Cast, form: dict[str, Any]
) -> None:
    first = _send(cast, form)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        second = _send(cast, form)
    assert second["Location"] == first["Location"]
    assert [str(one) for one in get_messages(second.wsgi_request)][-1:] == [
        "You have sent this form before: it was carried out once."
    ]
    assert _made() == 1


def test_when_the_first_request_died_a_person_decides(cast: Cast, form: dict[str, Any]) -> None:
    """Nobody knows what it has done: the page shows what was typed, and can send it once more."""
    _send(cast, form)
    FormSubmission.objects.update(done_at=None, location="")
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        second = _send(cast, form)
    assert second.status_code == 409
    assert f'value="{PHONE}"' in second.content.decode()
    assert _made() == 1


def test_the_second_click_does_the_work_when_the_first_was_refused(
    cast: Cast, form: dict[str, Any], mocker: MockerFixture
) -> None:
    """What stood in the way may be gone by now; a refusal has done nothing."""
    original = keys.claim
    claimed: list[FormSubmission] = []

    def first_click_is_at_work(request: Any, key: Any) -> Any:
        claimed.append(original(request, key).row)
        return original(request, key)  # the second click

    mocker.patch.object(keys, "claim", first_click_is_at_work)
    mocker.patch.object(time, "sleep", side_effect=lambda _seconds: keys.free(claimed[0]))
    assert _send(cast, form).status_code == 302
    assert _made() == 1


def test_a_key_that_is_freed_while_it_is_looked_for_is_claimed(
    cast: Cast, form: dict[str, Any], mocker: MockerFixture
) -> None:
    """The first request holds the key when the second writes, and has been refused a moment on."""
    save = FormSubmission.save
    answers: list[Any] = [IntegrityError("the first request has the key"), None]

    def save_or_fail(row: FormSubmission, **kwargs: Any) -> None:
        if (error := answers.pop(0)) is not None:
            raise error
        save(row, **kwargs)

    mocker.patch.object(FormSubmission, "save", save_or_fail)
    assert _send(cast, form).status_code == 302
    assert _made() == 1


def test_a_secret_that_was_shown_once_leads_back_to_its_page(cast: Cast) -> None:
    webhook = WebhookFactory.create(owner=cast.owner)
    page = reverse("webhooks:detail", args=[webhook.pk])
    url, data = reverse("webhooks:rotate", args=[webhook.pk]), {FIELD: new_key(cast.owner.pk)}
    headers = {"Referer": f"http://testserver{page}"}
    first, second = (cast.client("owner").post(url, data, headers=headers) for _click in range(2))
    assert first.status_code == 200
    assert second["Location"] == page


def test_a_button_on_a_page_of_somebody_else_leads_to_the_first_page(cast: Cast) -> None:
    url = reverse("delivery:pause", args=[cast.mailing.pk])
    headers = {"Referer": "https://evil.example.net/mailings/1/"}
    response = Client().post(url, {FIELD: new_key(cast.owner.pk)}, headers=headers)
    assert response["Location"].endswith("?next=/")


def test_more_than_can_be_kept_is_not_kept(
    cast: Cast, form: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "TYPED_LONGEST", 10)
    response = Client().post(reverse("recipients:create"), form)
    assert response["Location"].endswith(f"?next={reverse('recipients:create')}")
    assert not KeptForm.objects.exists()


@pytest.mark.parametrize("number", ["", "x", "0", "9" * 30])
def test_a_number_under_which_nothing_is_kept_shows_an_empty_form(number: str, cast: Cast) -> None:
    url = reverse("recipients:create")
    page = cast.client("owner").get(url, {"typed": number})
    assert page.status_code == 200
    assert list(get_messages(page.wsgi_request)) == []


def test_what_is_kept_waits_for_the_sign_in(cast: Cast, form: dict[str, Any]) -> None:
    url = reverse("recipients:create")
    Client().post(url, form)
    kept = KeptForm.objects.get()
    page = Client().get(url, {"typed": kept.pk})
    assert page["Location"].startswith(reverse("account_login"))
    assert "Zoe" in cast.client("owner").get(url, {"typed": kept.pk}).content.decode()
