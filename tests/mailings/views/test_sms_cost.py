"""How many parts a text takes and what it costs is shown before it is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.contracts import AccountInfo
from apps.mailings.models import Mailing, Message
from apps.mailings.services.letters.sms_cost import costs_of_message, costs_of_text
from tests.factories import MailingFactory, MessageFactory, RecipientFactory
from tests.markup import dense
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = pytest.mark.django_db


class Accounts(RecordingDispatcher):
    """Two providers of texts, one of which transliterates; files are no texts."""

    phones = True

    def account_infos(self) -> list[AccountInfo]:
        texts = [
            AccountInfo("plain", frozenset({"phone"}), price="2.5 RUB"),
            AccountInfo("latin", frozenset({"phone"}), transliterate=True),
            AccountInfo("other", frozenset({"phone"}), users=frozenset({"somebody@else.org"})),
        ]
        files = AccountInfo("email", frozenset({"email", "phone"}), to_files=True)
        return [files, *(texts if self.phones else [])]


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    fake = Accounts()
    with dispatching(fake):
        yield fake


@pytest.fixture
def message(cast: Cast) -> Message:
    return MessageFactory.create(owner=cast.owner, text="я" * 100, html="")


def test_each_account_that_writes_to_phones_is_counted(cast: Cast, accounts: Accounts) -> None:
    latin, plain = costs_of_text("Щука " * 20, cast.owner)
    assert (latin.account, latin.parts.count, latin.size) == ("latin", 1, "1 part (Latin letters)")
    assert (plain.account, plain.parts.count, plain.size) == ("plain", 2, "2 parts (Unicode)")
    assert (latin.one, plain.one) == ("", "5.00 RUB")


def test_a_link_is_counted_as_long_as_it_will_be(cast: Cast, accounts: Accounts) -> None:
    """``https://example.com/`` is shorter than any real one."""
    _latin, plain = costs_of_text("a" * 130 + " https://example.com/", cast.owner)
    assert plain.parts.count == 2


def test_the_preview_of_a_message_says_it(cast: Cast, accounts: Accounts, message: Message) -> None:
    page = dense(cast.client("owner").get(f"/messages/{message.pk}/frame/").content.decode())
    assert "As a text message (SMS)" in page
    assert "<b>plain</b>: 2 parts (Unicode) · 5.00 RUB" in page
    assert "<b>other</b>" not in page and "<b>email</b>" not in page


def test_the_preview_of_what_is_typed_says_it(cast: Cast, accounts: Accounts) -> None:
    typed = {"subject": "Sale", "text": "Sale — 50%", "html": "", "preheader": ""}
    answer = cast.client("owner").post(reverse("messages:preview"), typed)
    page = dense(answer.content.decode())
    assert "<b>plain</b>: 1 part (Unicode) · 2.50 RUB" in page
    assert "because of —" in page


def test_without_an_account_for_texts_nothing_is_said(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    accounts.phones = False
    page = cast.client("owner").get(f"/messages/{message.pk}/frame/").content.decode()
    assert "(SMS)" not in page


def test_the_review_says_what_all_of_them_cost(
    cast: Cast, accounts: Accounts, message: Message
) -> None:
    for number in range(3):
        RecipientFactory.create(owner=cast.owner, email=None, phone=f"7916000000{number}")
    mailing: Mailing = MailingFactory.create(
        owner=cast.owner,
        message=message,
        everyone=True,
        scheduled_at=None,
        channel="phone",
        account="plain",
    )
    answer = cast.client("owner").get(reverse("mailings:review", args=[mailing.pk]))
    page = dense(answer.content.decode())
    assert "SMS by plain: 2 parts (Unicode) each" in page
    assert "about 6 parts in all" in page and "≈ 15.00 RUB" in page


def test_a_text_that_cannot_be_filled_in_is_not_counted(cast: Cast, accounts: Accounts) -> None:
    broken = MessageFactory.create(owner=cast.owner, text="{{ full_name", html="")
    parts = [(("phone", "plain"), 3)]
    assert costs_of_message(broken, parts, timezone.now()) == []


@pytest.mark.parametrize(
    "parts",
    [[], [(("phone", "plain"), 0)], [(("email", "email"), 5)], [(("phone", "email"), 5)]],
)
def test_what_goes_to_no_phone_costs_nothing(
    cast: Cast,
    accounts: Accounts,
    message: Message,
    parts: list[tuple[tuple[str, str], int]],
) -> None:
    assert costs_of_message(message, parts, timezone.now()) == []
