"""``manage.py automation``: each act is a service's, with exit codes for scripts."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.automations.models import Automation, Enrolment
from apps.mailings.models import RecipientTag
from apps.users.models import User
from tests.automations.stage import definition, leaving, staged, waiting
from tests.factories import RecipientFactory, TagFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def run(*args: object) -> tuple[int, str]:
    """Exit code, and what was written."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("automation", *map(str, args), stdout=out, stderr=err)
    except SystemExit as left:
        assert isinstance(left.code, int)
        return left.code, err.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def owner(db: None) -> User:
    return UserFactory.create(email="anna@example.org")


def written(directory: Path, draft: Any) -> Path:
    path = directory / "automation.json"
    path.write_text(json.dumps(draft), encoding="utf-8")
    return path


def test_from_a_file_to_people_who_have_come_in(tmp_path: Path, owner: User) -> None:
    path = written(tmp_path, definition(waiting(seconds=1)))
    code, text = run("create", path, "--owner", owner.email, "--name", "Welcome")
    found = Automation.objects.get()
    assert (code, text) == (0, f"Draft created (id:{found.pk}).\n")
    assert run("activate", found.pk) == (0, "Active: version 1.\n")
    one, two, _three = RecipientFactory.create_batch(3, owner=owner)
    tag = TagFactory.create(owner=owner, name="new")
    RecipientTag.objects.create(recipient=two, tag=tag)
    assert run("enrol", found.pk, "--recipient", one.pk) == (0, "1 recipient came in.\n")
    assert run("enrol", found.pk, "--tag", "new") == (0, "1 recipient came in.\n")
    assert run("enrol", found.pk, "--everyone") == (0, "1 recipient came in.\n")
    code, text = run("show", found.pk)
    assert "v1: entered 3 = waiting 3 + moving 0" in text
    assert "wait (wait): came 3, here 3, gone 0" in text
    facts = json.loads(run("show", found.pk, "--json")[1])
    assert facts["versions"][0]["waiting"] == 3
    assert facts["steps"][0]["here"] == 3


def test_the_states_of_an_automation(tmp_path: Path, owner: User) -> None:
    stage = staged(waiting(seconds=1), owner=owner)
    pk = stage.automation.pk
    stage.enrolled(2)
    assert run("pause", pk)[0] == 0
    code, text = run("pause", pk)
    assert (code, "[automation_wrong_state]" in text) == (2, True)
    assert run("resume", pk)[0] == 0
    assert run("update", pk, written(tmp_path, definition(leaving()))) == (0, "Draft saved.\n")
    assert "Active" in run("list")[1]
    assert run("list", "--owner", owner.email)[1].startswith(f"{pk}  Active  Welcome")
    assert run("stop", pk, "--leave")[0] == 0
    assert Enrolment.objects.filter(state="left", reason="stopped").count() == 2


def test_those_who_failed_are_tried_again_or_pass(owner: User) -> None:
    stage = staged(waiting(field="visit"), waiting("rest", seconds=60), owner=owner)
    one, two = stage.enrolled(2)
    stage.turn()
    assert run("retry-failed", stage.automation.pk) == (0, "2 recipients go on.\n")
    stage.turn(seconds=5)
    assert stage.at(one) == stage.at(two) == "failed no_date"
    assert run("skip-failed", stage.automation.pk) == (0, "2 recipients go on.\n")
    assert run("skip-failed", stage.automation.pk)[0] == 2


def test_what_cannot_be_done_is_said(tmp_path: Path, owner: User) -> None:
    assert run("show", 0) == (2, "There is no automation (id:0). [automation_unknown]\n")
    path = written(tmp_path, [])
    with pytest.raises(CommandError, match="no definition"):
        run("create", path, "--owner", owner.email, "--name", "Welcome")
    with pytest.raises(CommandError):
        run("create", tmp_path / "none", "--owner", owner.email, "--name", "Welcome")
    path = written(tmp_path, {})
    assert run("create", path, "--owner", owner.email, "--name", " ")[0] == 2
    assert run("create", path, "--owner", owner.email, "--name", "Empty")[0] == 0
    found = Automation.objects.get()
    code, text = run("activate", found.pk)
    assert (code, "[automation_unfit]" in text) == (2, True)
    assert run("show", found.pk)[0] == 0


def test_a_draft_is_checked_with_everything_that_prevents_its_activation(
    tmp_path: Path, owner: User
) -> None:
    loop = [waiting("a", seconds=3600, next="a"), leaving()]
    run("create", written(tmp_path, definition(*loop)), "--owner", owner.email, "--name", "Loop")
    found = Automation.objects.get()
    code, text = run("check", found.pk)
    assert code == 2
    assert "Problem: a: No way leads from here to an end." in text
    assert "Warning: exit: Nobody comes to this step." in text
    assert text.rstrip().endswith("[automation_unfit]")
    code, text = run("activate", found.pk)
    assert (code, "[automation_unfit]" in text) == (2, True)
    run("update", found.pk, written(tmp_path, definition(leaving())))
    assert run("check", found.pk) == (0, "Passed: It can be activated.\n")
    run("activate", found.pk)
    code, text = run("check", found.pk)
    assert "Messages a day, if as many come as in the last 30 days: 0." in text


def test_those_inside_go_over_to_the_next_version(tmp_path: Path, owner: User) -> None:
    stage = staged(waiting(seconds=60), owner=owner)
    stage.enrolled()
    assert run("activate", stage.automation.pk, "--move") == (0, "Active: version 2.\n")
    stage.turn()
    assert stage.version.waiting == 1
    with pytest.raises(CommandError):
        run("activate", stage.automation.pk, "--move", "--leave")
