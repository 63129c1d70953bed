"""A mailing's right fits what it is addressed to."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from apps.mailings.models import Mailing
from apps.mailings.services.permission.basis import BasisMissing, check_basis
from tests.factories import MailingFactory, MailingListFactory

pytestmark = pytest.mark.django_db


def test_a_mailing_to_lists_writes_by_subscription() -> None:
    mailing: Mailing = MailingFactory.create(basis="stated")
    with pytest.raises(BasisMissing):
        check_basis(mailing, lists=[1])
    mailing.lists.add(MailingListFactory.create(owner=mailing.owner))
    with pytest.raises(BasisMissing):
        check_basis(mailing)
    mailing.basis = Mailing.Basis.SUBSCRIPTION
    check_basis(mailing)


def test_by_subscription_it_has_to_name_lists() -> None:
    with pytest.raises(BasisMissing):
        check_basis(MailingFactory.create(basis="subscription"))


def test_an_installation_may_demand_a_consent(settings: LazySettings) -> None:
    mailing = MailingFactory.create(basis="stated")
    check_basis(mailing)
    settings.CONSENT_REQUIRED = True
    with pytest.raises(BasisMissing):
        check_basis(mailing)
    check_basis(MailingFactory.create(basis="stated", purpose="service"))
