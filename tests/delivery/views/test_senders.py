"""Who emails are from: an address is confirmed before it is used, and stands in the headers."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.delivery.channels.email.dkim import DkimKey, new_key
from apps.delivery.models import SystemMessage
from apps.delivery.service import DispatchService
from apps.delivery.views.senders import SenderAct, SenderDetail
from apps.mailings import links
from apps.mailings.models import Mailing, Run, Sender
from apps.mailings.sender_rules import SenderUnconfirmed, SenderUnfit
from apps.mailings.services.senders import confirm, proof_of_domain
from apps.users.models import User
from config.account_settings import AccountSettings
from tests.delivery.channels.email.test_dkim import by_dkimpy
from tests.delivery.doctor.zone import RecordedDns
from tests.delivery.engine.workers import send
from tests.factories import ManagerFactory, UserFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _accounts(settings: LazySettings) -> None:
    fields = {"kind": "outbox", "from_email": "robot@mail.example.org", "from_name": "Robot"}
    settings.ACCOUNTS = {"email": AccountSettings.model_validate(fields)}


def sender(owner: User, *, confirmed: bool = True, **fields: Any) -> Sender:
    values = {"name": "Магазин", "address": "news@shop.ru", **fields}
    made = Sender.objects.create(owner=owner, **values)
    if confirmed:
        confirm(made.pk, by="superuser", now=timezone.now())
    made.refresh_from_db()
    return made


def from_(mailing: Mailing, one: Sender) -> Mailing:
    mailing.sender = one
    mailing.save()
    return mailing


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def letters(settings: LazySettings) -> list[EmailMessage]:
    files = sorted(Path(settings.OUTBOX_DIR).glob("*.eml"))
    parse = policy.default
    return [message_from_bytes(file.read_bytes(), policy=parse) for file in files]


class TestHeaders:
    def test_an_email_is_from_its_sender_and_sent_by_the_account(
        self, settings: LazySettings
    ) -> None:
        mailing = mailing_to(1)
        one = sender(mailing.owner, reply_to="help@shop.ru")
        run = send(from_(mailing, one))
        (letter,) = letters(settings)
        assert letter["From"] == "Магазин <news@shop.ru>"
        assert letter["Reply-To"] == "help@shop.ru"
        assert letter["Sender"] == "robot@mail.example.org"
        assert run.content["sender"]["address"] == "news@shop.ru"

    def test_within_one_domain_no_other_mailbox_is_named(self, settings: LazySettings) -> None:
        mailing = mailing_to(1)
        send(from_(mailing, sender(mailing.owner, name="", address="anna@mail.example.org")))
        (letter,) = letters(settings)
        assert letter["From"] == "anna@mail.example.org"
        assert "Sender" not in letter and "Reply-To" not in letter

    def test_without_a_sender_the_accounts_own_address_stands(self, settings: LazySettings) -> None:
        send(mailing_to(1))
        (letter,) = letters(settings)
        assert letter["From"] == "Robot <robot@mail.example.org>"
        assert "Sender" not in letter

    def test_two_senders_in_the_history_of_one_mailing(self, settings: LazySettings) -> None:
        mailing = mailing_to(1)
        send(from_(mailing, sender(mailing.owner)))
        DispatchService().reset(mailing_id=mailing.pk)
        mailing.refresh_from_db()
        send(from_(mailing, sender(mailing.owner, address="sales@shop.ru")))
        runs = Run.objects.filter(mailing=mailing).order_by("number")
        addresses = [run.content["sender"]["address"] for run in runs]
        assert addresses == ["news@shop.ru", "sales@shop.ru"]
        client = browser(mailing.owner)
        page = client.get(reverse("mailings:detail", args=[mailing.pk])).content.decode()
        assert "news@shop.ru" in page and "sales@shop.ru" in page
        for number, address in ((1, "news@shop.ru"), (2, "sales@shop.ru")):
            url = reverse("mailings:run", args=[mailing.pk, number])
            assert address in client.get(url).content.decode()

    def test_the_key_of_the_senders_domain_signs(self, settings: LazySettings) -> None:
        key = DkimKey("shop.ru", "s", new_key("ed25519")[0])
        settings.DKIM_KEYS = {"shop": key}
        mailing = mailing_to(1)
        send(from_(mailing, sender(mailing.owner)))
        (file,) = Path(settings.OUTBOX_DIR).glob("*.eml")
        assert by_dkimpy(file.read_bytes(), key)


class TestLaunch:
    def test_an_unconfirmed_sender_is_refused_with_the_reason(self) -> None:
        mailing = mailing_to(1)
        from_(mailing, sender(mailing.owner, confirmed=False))
        with pytest.raises(SenderUnconfirmed, match="not confirmed yet"):
            DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
        assert not Run.objects.exists()

    @pytest.mark.parametrize(
        "fields", [{"accounts": ["other"]}, {"archived_at": timezone.now()}, {"foreign": True}]
    )
    def test_one_that_may_not_be_used_here_is_refused(self, fields: dict[str, Any]) -> None:
        mailing = mailing_to(1)
        owner = UserFactory.create() if fields.pop("foreign", False) else mailing.owner
        one = sender(owner)
        Sender.objects.filter(pk=one.pk).update(**fields) if fields else None
        from_(mailing, one)
        with pytest.raises(SenderUnfit):
            DispatchService().launch(mailing_id=mailing.pk, trigger="manual")

    def test_a_shared_one_is_everybodys(self) -> None:
        mailing = mailing_to(1)
        assert send(from_(mailing, sender(ManagerFactory.create(), shared=True))).sent == 1


class TestConfirming:
    def test_a_link_is_sent_to_the_address_and_only_its_button_confirms(
        self, settings: LazySettings
    ) -> None:
        owner = UserFactory.create()
        one = sender(owner, confirmed=False)
        answer = browser(owner).post(reverse("senders:act", args=[one.pk, "link"]), follow=True)
        assert "A link was sent to news@shop.ru" in answer.content.decode()
        (letter,) = letters(settings)
        url = links.sender_url(one.pk)
        assert letter["To"] == "news@shop.ru"
        assert url in letter.get_content()
        assert SystemMessage.objects.get().key.startswith(f"sender:{one.pk}:")
        visitor, path = Client(), url.partition("//")[2].partition("/")[2]
        assert owner.email in visitor.get(f"/{path}").content.decode()
        one.refresh_from_db()
        assert one.confirmed_at is None
        visitor.post(f"/{path}")
        one.refresh_from_db()
        assert one.confirmed_by == "link"

    def test_a_link_for_another_purpose_confirms_nothing(self) -> None:
        one = sender(UserFactory.create(), confirmed=False)
        for token in (links.sealed(links.UNSUBSCRIBE, one.pk), "x" * 32):
            assert Client().post(reverse("senders:confirm", args=[token])).status_code == 404

    def test_an_address_cannot_be_changed_behind_its_link(self) -> None:
        """Or the link to one's own address would confirm somebody else's."""
        owner = UserFactory.create()
        one = sender(owner, confirmed=False)
        form = {"name": "Boss", "address": "boss@bank.ru"}
        browser(owner).post(reverse("senders:edit", args=[one.pk]), form)
        one.refresh_from_db()
        assert (one.name, one.address) == ("Boss", "news@shop.ru")

    def test_a_record_of_the_domain_confirms_the_owners_addresses_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owner, other = UserFactory.create(), UserFactory.create()
        mine = [sender(owner, confirmed=False, address=f"{n}@shop.ru") for n in "ab"]
        theirs = sender(other, confirmed=False)
        check = reverse("senders:act", args=[mine[0].pk, "dns"])
        monkeypatch.setattr(SenderAct, "resolver", RecordedDns({}))
        assert "was not found" in browser(owner).post(check, follow=True).content.decode()
        zone = {"_vestnik.shop.ru": {"TXT": [proof_of_domain(owner.pk)]}}
        monkeypatch.setattr(SenderAct, "resolver", RecordedDns(zone))
        browser(owner).post(check)
        confirmed = set(Sender.objects.exclude(confirmed_at=None).values_list("pk", flat=True))
        assert confirmed == {one.pk for one in mine}
        assert theirs.pk not in confirmed

    def test_only_an_administrator_confirms_without_proof(self) -> None:
        owner = UserFactory.create()
        one = sender(owner, confirmed=False)
        url = reverse("senders:act", args=[one.pk, "confirm"])
        assert browser(owner).post(url).status_code == 403
        assert browser(ManagerFactory.create()).post(url).status_code == 403
        browser(UserFactory.create(is_superuser=True)).post(url)
        one.refresh_from_db()
        assert one.confirmed_by == "superuser"


class TestPages:
    def test_the_form_of_a_mailing_offers_one_and_refuses_an_unconfirmed_one(self) -> None:
        owner = UserFactory.create()
        good = sender(owner, is_default=True)
        bad = sender(owner, confirmed=False, address="new@shop.ru")
        page = browser(owner).get(reverse("mailings:create"))
        text = page.content.decode()
        assert "new@shop.ru&gt; (not confirmed)" in text
        assert f'<option value="{good.pk}" selected>' in text
        answer = browser(owner).post(reverse("mailings:create"), {"sender": bad.pk})
        assert "not confirmed yet" in answer.content.decode()

    def test_one_is_the_default_and_only_managers_share(self) -> None:
        owner = UserFactory.create()
        first = sender(owner, is_default=True)
        form = {"name": "B", "address": "b@shop.ru", "is_default": "on", "shared": "on"}
        assert browser(owner).post(reverse("senders:new"), form).status_code == 302
        second = Sender.objects.get(address="b@shop.ru")
        first.refresh_from_db()
        assert (first.is_default, second.is_default, second.shared) == (False, True, False)
        manager = ManagerFactory.create()
        browser(manager).post(reverse("senders:new"), {**form, "address": "c@shop.ru"})
        assert Sender.objects.get(address="c@shop.ru").shared

    def test_the_page_says_whether_emails_will_be_aligned(
        self, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fields = {"kind": "smtp", "host": "smtp.yandex.ru", "from_email": "a@other.ru"}
        settings.ACCOUNTS = {"news": AccountSettings.model_validate(fields)}
        owner = UserFactory.create()
        one = sender(owner)
        detail = reverse("senders:detail", args=[one.pk])
        monkeypatch.setattr(SenderDetail, "resolver", RecordedDns({}))
        assert "neither DKIM nor SPF" in browser(owner).get(detail).content.decode()
        zone = {"mail._domainkey.shop.ru": {"TXT": ["v=DKIM1; p=abc"]}}
        monkeypatch.setattr(SenderDetail, "resolver", RecordedDns(zone))
        assert "account news: aligned by DKIM" in browser(owner).get(detail).content.decode()
        monkeypatch.setattr(SenderDetail, "resolver", RecordedDns(None))
        assert "DNS does not answer" in browser(owner).get(detail).content.decode()
