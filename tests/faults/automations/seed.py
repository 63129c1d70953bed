"""Fill an installation: ``python -m tests.faults.automations.seed COUNT``. Prints an id.

An active automation with every kind of step, a second one that its people are enrolled in, and
COUNT recipients, of whom every twentieth is suppressed. Runs under the installation's own settings.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import django

from tests.faults.browser import OWNER, PASSWORD

#: Every so many-th recipient is suppressed from the beginning.
SUPPRESSED: Final = 20
ATTRIBUTE: Final = "stage"
CALLED: Final = "seen"
#: Steps that everybody passes who is not suppressed.
PASSED: Final = (
    *("tag", "first", "rest", "look", "ways", "field", "list", "ask", "call", "note", "also"),
    "end",
)


def main() -> None:
    django.setup()
    from apps.users.models import User

    owner = User.objects.create_user(OWNER, PASSWORD)
    _people(owner, int(sys.argv[1]))
    _webhook(owner)
    print(_automations(owner))


def _people(owner: Any, count: int) -> None:
    from apps.mailings.models import Recipient, Suppression

    Recipient.objects.bulk_create(
        (
            Recipient(owner=owner, email=f"r{number}@example.org", full_name=f"Анна {number}")
            for number in range(count)
        ),
        batch_size=2000,
    )
    Suppression.objects.bulk_create(
        Suppression(
            owner=owner,
            channel="email",
            address=f"r{number}@example.org",
            reason=Suppression.Reason.BLOCKED,
        )
        for number in range(0, count, SUPPRESSED)
    )


def _automations(owner: Any) -> int:
    """The second one is there before the first one names it. The id of the first."""
    from django.utils import timezone

    from apps.automations.models import Automation
    from apps.automations.services import automations
    from apps.mailings.models import MailingList, Tag

    now = timezone.now()
    draft: dict[str, Any] = {"trigger": _MANUAL, "steps": [{"key": "end", "kind": "exit"}]}
    second = Automation.objects.create(owner=owner, name="Second", draft=draft)
    automations.activate(automation=second, now=now)
    named = {
        "tag": Tag.objects.create(owner=owner, name="seen").pk,
        "never": Tag.objects.create(owner=owner, name="never").pk,
        "list": MailingList.objects.create(owner=owner, title="List", slug="list").pk,
        "second": second.pk,
        "letters": [_message(owner, number) for number in (1, 2, 3)],
    }
    first = Automation.objects.create(owner=owner, name="Every step", draft=definition(named))
    automations.activate(automation=first, now=now)
    return first.pk


_MANUAL: Final = {"kind": "manual"}


def definition(named: dict[str, Any]) -> dict[str, Any]:
    """Every kind of step, and every way of waiting that ends within seconds."""
    tree = {"version": 1, "root": {"field": "tag", "op": "any_of", "value": [named["tag"]]}}
    one, two, three = named["letters"]
    send = {"kind": "send", "account": "sink"}
    act = {"kind": "act"}
    return {
        "trigger": _MANUAL,
        "exits": {"unsubscribed": True, "suppressed": True},
        "steps": [
            {**act, "key": "tag", "act": "add_tag", "tag": named["tag"]},
            {**send, "key": "first", "message": one, "wait_until_sent": True},
            {"kind": "wait", "key": "rest", "seconds": 1},
            {"kind": "condition", "key": "look", "tree": tree, "otherwise": ""},
            {
                "kind": "split",
                "key": "ways",
                "shares": [{"share": 50, "next": "second"}, {"share": 50, "next": "third"}],
            },
            {**send, "key": "second", "message": two, "next": "field"},
            {**send, "key": "third", "message": three},
            {**act, "key": "field", "act": "set_attribute", "name": ATTRIBUTE, "value": "done"},
            {**act, "key": "list", "act": "subscribe", "list": named["list"], "statement": "Said"},
            {"kind": "wait", "key": "ask", "until": {"tag": named["never"]}, "seconds": 1},
            {**act, "key": "call", "act": "webhook", "name": CALLED},
            {**act, "key": "note", "act": "notify", "value": "Look"},
            {**act, "key": "also", "act": "enrol", "automation": named["second"]},
            {"kind": "exit", "key": "end", "reason": "done"},
        ],
    }


def _message(owner: Any, number: int) -> int:
    from apps.mailings.models import Message

    text = f"Письмо {number} для {{{{ full_name }}}}. {{{{ unsubscribe_url }}}}"
    return Message.objects.create(owner=owner, subject=f"Letter {number}", text=text).pk


def _webhook(owner: Any) -> None:
    """It listens and is paused: what it would be sent is kept."""
    from django.utils import timezone

    from apps.api.webhooks.models import Webhook

    Webhook.objects.create(
        owner=owner,
        url="https://example.org/hook",
        automations=True,
        attempt_cursor=0,
        runs_reported_until=timezone.now(),
        paused_at=timezone.now(),
    )


if __name__ == "__main__":
    main()
