"""By what right a run writes, and whose wishes it heeds: the part of its rule that a claim asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from apps.mailings.models import Consent, Mailing, Run


def _listed(acts: Iterable[Consent.Act]) -> str:
    return "(" + ", ".join(f"'{act.value}'" for act in acts) + ")"


#: The person's last word about everything of the owner's, and those that permit. What was said of
#: one kind of address alone is no such word: the suppression of that address says it.
_SAID: Final = f"""(SELECT w.act FROM mailings_consent w WHERE w.recipient_id = c.id
    AND w.list_id IS NULL AND w.channel = ''
    AND w.act IN {_listed(Consent.PERMITS + Consent.REVOKES)} ORDER BY w.id DESC LIMIT 1)"""
_YES: Final = _listed(Consent.PERMITS)
#: Known by an unconfirmed sign-up alone: whatever was said since, nobody knows by whom.
_UNKNOWN: Final = "c.unconfirmed_since IS NOT NULL"
_MARKETING: Final = Mailing.Purpose.MARKETING.value


@dataclass(frozen=True, slots=True)
class Rights:
    """``lists``: those of the rule, in its order; ``single``: a message to one, which waits for
    nobody's wishes but is not advertising either."""

    basis: str = Mailing.Basis.STATED.value
    lists: tuple[int, ...] = ()
    purpose: str = _MARKETING
    on_cap: str = Mailing.OnCap.WAIT.value
    single: bool = False

    @classmethod
    def of(cls, run: Run) -> Rights:
        """Those that were frozen with the run; a run from before there were rules has the usual."""
        rule = run.rule or {}
        return cls(
            basis=rule.get("basis", Mailing.Basis.STATED.value),
            lists=tuple(rule.get("lists", ())),
            purpose=rule.get("purpose", _MARKETING),
            on_cap=rule.get("on_cap", Mailing.OnCap.WAIT.value),
            single=run.urgent,
        )

    @property
    def heeds_wishes(self) -> bool:
        """Pauses and frequency rules hold for it."""
        return self.purpose == _MARKETING and not self.single

    @property
    def needs_consent(self) -> bool:
        """A person without a subscription or a consent gets nothing."""
        return self.heeds_wishes and self.basis != Mailing.Basis.STATED

    @property
    def needs_confirmation(self) -> bool:
        """A person who is known by an unconfirmed sign-up alone gets nothing: neither by the
        owner's statement, nor for the purpose of service. Only what is sent to one person is."""
        return self.purpose != Mailing.Purpose.CONFIRMATION and not self.single

    @property
    def kind(self) -> str:
        """Which of the few plain statements it uses, by name."""
        return "usual" if self.heeds_wishes else "single" if self.single else self.purpose

    @property
    def right_id(self) -> str:
        """The living subscription of the recipient ``c`` by which is written now, as SQL."""
        if not self.needs_consent:
            return "NULL"
        order = " ".join(f"WHEN {int(pk)} THEN {at}" for at, pk in enumerate(self.lists))
        first = f"CASE u.list_id {order} ELSE {len(self.lists)} END" if order else "u.list_id"
        return (
            f"(SELECT u.id FROM mailings_subscription u WHERE {self._mine}"
            f" AND u.status = 'subscribed' ORDER BY {first}, u.list_id LIMIT 1)"
        )

    @property
    def missing(self) -> str:
        """The first branches of a CASE: why the right is missing, as SQL."""
        if not self.needs_consent:
            return f"WHEN {_UNKNOWN} THEN 'unconfirmed'" if self.needs_confirmation else ""
        found = "EXISTS (SELECT 1 FROM mailings_subscription u WHERE {mine} AND u.status {status})"
        no = "NOT " + found.format(mine=self._mine, status="= 'subscribed'")
        ended = found.format(mine=self._mine, status="IN ('unsubscribed', 'sunset')")
        open_one = found.format(mine=self._mine, status="= 'unconfirmed'")
        if self.basis == Mailing.Basis.CONSENT:
            no += f" AND COALESCE({_SAID}, '') NOT IN {_YES}"
            ended += f" OR {_SAID} = 'withdrawn'"
        no = f"({_UNKNOWN} OR {no})"
        return (
            f"WHEN {no} AND ({ended}) THEN 'unsubscribed'"
            f" WHEN {_UNKNOWN} OR ({no} AND {open_one}) THEN 'unconfirmed'"
            f" WHEN {no} THEN 'no_consent'"
        )

    @property
    def _mine(self) -> str:
        if self.basis == Mailing.Basis.CONSENT:
            return "u.recipient_id = c.id"
        lists = ", ".join(str(int(pk)) for pk in self.lists) or "NULL"
        return f"u.recipient_id = c.id AND u.list_id IN ({lists})"

    @property
    def suppression(self) -> str:
        """What more must hold for a suppression ``s`` to count, as SQL."""
        return "" if self.purpose == _MARKETING else " AND s.reason <> 'unsubscribed'"


#: Those of a run that has kept no rule.
USUAL: Final = Rights()
