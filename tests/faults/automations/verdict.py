"""The end of a round of an automation: every step once, and no letter lost or doubled."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from tests.faults.automations.seed import CALLED, PASSED, SUPPRESSED
from tests.faults.rounds.observer import _SNAPSHOT
from tests.faults.rounds.observer import unequal as runs_unequal
from tests.faults.rounds.verdict import Verdict, compare_letters

if TYPE_CHECKING:
    from tests.faults.automations.round import AutomationRound

TERMS: Final = ("waiting", "moving", "finished", "left", "failed", "unknown")
#: One statement is one snapshot.
SNAPSHOT: Final = f"""
SELECT v.id, v.entered, {", ".join(f'v."{term}"' for term in TERMS)}, e.state, e.number
  FROM automations_automationversion v
  LEFT JOIN (SELECT version_id, state, count(*) AS number FROM automations_enrolment
              GROUP BY version_id, state) e ON e.version_id = v.id"""

_STEPS: Final = """
SELECT s.key, s.came, s.gone, (SELECT count(*) FROM automations_enrolment e WHERE e.step_id = s.id
        AND e.state NOT IN ('finished', 'left'))
  FROM automations_step s"""
_DONE: Final = """
SELECT d.enrolment_id, s.key, d.visit, d.delivery_id
  FROM automations_stepdone d JOIN automations_step s ON s.id = d.step_id
 WHERE s.version_id = (SELECT version_id FROM automations_automation WHERE id = {id})"""
_PEOPLE: Final = """
SELECT id, recipient_id, state, reason FROM automations_enrolment WHERE automation_id = {id}"""
_DELIVERIES: Final = """
SELECT d.id, r.key, d.state, d.recipient_id, r.id
  FROM mailings_delivery d JOIN mailings_run r ON r.id = d.run_id"""
_EVENTS: Final = "SELECT kind, word, enrolment_id FROM automations_enrolmentevent"
_CONSENTS: Final = "SELECT recipient_id, count(*) FROM mailings_consent GROUP BY recipient_id"
_TAGGED: Final = "SELECT recipient_id, count(*) FROM mailings_recipienttag GROUP BY recipient_id"
_OTHERS: Final = """
SELECT recipient_id, count(*) FROM automations_enrolment WHERE automation_id <> {id}
 GROUP BY recipient_id"""
_NOTICES: Final = "SELECT facts FROM users_notification WHERE code = 'automation_notice'"


def unequal(rows: list[tuple[Any, ...]]) -> list[str]:
    """What does not add up in one snapshot: the terms among themselves, or with the rows."""
    kept: dict[int, tuple[Any, ...]] = {}
    states: dict[int, Counter[str]] = defaultdict(Counter)
    for version, entered, *terms, state, number in rows:
        kept[version] = (entered, *terms)
        states[version][state] += number or 0
    broken = []
    for version, (entered, *terms) in kept.items():
        found = [states[version][term] for term in TERMS]
        if sum(terms) != entered or found != terms:
            broken.append(f"version {version}: {entered} = {terms}, its rows say {found}")
    return broken


def judge(of: AutomationRound) -> Verdict:
    """Check everything. Nothing is raised: what is broken is listed."""
    verdict = Verdict(kills=of.kills, broken=list(of.broken), cries=of.cries())
    verdict.broken += runs_unequal(of.eye.see(_SNAPSHOT) or [])
    verdict.broken += unequal(of.eye.see(SNAPSHOT) or [])
    for key, came, gone, here in of.eye.see(_STEPS) or []:
        if came - gone != here:
            verdict.broken.append(f"step {key}: {came} came, {gone} gone, {here} are here")
    states = _people(of, verdict)
    done = _steps(of, states, verdict)
    _acts(of, done, verdict)
    _letters(of, done, verdict)
    return verdict


def _people(of: AutomationRound, verdict: Verdict) -> dict[int, tuple[int, str]]:
    """Everybody once; who is suppressed has left, the others have finished or are unknown."""
    rows = of.eye.see(_PEOPLE.format(id=of.mailing)) or []
    if len({recipient for _pk, recipient, *_rest in rows}) != of.people or len(rows) != of.people:
        verdict.broken.append(f"{len(rows)} enrolments of {of.people} people")
    ends = Counter((state, reason) for _pk, _recipient, state, reason in rows)
    suppressed = -(-of.people // SUPPRESSED)
    if ends.pop(("left", "suppressed"), 0) != suppressed:
        verdict.broken.append(f"not {suppressed} have left: {dict(ends)}")
    if strange := {end for end in ends if end not in (("finished", "done"), ("unknown", ""))}:
        verdict.broken.append(f"other ends: {strange} of {dict(ends)}")
    verdict.left = suppressed
    return {pk: (recipient, state) for pk, recipient, state, _reason in rows}


def _steps(
    of: AutomationRound, states: dict[int, tuple[int, str]], verdict: Verdict
) -> dict[str, dict[int, int | None]]:
    """Every step once a visit, and there is one visit only. By step the recipients and letters."""
    found: dict[str, dict[int, int | None]] = defaultdict(dict)
    by_person: dict[int, list[str]] = defaultdict(list)
    for enrolment, key, visit, delivery in of.eye.see(_DONE.format(id=of.mailing)) or []:
        by_person[enrolment].append(key)
        found[key][states[enrolment][0]] = delivery
        if visit != 1:
            verdict.broken.append(f"{key} was done {visit} times for {enrolment}")
        verdict.acts += 1
    for pk, (_recipient, state) in states.items():
        several = sorted(by_person[pk])
        others = [key for key in several if key not in ("second", "third")]
        if state == "finished" and (others != sorted(PASSED) or len(several) != len(others) + 1):
            verdict.broken.append(f"{pk} has finished by {several}")
    return found


def _acts(of: AutomationRound, done: dict[str, dict[int, int | None]], verdict: Verdict) -> None:
    """What each act leaves behind is there once for each who passed it, and for nobody else."""
    pairs = (("tag", _TAGGED), ("list", _CONSENTS), ("also", _OTHERS.format(id=of.mailing)))
    for key, sql in pairs:
        counted = dict(of.eye.see(sql) or [])
        if counted != dict.fromkeys(done[key], 1):
            verdict.broken.append(f"{key}: {len(done[key])} passed, {Counter(counted.values())}")
    events = Counter(of.eye.see(_EVENTS) or [])
    if twice := [event for event, count in events.items() if count > 1]:
        verdict.broken.append(f"kept twice for webhooks: {twice[:5]}")
    called = sum(kind == "called" and word == CALLED for kind, word, _pk in events)
    if called != len(done["call"]):
        verdict.broken.append(f"{called} calls for {len(done['call'])} people")
    noticed = sum(_facts(row[0])["people"] for row in of.eye.see(_NOTICES) or [])
    if noticed != len(done["note"]):
        verdict.broken.append(f"notices of {noticed} people, {len(done['note'])} passed")


def _facts(kept: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kept) if isinstance(kept, str) else kept
    return found


def _letters(of: AutomationRound, done: dict[str, dict[int, int | None]], verdict: Verdict) -> None:
    """Each letter step has one delivery of each who passed it; nothing lost, nothing twice."""
    rows = of.eye.see(_DELIVERIES) or []
    twice = [key for key, count in Counter((row[3], row[4]) for row in rows).items() if count > 1]
    if twice:
        verdict.broken.append(f"two deliveries of one letter: {twice[:5]}")
    known = {row[0] for row in rows}
    for key in ("first", "second", "third"):
        missing = [person for person, letter in done[key].items() if letter not in known]
        if missing:
            verdict.broken.append(f"{key}: no letter for {missing[:5]}")
    compare_letters(of, {f"{row[0]}.{row[1]}": row[2] for row in rows}, verdict)
