"""A test of a message goes to chosen addresses by the chosen account, and its page says where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.urls import reverse

from apps.core.contracts import AccountInfo
from apps.mailings.models import Mailing, Message
from apps.mailings.services.languages.translations import keep_translations
from tests.factories import MailingFactory, MessageFactory, RecipientFactory, confirmed
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = pytest.mark.django_db


class Accounts(RecordingDispatcher):
    """An installation without EMAIL_HOST whose real accounts have names of their own."""

    def accounts(self) -> list[str]:
        return ["email", "main", "sms", "bot"]

    def account_infos(self) -> list[AccountInfo]:
        return [
            AccountInfo("email", frozenset({"email", "phone", "telegram"}), to_files=True),
            AccountInfo("main", frozenset({"email"})),
            AccountInfo("sms", frozenset({"phone"})),
            AccountInfo("bot", frozenset({"telegram"})),
        ]


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    fake = Accounts()
    with dispatching(fake):
        yield fake


@pytest.fixture
def message(cast: Cast) -> Message:
    return MessageFactory.create(owner=cast.owner)


def page(message: Message) -> str:
    return reverse("messages:test", args=[message.pk])


def send(cast: Cast, message: Message, **data: Any) -> Any:
    values = {"addresses": "a@example.org", "account": "main", **data}
    return cast.client("owner").post(page(message), values, follow=True)


def test_ones_own_address_and_a_real_account_are_filled_in(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    confirmed(cast.owner)
    form = cast.client("owner").get(page(message)).context["form"]
    assert form["addresses"].value() == "anna@example.org"
    assert form["account"].value() == "main"


def test_the_account_of_the_mailing_is_filled_in(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    MailingFactory.create(owner=cast.owner, message=message, account="sms", channel="phone")
    assert cast.client("owner").get(page(message)).context["form"]["account"].value() == "sms"


def test_it_goes_to_each_of_the_addresses_once(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    answer = send(cast, message, addresses="a@example.org\nb@example.org, a@example.org")
    asked = [(call["address"], call["account"]) for verb, call in accounts.calls]
    assert asked == [("a@example.org", "main"), ("b@example.org", "main")]
    text = answer.content.decode()
    assert "was sent to b@example.org through “main”" in text


@pytest.mark.parametrize(
    "addresses", ["", "nobody", "\n".join(f"a{n}@example.org" for n in range(6))]
)
def test_what_cannot_be_sent_to_is_refused_at_its_field(
    cast: Cast, accounts: Accounts, message: Message, addresses: str
) -> None:
    answer = send(cast, message, addresses=addresses)
    assert "addresses" in answer.context["form"].errors
    assert accounts.calls == []


def test_a_file_is_called_a_file(cast: Cast, accounts: Accounts, message: Message) -> None:
    text = send(cast, message, account="email").content.decode()
    assert "Nothing was sent" in text and "/outbox" in text


def test_the_data_are_those_of_one_who_has_an_address_and_all_the_fields(
    cast: Cast, accounts: Accounts
) -> None:
    message = MessageFactory.create(owner=cast.owner, subject="{{ city }}", text="{{ full_name }}")
    whole = RecipientFactory.create(owner=cast.owner, attributes={"city": "Tver"})
    RecipientFactory.create(owner=cast.owner)
    RecipientFactory.create(
        owner=cast.owner, email=None, phone="79160000009", attributes={"city": "Omsk"}
    )
    assert cast.client("owner").get(page(message)).context["lender"] == whole
    frame = cast.client("owner").get(reverse("messages:frame", args=[message.pk]))
    assert "Tver" in frame.content.decode()


def test_its_language_is_chosen_where_there_are_several(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    assert 'id="id_language"' not in cast.client("owner").get(page(message)).content.decode()
    Message.objects.filter(pk=message.pk).update(language="en")
    message.refresh_from_db()
    keep_translations(message, {"ru": {}})
    assert "Russian" in cast.client("owner").get(page(message)).content.decode()
    send(cast, message, language="ru")
    assert accounts.calls[-1][1]["lang"] == "ru"
    send(cast, message, language="de")
    assert len(accounts.calls) == 1


def test_somebody_elses_data_are_not_found(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    RecipientFactory.create(owner=cast.stranger, email="zoe@example.org")
    answer = send(cast, message, sample="zoe@")
    assert "sample" in answer.context["form"].errors
    assert accounts.calls == []


def test_a_recipient_is_found_by_any_beginning(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    zoe = RecipientFactory.create(
        owner=cast.owner, email="zoe@example.org", phone="79160000001", full_name="Зоя"
    )
    for text in ("ZOE@", "+7 916 000-00", "Зо"):
        found = cast.client("owner").get(page(message), {"sample": text}).context["found"]
        assert found == [zoe]


@pytest.mark.parametrize("limit", [5, 2])
def test_so_many_in_an_hour_are_too_many(
    cast: Cast, accounts: Accounts, message: Message, settings: LazySettings, limit: int
) -> None:
    settings.LIMIT_TESTS_PER_HOUR = limit
    for _page in range(limit):
        send(cast, message)
    answer = send(cast, message)
    assert len(accounts.calls) == limit
    assert "too often" in answer.content.decode()


def test_without_a_limit_as_many_as_one_likes(
    cast: Cast, accounts: Accounts, message: Message, settings: LazySettings
) -> None:
    settings.LIMIT_TESTS_PER_HOUR = 0
    for _page in range(12):
        send(cast, message)
    assert len(accounts.calls) == 12


def test_so_many_starts_in_an_hour_are_too_many(cast: Cast, accounts: Accounts) -> None:
    url = reverse("delivery:send", args=[cast.mailing.pk])
    for _click in range(10):
        cast.client("owner").post(url)
    answer = cast.client("owner").post(url, follow=True)
    assert len(accounts.calls) == 10
    assert "too often" in answer.content.decode()


def test_the_form_of_a_mailing_prefers_a_real_account(cast: Cast, accounts: Accounts) -> None:
    form = cast.client("owner").get(reverse("mailings:create")).context["form"]
    assert form["account"].value() == "main"


@pytest.mark.parametrize(
    ("field", "routes"),
    [
        ("account", {"channel": "telegram", "account": "main"}),
        ("account", {"channel": "email", "account": "sms"}),
        ("second_account", {"second_channel": "phone", "second_account": "bot"}),
        (
            "third_account",
            {
                "second_channel": "phone",
                "second_account": "sms",
                "third_channel": "telegram",
                "third_account": "main",
            },
        ),
    ],
)
def test_an_account_that_cannot_serve_the_channel_is_refused_on_saving(
    cast: Cast, accounts: Accounts, message: Message, field: str, routes: dict[str, str]
) -> None:
    data = {
        "name": "Unfit",
        "message": message.pk,
        "everyone": "on",
        "channel": "email",
        "account": "main",
        "starts_at_0": "01.03.2029",
        "starts_at_1": "10:00",
        "ends_at_0": "02.03.2029",
        "ends_at_1": "10:00",
        "priority": 100,
        **routes,
    }
    answer = cast.client("owner").post(reverse("mailings:create"), data)
    assert field in answer.context["form"].errors
    assert not Mailing.objects.filter(name="Unfit").exists()


def test_from_the_review_it_goes_back_to_the_review(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    mailing = MailingFactory.create(owner=cast.owner, message=message)
    review = reverse("mailings:review", args=[mailing.pk])
    found = send(cast, message, review=str(mailing.pk))
    assert [url for url, _status in found.redirect_chain] == [review]
    assert "a@example.org" in found.content.decode()
    other = send(cast, message, review=str(MailingFactory.create().pk))
    assert other.redirect_chain[0][0] == reverse("messages:detail", args=[message.pk])
