"""The demo data, and the command that loads it."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.mailings.models import Mailing, Message, Recipient, Run, Segment, SignupForm, Tag
from apps.mailings.segments import ground_of, members
from apps.mailings.services.demo.load import (
    MANAGER,
    RECIPIENTS,
    USER,
    DemoRefused,
    load_demo,
)
from apps.mailings.services.demo.people import people
from apps.mailings.services.reach import audience_of
from apps.users.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_it_loads_a_thousand_readers_in_many_time_zones_and_sends_nothing() -> None:
    load_demo(now=timezone.now())
    assert Recipient.objects.count() == RECIPIENTS == 1020
    assert Recipient.objects.values("time_zone").distinct().count() >= 10
    domains = {
        (email or "").partition("@")[2]
        for email in Recipient.objects.exclude(email=None).values_list("email", flat=True)
    }
    assert domains == {"example.org", "example.com", "example.net"}
    assert Message.objects.count() == 3
    assert Run.objects.count() == 0


def test_its_first_mailing_is_due_and_addresses_everybody() -> None:
    now = timezone.now()
    demo = load_demo(now=now)
    assert demo.due_mailing_id is not None
    due = Mailing.objects.get(pk=demo.due_mailing_id)
    assert due.starts_at <= now < due.ends_at
    (tag,) = due.filter_tags.all()
    assert tag.recipients.count() == 1000
    assert Mailing.objects.filter(starts_at__gt=now).count() == 2


def test_its_mailing_to_two_lists_leaves_out_people_for_six_reasons() -> None:
    load_demo(now=timezone.now())
    mailing = Mailing.objects.get(basis="subscription")
    reach = audience_of(mailing).reach([mailing.channel])
    assert set(reach.left_out) == {
        *("unsubscribed", "unconfirmed", "paused", "excluded", "suppressed", "no_address")
    }
    assert (reach.matching, reach.reached) == (120, 97), "as README says"
    assert mailing.starts_at <= timezone.now()


def test_its_form_and_its_segment_are_ready() -> None:
    load_demo(now=timezone.now())
    form, segment = SignupForm.objects.get(), Segment.objects.get()
    assert form.state == "live" and form.lists.count() == 2
    assert form.versions.get().shown["languages"]["ru"]["consents"]
    assert members(segment.tree, ground_of(segment.owner, timezone.now())).count() > 100


def test_its_people_can_sign_in_with_the_passwords_it_made() -> None:
    demo = load_demo(now=timezone.now())
    assert set(demo.passwords) == {USER, MANAGER}
    for email, password in demo.passwords.items():
        assert User.objects.get(email=email).check_password(password)
        assert EmailAddress.objects.get(email=email).verified
    assert User.objects.get(email=MANAGER).groups.get().name == "Managers"


def test_twice_is_as_good_as_once() -> None:
    first = load_demo(now=timezone.now())
    second = load_demo(now=timezone.now())
    assert second.due_mailing_id == first.due_mailing_id
    assert second.passwords == {}
    counts = (User.objects.count(), Recipient.objects.count(), Tag.objects.count())
    assert counts == (2, RECIPIENTS, 4)


def test_it_leaves_a_database_in_use_alone() -> None:
    UserFactory()
    with pytest.raises(DemoRefused):
        load_demo(now=timezone.now())
    assert Recipient.objects.count() == 0


def test_the_people_are_always_the_same_and_each_has_an_address() -> None:
    crowd = people(300)
    assert crowd == people(300)
    assert len({person.email for person in crowd}) == 300
    json.dumps([person.email for person in crowd]).encode("ascii")


def test_the_command_shows_the_passwords_once() -> None:
    first, second = StringIO(), StringIO()
    call_command("demo", stdout=first)
    call_command("demo", "--if-empty", stdout=second)
    for line in first.getvalue().splitlines()[-2:]:
        email, password = line.split()
        assert User.objects.get(email=email).check_password(password)
    assert second.getvalue().startswith("Demo data already loaded.")


def test_the_command_shows_what_became_of_its_mailing() -> None:
    load_demo(now=timezone.now())
    mailing = Mailing.objects.get(name="Полка: новый выпуск")
    Run.objects.create(
        mailing=mailing,
        number=1,
        state=Run.State.DONE,
        trigger="command",
        channel=mailing.channel,
        account=mailing.account,
        audience=1000,
        sent=1000,
    )
    out = StringIO()
    call_command("demo", stdout=out)
    last = out.getvalue().splitlines()[-1]
    assert f"(id:{mailing.pk}) #1: " in last
    assert "1000" in last


def test_the_command_gets_over_a_demo_whose_mailing_was_deleted() -> None:
    load_demo(now=timezone.now())
    Mailing.objects.all().delete()
    out = StringIO()
    call_command("demo", stdout=out)
    assert len(out.getvalue().splitlines()) == 1


def test_the_command_refuses_a_database_in_use_unless_asked_to_pass_over_it() -> None:
    UserFactory()
    with pytest.raises(CommandError, match="demo_refused") as caught:
        call_command("demo")
    assert caught.value.returncode == 2
    out = StringIO()
    call_command("demo", "--if-empty", stdout=out)
    assert out.getvalue() == ""
