"""``manage.py lists``: figures, and a list made of a tag."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from apps.mailings.models import MailingList
from tests.factories import RecipientFactory, TagFactory

pytestmark = pytest.mark.django_db


def test_a_tag_becomes_a_list_whose_figures_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    tag = TagFactory.create(name="clients")
    RecipientFactory.create(owner=tag.owner).tags.add(tag)
    owner = f"--owner={tag.owner.email}"
    for count in (1, 0):  # the second time it is the same list
        call_command("lists", "from-tag", "clients", owner, "--statement=Bought from us")
        assert f"clients\t{count} subscribed" in capsys.readouterr().out
    assert MailingList.objects.get().title == "clients"
    call_command("lists", "list", owner)
    assert "clients\t1 subscribed\t0 unconfirmed" in capsys.readouterr().out


def test_a_tag_that_is_not_there_and_no_statement_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tag = TagFactory.create(name="clients")
    owner = f"--owner={tag.owner.email}"
    for given in (("other", "--statement=Yes"), ("clients", "--statement= ")):
        with pytest.raises(SystemExit) as left:
            call_command("lists", "from-tag", *given, owner)
        assert left.value.code == 2
    error = capsys.readouterr().err
    assert "[list_refused]" in error and "[statement_missing]" in error
