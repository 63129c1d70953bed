"""Who was erased stays out, by whichever way the address comes in again."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.mailings.fields import Target
from apps.mailings.forms.recipients import RecipientForm
from apps.mailings.importing.bulk import Row
from apps.mailings.models import Mailing, Recipient
from apps.mailings.services.importing.imports import ImportOptions, upsert_recipients
from apps.mailings.services.recipients import RecipientService, restore_many
from apps.mailings.services.transactional import Address, TransactionalMessage, send_transactional
from apps.mailings.suppression.tombstones import AddressErased, erased_among
from tests.factories import MessageFactory, RecipientFactory
from tests.mailings.services.privacy.erna import ASCII, EMAIL, PHONE, erased, make_erna

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture
def erna() -> Recipient:
    return make_erna()


class TestKeptOut:
    """Whichever way the address comes in again, the answer is ``erased``."""

    def test_in_rows_of_a_program(self, erna: Recipient) -> None:
        erased(erna)
        rows = [Row({Target.EMAIL: EMAIL.upper()}), Row({Target.EMAIL: "new@example.org"})]
        found = upsert_recipients(
            rows=rows, owner=erna.owner, options=ImportOptions(), now=timezone.now()
        )
        assert found[0].reject is not None and found[0].reject.reason == "erased"
        assert found[1].is_new

    def test_by_their_phone_alone(self, erna: Recipient) -> None:
        erased(erna)
        row = Row({Target.EMAIL: "new@example.org", Target.PHONE: "+7 916 555-01-23"})
        (found,) = upsert_recipients(
            rows=[row], owner=erna.owner, options=ImportOptions(update=True), now=timezone.now()
        )
        assert found.reject is not None and found.reject.reason == "erased"

    def test_added_manually(self, erna: Recipient) -> None:
        erased(erna)
        form = RecipientForm({"email": ASCII}, owner=erna.owner)
        assert not form.is_valid() and form.non_field_errors().as_data()[0].code == "erased"
        with pytest.raises(AddressErased):
            RecipientService(erna.owner).save(Recipient(owner=erna.owner, phone=PHONE))
        assert not Recipient.objects.filter(phone=PHONE).exists()

    def test_as_the_address_of_one_message(self, erna: Recipient) -> None:
        erased(erna)
        message = MessageFactory.create(owner=erna.owner)
        single = TransactionalMessage(message, Address("email", EMAIL), "email", "email")
        with pytest.raises(AddressErased):
            send_transactional(message_request=single, trigger="api")
        assert not Mailing.objects.filter(message=message).exists()

    def test_not_with_another_owner(self, erna: Recipient) -> None:
        erased(erna)
        other = RecipientFactory.create(email=EMAIL)
        assert erased_among(other.owner_id, "email", [EMAIL]) == [False]

    def test_nor_do_they_come_out_of_the_archive(self, erna: Recipient) -> None:
        erased(erna)
        erna.refresh_from_db()
        with pytest.raises(AddressErased):
            RecipientService(erna.owner).restore(erna)
        everybody = Recipient.objects.filter(pk=erna.pk)
        assert restore_many(recipients=everybody, owner_id=erna.owner_id, now=timezone.now()) == 0

    def test_after_the_keys_were_changed(self, erna: Recipient, settings: LazySettings) -> None:
        settings.ERASURE_KEYS = []
        erased(erna)
        settings.ERASURE_KEYS = ["k" * 40]
        assert erased_among(erna.owner_id, "email", [EMAIL]) == [True]
        settings.ERASURE_KEYS = ["n" * 40, "k" * 40]
        assert erased_among(erna.owner_id, "email", [EMAIL]) == [True]
        settings.ERASURE_KEYS, settings.SECRET_KEY = [], "s" * 40
        assert erased_among(erna.owner_id, "email", [EMAIL]) == [False]
