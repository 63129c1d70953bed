"""One form, one effect: two clicks, Back and Save, a second tab; and nothing typed is lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_mock import MockerFixture

from apps.api.webhooks.models import Webhook
from apps.mailings.models import Mailing, Message, Recipient, RecipientImport
from apps.users.form_submissions import keys
from apps.users.form_submissions.keys import FIELD, new_key
from apps.users.models import ApiToken, FormSubmission, KeptForm
from tests.factories import MailingFactory, MessageFactory, RecipientFactory
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher, dispatching

TEMPLATES = Path(settings.BASE_DIR) / "templates"
#: Whose forms lead to allauth's own views.
_OF_ALLAUTH = ("account/", "allauth/", "mfa/", "socialaccount/")
_FORM = re.compile(r'<form\b[^>]*method="post".*?</form>', re.DOTALL)
#: Forms whose repetition changes nothing, or that are not a user's of ours.
KEYLESS = {
    "partials/nav.html": "sign-out",
    "partials/languages.html": "the language",
    "feedback/unsubscribe_part.html": "the visitor has no account",
    "feedback/preferences_part.html": "the visitor has no account",
    "feedback/signup.html": "the visitor has no account",
    "feedback/confirm.html": "the visitor has no account",
    "feedback/ask_for_link.html": "the visitor has no account",
    "feedback/own_data.html": "the visitor has no account",
    "feedback/own_email.html": "the visitor has no account",
    "feedback/own_erasure.html": "the visitor has no account",
    "senders/confirm.html": "the visitor has no account",
    "forms/embed.html": "it stands on another site, and its visitor has no account",
}


def test_every_form_of_the_site_has_a_key() -> None:
    without = set()
    for file in TEMPLATES.rglob("*.html"):
        for form in _FORM.findall(file.read_text(encoding="utf-8")):
            name = file.relative_to(TEMPLATES).as_posix()
            if "{% form_key" not in form and not name.startswith(_OF_ALLAUTH):
                without.add(name)
    assert without == set(KEYLESS)


@dataclass(frozen=True)
class Case:
    """A form that makes something: where it goes, what is in it, and what it makes."""

    url: Callable[[Cast], str]
    data: Callable[[Cast], dict[str, Any]]
    model: type[Model]


def _mailing_form(cast: Cast) -> dict[str, Any]:
    return {
        "name": "Save twice",
        "message": cast.mailing.message_id,
        "everyone": "on",
        "channel": "email",
        "account": "email",
        "starts_at_0": "01.03.2029",
        "starts_at_1": "10:00",
        "ends_at_0": "02.03.2029",
        "ends_at_1": "10:00",
        "priority": 100,
    }


MESSAGE = {"subject": "Hello", "text": "Hi {{ unsubscribe_url }}", "html": "", "base_revision": 0}
CASES = {
    "mailing": Case(lambda cast: reverse("mailings:create"), _mailing_form, Mailing),
    "mailing copy": Case(
        lambda cast: reverse("mailings:duplicate", args=[cast.mailing.pk]),
        lambda cast: {},
        Mailing,
    ),
    "message": Case(lambda cast: reverse("messages:create"), lambda cast: MESSAGE, Message),
    "message copy": Case(
        lambda cast: reverse("messages:duplicate", args=[cast.mailing.message_id]),
        lambda cast: {},
        Message,
    ),
    "recipient": Case(
        lambda cast: reverse("recipients:create"),
        lambda cast: {"full_name": "No address twice", "phone": "79160000077"},
        Recipient,
    ),
    "token": Case(
        lambda cast: reverse("users:tokens"),
        lambda cast: {"name": "CRM", "scope": "write", "days": 30},
        ApiToken,
    ),
    "webhook": Case(
        lambda cast: reverse("webhooks:list"),
        lambda cast: {"url": "https://crm.example.org/hooks", "runs": "on"},
        Webhook,
    ),
    "import": Case(
        lambda cast: reverse("imports:start"),
        lambda cast: {"file": _upload()},
        RecipientImport,
    ),
}


def _upload() -> Any:
    return SimpleUploadedFile("list.csv", b"email\nzoe@example.org\n", content_type="text/csv")


def _keyed(cast: Cast, **data: Any) -> dict[str, Any]:
    return {**data, FIELD: new_key(cast.owner.pk)}


@pytest.fixture
def just_signed_in(mocker: MockerFixture) -> None:
    """Nobody is asked for the password once more."""
    mocker.patch("apps.users.views.raise_if_reauthentication_required")


def test_a_question_for_the_password_frees_the_key(cast: Cast) -> None:
    url, data = reverse("users:tokens"), _keyed(cast, **CASES["token"].data(cast))
    assert "reauth" in cast.client("owner").post(url, data)["Location"]
    assert not FormSubmission.objects.exists()


@pytest.mark.usefixtures("just_signed_in")
@pytest.mark.parametrize("name", sorted(CASES))
def test_two_clicks_make_one(name: str, cast: Cast, dispatched: RecordingDispatcher) -> None:
    case, client = CASES[name], cast.client("owner")
    key = new_key(cast.owner.pk)
    before = case.model._default_manager.count()
    answers = [
        client.post(case.url(cast), {**case.data(cast), FIELD: key}) for _click in ("first", "2nd")
    ]
    assert case.model._default_manager.count() == before + 1
    assert answers[1].status_code == 302
    if answers[0].status_code == 302:
        assert answers[1]["Location"] == answers[0]["Location"]
    else:  # it showed a secret, once
        assert answers[1]["Location"] == case.url(cast)


@pytest.mark.usefixtures("just_signed_in")
@pytest.mark.parametrize("name", sorted(CASES))
def test_two_forms_make_two(name: str, cast: Cast, dispatched: RecordingDispatcher) -> None:
    """The same content by two pages that were opened one after the other is meant twice."""
    if name == "recipient":
        pytest.skip("an address belongs to one recipient")
    case, client = CASES[name], cast.client("owner")
    before = case.model._default_manager.count()
    for _page in range(2):
        client.post(case.url(cast), {**case.data(cast), FIELD: new_key(cast.owner.pk)})
    assert case.model._default_manager.count() == before + 2


ACTS = ["send", "pause", "resume", "stop", "retry", "remaining", "reset", "skip", "refresh"]


@pytest.mark.parametrize("verb", ACTS)
def test_a_button_pressed_twice_acts_once(
    verb: str, cast: Cast, dispatched: RecordingDispatcher
) -> None:
    url = reverse(f"delivery:{verb}", args=[cast.mailing.pk])
    data = _keyed(cast)
    answers = [cast.client("owner").post(url, data) for _click in range(2)]
    assert len(dispatched.calls) == 1
    assert answers[0]["Location"] == answers[1]["Location"]


def test_the_second_click_waits_for_the_answer_to_the_first(
    cast: Cast, mocker: MockerFixture
) -> None:
    """The first is still being carried out when the second comes, 0.15 to 0.8 s later."""
    url, key = reverse("recipients:create"), new_key(cast.owner.pk)
    data = {"full_name": "Zoe", "phone": "79160000078", FIELD: key}
    claimed: list[FormSubmission] = []
    original = keys.claim

    def first_click_is_at_work(request: Any, form_key: Any) -> Any:
        first = original(request, form_key)
        claimed.append(first.row)
        return original(request, form_key)  # the second click

    mocker.patch.object(keys, "claim", first_click_is_at_work)
    sleeping = mocker.patch.object(
        time,
        "sleep",
        side_effect=lambda _seconds: keys.settle(claimed[0], location="/recipients/7/"),
    )
    response = cast.client("owner").post(url, data)
    assert sleeping.called
    assert response["Location"] == "/recipients/7/"
    assert not Recipient.objects.filter(phone="79160000078").exists()


def test_what_was_refused_can_be_corrected_and_sent(cast: Cast) -> None:
    client, data = cast.client("owner"), _keyed(cast, **_mailing_form(cast))
    url = reverse("mailings:create")
    assert client.post(url, {**data, "name": ""}).status_code == 200
    assert client.post(url, data).status_code == 302


def test_a_start_that_was_refused_can_be_tried_again(cast: Cast) -> None:
    """Its answer is a redirect, too: the flash message says that nothing was done."""
    url, data = reverse("delivery:send", args=[cast.mailing.pk]), _keyed(cast)
    with dispatching(RecordingDispatcher("Not now.")):
        cast.client("owner").post(url, data)
    with dispatching(fake := RecordingDispatcher()):
        cast.client("owner").post(url, data)
    assert len(fake.calls) == 1


def test_back_and_save_with_other_content_asks(cast: Cast) -> None:
    """A second mailing is made only when somebody says so, and nothing typed is lost."""
    client, url = cast.client("owner"), reverse("mailings:create")
    data = _keyed(cast, **_mailing_form(cast))
    made = client.post(url, data)["Location"]
    response = client.post(url, {**data, "name": "Another name"})
    assert response.status_code == 409
    assert Mailing.objects.filter(name="Another name").count() == 0
    page = response.content.decode()
    assert made in page and 'value="Another name"' in page
    (key,) = re.findall(rf'action="{url}".*?name="{FIELD}" value="([^"]+)"', page, re.DOTALL)
    assert client.post(url, {**data, "name": "Another name", FIELD: key}).status_code == 302
    assert Mailing.objects.filter(name="Another name").count() == 1


def test_a_key_of_somebody_else_opens_nothing(cast: Cast) -> None:
    data = {**_mailing_form(cast), FIELD: new_key(cast.stranger.pk)}
    before = Mailing.objects.count()
    response = cast.client("owner").post(reverse("mailings:create"), data)
    assert response.status_code == 302 and "login" in response["Location"]
    assert Mailing.objects.count() == before


@pytest.mark.parametrize("forged", ["", "1.make.2", "x" * 300])
def test_a_forged_key_is_no_key(forged: str, cast: Cast) -> None:
    data = {**_mailing_form(cast), FIELD: forged}
    assert cast.client("owner").post(reverse("mailings:create"), data).status_code == 302
    assert not FormSubmission.objects.exists()


def _edited_mailing(cast: Cast) -> str:
    return reverse("mailings:edit", args=[MailingFactory.create(owner=cast.owner).pk])


def _edited_message(cast: Cast) -> str:
    return reverse("messages:edit", args=[MessageFactory.create(owner=cast.owner).pk])


def _edited_recipient(cast: Cast) -> str:
    return reverse("recipients:edit", args=[RecipientFactory.create(owner=cast.owner).pk])


WRITTEN: dict[str, tuple[Callable[[Cast], str], dict[str, Any]]] = {
    "new mailing": (lambda cast: reverse("mailings:create"), {"name": "Half a mailing"}),
    "mailing": (_edited_mailing, {"name": "Half a mailing"}),
    "new message": (lambda cast: reverse("messages:create"), {"subject": "Half a mailing"}),
    "message": (_edited_message, {"subject": "Half a mailing"}),
    "new recipient": (lambda cast: reverse("recipients:create"), {"comment": "Half a mailing"}),
    "recipient": (_edited_recipient, {"comment": "Half a mailing"}),
}


@pytest.fixture(params=sorted(WRITTEN))
def written(request: Any, cast: Cast) -> Iterator[tuple[str, dict[str, Any]]]:
    address, data = WRITTEN[request.param]
    yield address(cast), {**data, FIELD: new_key(cast.owner.pk)}


def test_what_was_typed_is_back_after_signing_in_again(
    written: tuple[str, dict[str, Any]], cast: Cast
) -> None:
    url, data = written
    response = Client().post(url, data)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))
    (back,) = re.findall(r"typed%3D(\d+)", response["Location"])
    page = cast.client("owner").get(f"{url}?typed={back}").content.decode()
    assert "Half a mailing" in page
    for other in ("stranger", "manager"):
        page = cast.client(other).get(f"{url}?typed={back}").content.decode()
        assert "Half a mailing" not in page


def test_what_is_saved_at_last_is_forgotten(cast: Cast) -> None:
    url, data = reverse("mailings:create"), _mailing_form(cast)
    Client().post(url, _keyed(cast, **data))
    assert KeptForm.objects.count() == 1
    cast.client("owner").post(url, _keyed(cast, **data))
    assert not KeptForm.objects.exists()


def test_a_page_from_before_another_sign_in_gives_the_form_back(cast: Cast) -> None:
    """Signing in again in another tab makes new tokens: the old page is no reason to lose it."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.owner)
    url = reverse("mailings:create")
    response = client.post(url, _keyed(cast, **_mailing_form(cast)))
    assert response.status_code == 302
    assert response["Location"].startswith(f"{url}?typed=")
    assert not Mailing.objects.filter(name="Save twice").exists()
    assert "Save twice" in client.get(response["Location"]).content.decode()


def test_without_a_key_an_old_page_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.owner)
    assert client.post(reverse("mailings:create"), _mailing_form(cast)).status_code == 403


def test_a_button_of_a_session_that_ended_leads_back_to_its_page(cast: Cast) -> None:
    url = reverse("delivery:pause", args=[cast.mailing.pk])
    page = f"http://testserver/mailings/{cast.mailing.pk}/"
    response = Client().post(url, _keyed(cast), headers={"Referer": page})
    assert response["Location"].endswith(f"?next=/mailings/{cast.mailing.pk}/")


def test_the_switch_pressed_twice_is_pressed_once(cast: Cast) -> None:
    url = reverse("mailings:toggle", args=[cast.mailing.pk])
    for _click in range(2):
        cast.client("manager").post(url, {"active": "0"}, headers={"HX-Request": "true"})
    cast.mailing.refresh_from_db()
    assert cast.mailing.is_active is False
