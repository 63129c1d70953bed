"""People at the public pages while a run goes: each act over the real views, noted in a file.

A line before an act says what begins, a line after it whether the person may be written to from now
on, as the act must have made it. Of an act that was cut short there is no second line; who
takes its place first notes how the person stands.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from tests.faults.rights.seed import BOTH, NEWS

#: Seconds between two acts in one process: the run is to be watched, not held up.
PAUSE: Final = 0.05
#: Who comes to the pages; all others stay as they are.
ACTIVE: Final = ("free", "unconfirmed", "unsubscribed")
_UNDO: Final = re.compile(r'name="undo" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether the run's letter may go to a person."""

    lists: frozenset[int]
    suppressed: bool
    paused: bool

    @property
    def may_get(self) -> bool:
        return bool(self.lists) and not self.suppressed and not self.paused


class Person:
    """One of the people, and what they have done so far."""

    def __init__(self, row: Any, letters: dict[str, int]) -> None:
        self.row = row
        self.letters = letters  # name of the mailing -> delivery
        self.standing = standing_of(row)
        self.before: Standing | None = None  # while the last act can be undone
        self.undo = ""


def standing_of(row: Any) -> Standing:
    """How the person stands by the database."""
    from django.utils import timezone

    from apps.mailings.models import Recipient, Subscription, Suppression

    on = Subscription.objects.filter(recipient=row, status="subscribed")
    stopped = Suppression.objects.filter(owner_id=row.owner_id, address=row.email)
    until = Recipient.objects.values_list("paused_until", flat=True).get(pk=row.pk)
    paused = until is not None and until > timezone.now()
    return Standing(frozenset(on.values_list("list_id", flat=True)), stopped.exists(), paused)


class Visits:
    """Acts at random, one after the other, until it is asked to end."""

    def __init__(self, share: int, of: int, seed: int, file: str) -> None:
        """This process has every ``of``-th person."""
        from django.test import Client

        from apps.mailings.models import MailingList, SignupForm

        self.dice = random.Random(seed)
        self.client = Client(headers={"user-agent": "Fault/1"})
        self.slug = SignupForm.objects.get().slug
        self.lists = list(MailingList.objects.order_by("pk").values_list("pk", flat=True))
        self.people = _people(share, of)
        self.share, self.new = share, 0
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._over = False
        signal.signal(signal.SIGTERM, self._end)

    def _end(self, *_: object) -> None:
        self._over = True

    def work(self) -> None:
        for one in self.people:
            self._note(one.row.pk, "seen", may_get=one.standing.may_get)
        acts = (self.one_click, self.save, self.everything, self.take_back, self.sign_up)
        while not self._over:
            act = self.dice.choices(acts, (4, 4, 1, 2, 2))[0]
            act(self.dice.choice(self.people))
            time.sleep(PAUSE)

    # --- the acts ---

    def one_click(self, one: Person) -> None:
        """RFC 8058, by a letter to both lists, by one to the first alone, or by the run's own."""
        name = self.dice.choice([*one.letters])
        ended = {self.lists[0]} if name == NEWS else {*self.lists}
        fields = {"List-Unsubscribe": "One-Click"}
        self._act(one, "one_click", one.letters[name], fields, lists=one.standing.lists - ended)

    def save(self, one: Person) -> None:
        """The page: lists on and off, a pause, how often."""
        chosen = frozenset(pk for pk in self.lists if self.dice.random() < 0.5)
        weeks = self.dice.choice(("", "", "", "", "0", "1", "12"))
        comes = bool(chosen - one.standing.lists)
        paused = one.standing.paused if not weeks else weeks != "0"
        self._act(
            one,
            "save",
            one.letters[BOTH],
            {
                "act": "save",
                "list": [str(pk) for pk in sorted(chosen)],
                "pause": weeks,
                "every_days": self.dice.choice(("", "7", "30")),
            },
            lists=chosen,
            paused=paused,
            suppressed=one.standing.suppressed and not comes,
        )
        one.before = None  # what is left by the page is not undone by a button

    def everything(self, one: Person) -> None:
        """Leave all lists, and let no address be written to."""
        fields = {"act": "all"}
        self._act(one, "all", one.letters[BOTH], fields, lists=frozenset(), suppressed=True)

    def take_back(self, one: Person) -> None:
        """Undo what has just been left, if that was the last word."""
        before, token = one.before, one.undo
        if before is None or not token:
            return
        fields = {"act": "undo", "undo": token}
        self._act(one, "undo", one.letters[BOTH], fields, **asdict(before))
        one.before = None

    def sign_up(self, one: Person) -> None:
        """The form, for somebody known or new; the link of the letter, at once or never."""
        from apps.feedback.models import Signup
        from apps.mailings.links import CONFIRM, sealed

        self.new += 1
        address = self.dice.choice((one.row.email, f"new{self.share}.{self.new}@example.org"))
        chosen = frozenset(self.dice.sample(self.lists, self.dice.randint(1, 2)))
        fields = {"email": address, "lists": [str(pk) for pk in sorted(chosen)]}
        self._post(f"/f/{self.slug}/", fields)
        signup = Signup.objects.filter(address=address, state="waiting").first()
        if signup is None or self.dice.random() < 0.3:
            return
        path = f"/c/{sealed(CONFIRM, signup.pk)}/"
        if address != one.row.email:
            self._post(path, {})
            return
        lists = one.standing.lists | {*signup.lists}
        self._begin(one, "confirm")
        self._post(path, {})
        self._finish(one, "confirm", replace(one.standing, lists=lists, suppressed=False))
        one.before = None

    # --- how they are done ---

    def _act(
        self, one: Person, name: str, letter: int, fields: dict[str, Any], **after: Any
    ) -> None:
        """Post to the page of this letter."""
        from apps.mailings.links import unsubscribe_token

        standing = one.standing
        self._begin(one, name)
        page = self._post(f"/u/{unsubscribe_token(letter)}/", fields)
        found = _UNDO.search(page)
        one.before, one.undo = (standing, found[1]) if found else (None, "")
        self._finish(one, name, replace(standing, **after))

    def _post(self, path: str, fields: dict[str, Any]) -> str:
        ip = ".".join(str(self.dice.randint(1, 250)) for _ in range(4))
        answer = self.client.post(path, fields, REMOTE_ADDR=ip)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.content.decode()

    def _begin(self, one: Person, name: str) -> None:
        self._write({"who": one.row.pk, "act": name, "begins": time.time()})

    def _finish(self, one: Person, name: str, standing: Standing) -> None:
        one.standing = standing
        self._note(one.row.pk, name, may_get=standing.may_get)

    def _note(self, who: int, name: str, *, may_get: bool) -> None:
        self._write({"who": who, "act": name, "ends": time.time(), "may_get": may_get})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


def _people(share: int, of: int) -> list[Person]:
    from apps.mailings.models import Delivery, Recipient

    rows = Recipient.objects.filter(full_name__in=ACTIVE).order_by("pk")
    mine = [row for row in rows if row.pk % of == share]
    names = ("recipient_id", "run__mailing__name", "pk")
    letters: dict[int, dict[str, int]] = {row.pk: {} for row in mine}
    sent = Delivery.objects.filter(run__mailing__name__in=(BOTH, NEWS), recipient__in=mine)
    for who, mailing, pk in sent.values_list(*names):
        letters[who][mailing] = pk
    return [Person(row, letters[row.pk]) for row in mine]


def visit(share: str, of: str, seed: str, file: str) -> None:
    """The child's whole life."""
    Visits(int(share), int(of), int(seed), file).work()
