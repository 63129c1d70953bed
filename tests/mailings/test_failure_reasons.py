"""Reasons in people's words: one table, read alike by Python and by the database."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.failure_reasons import (
    MAY_SUCCEED,
    NAMES,
    REASONS,
    explain,
    explain_attempt,
    of_reasons,
    reason_name,
    reason_words,
)
from apps.mailings.models import Delivery
from tests.factories import AttemptFactory, DeliveryFactory, RunFactory

#: Code, reply, reason.
REPLIES = [
    (550, "5.1.1 <anna@example.org>: Recipient address rejected", "mailbox_missing"),
    (550, "No such user here", "mailbox_missing"),
    (550, "5.4.1 User unknown in virtual mailbox table", "mailbox_missing"),
    (550, "sorry, no mailbox here by that name: unknown user", "mailbox_missing"),
    (550, "5.1.2 bad destination system", "domain_missing"),
    (0, "DNS: NXDOMAIN for exmaple.org", "domain_missing"),
    (550, "5.2.1 mailbox disabled", "mailbox_disabled"),
    (450, "4.2.1 <a@x.org>: try again later", "try_later"),
    (452, "4.2.2 The email account is over quota", "mailbox_full"),
    (552, "5.2.2 Mailbox full", "mailbox_full"),
    (552, "Requested mail action aborted", "mailbox_full"),
    (552, "5.3.4 message size exceeds limit", "too_large"),
    (550, "5.2.3 too long for this mailbox", "too_large"),
    (451, "4.7.1 Greylisted, please come back", "try_later"),
    (450, "Greylisting in action", "try_later"),
    (451, "try later", "try_later"),
    (421, "4.7.28 unusual rate of mail", "rate_limited"),
    (421, "Too many messages", "rate_limited"),
    (429, "Too Many Requests", "rate_limited"),
    (550, "5.7.1 Message rejected", "spam_or_policy"),
    (554, "looks like spam", "spam_or_policy"),
    (550, "5.7.26 unauthenticated", "authentication"),
    (550, "5.7.23 SPF fail", "authentication"),
    (550, "5.7.25 no PTR", "no_reverse_dns"),
    (553, "5.1.8 sender domain", "sender_rejected"),
    (553, "sorry", "sender_rejected"),
    (535, "5.7.8 Authentication credentials invalid", "sign_in_failed"),
    (421, "4.4.2 timeout exceeded", "server_unavailable"),
    (0, "Connection refused", "server_unavailable"),
    (421, "closing", "server_unavailable"),
    (451, "what is this", "try_later"),
    (0, "@template_failed no value", "not_built"),
    (0, "@bad_url", "not_built"),
    (0, "@header_injection", "not_built"),
    (550, "5.2.1 user unknown", "mailbox_disabled"),
    (552, "5.2.2 user unknown: message size exceeds", "mailbox_full"),
    (550, "5.7.26 user unknown", "authentication"),
    (550, "5.7.1 SPF check failed by policy", "authentication"),
    (550, "Nein danke", "other"),
    (0, "", "other"),
    (250, "2.0.0 Ok 5.1.1.7", "other"),
]


@pytest.mark.parametrize(("code", "reply", "reason"), REPLIES)
def test_a_reply_has_its_reason(code: int, reply: str, reason: str) -> None:
    assert reason_name("failed", code, reply) == reason


@pytest.mark.django_db
def test_the_database_finds_the_same_reasons() -> None:
    run = RunFactory.create(state="processing", failed=len(REPLIES), unknown=1)
    for code, reply, _reason in REPLIES:
        DeliveryFactory.create(run=run, state="failed", code=code, response=reply)
        DeliveryFactory.create(run=run, state="failed", code=code, response=reply.upper())
    DeliveryFactory.create(run=run, state="unknown", response="5.1.1 is not looked at")
    rows = Delivery.objects.filter(run=run)
    expected = {row.pk: reason_name(row.state, row.code, row.response) for row in rows}
    found = {row.pk: name for name in REASONS for row in of_reasons(rows, [name])}
    assert found == expected
    assert set(found.values()) >= {"outcome_unknown", "other", "try_later", "mailbox_missing"}


def test_what_passes_on_its_own_may_succeed() -> None:
    assert {"mailbox_full", "try_later", "rate_limited"} <= set(MAY_SUCCEED)
    assert not {"mailbox_missing", "domain_missing", "not_built", "other"} & set(MAY_SUCCEED)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"state": "failed", "code": 550, "response": "5.1.1 no", "tries": 1},
            "Mailbox doesn’t exist",
        ),
        (
            {"state": "failed", "code": 451, "response": "try later", "tries": 5},
            "No success after 5 attempts: Server asked to try later",
        ),
        ({"state": "failed", "code": 550, "response": "Nein"}, "Other response: 550 Nein"),
        ({"state": "failed", "response": "@no_phone"}, "The address is not a phone number"),
        (
            {"state": "failed", "response": "@template_failed x"},
            "Message couldn’t be built for this" " recipient",
        ),
        ({"state": "suppressed", "response": "@barred complained"}, "Suppressed: spam complaint"),
        ({"state": "expired", "response": "@window_ended"}, "The mailing's end came first"),
        ({"state": "sent", "code": 250, "response": "Ok"}, ""),
        ({"state": "pending"}, ""),
    ],
)
def test_a_delivery_says_why_in_words(fields: dict[str, Any], text: str) -> None:
    assert reason_words(DeliveryFactory.create(**fields)) == text


@pytest.mark.django_db
def test_what_comes_next_is_said(settings: Any) -> None:
    failed = DeliveryFactory.create(state="failed", code=550, response="5.1.1 no", tries=1)
    assert explain(failed).next_step == "Check the address."  # type: ignore[union-attr]
    after = explain(failed, suppressed=True)
    assert after is not None
    assert after.next_step == "Added to the suppression list."
    assert (after.reason, after.reply) == ("mailbox_missing", "550 5.1.1 no")
    soon = timezone.now() + timedelta(days=1)
    waiting = DeliveryFactory.create(state="pending", code=451, response="later", not_before=soon)
    step = explain(waiting).next_step  # type: ignore[union-attr]
    assert step.startswith("Retried automatically: tomorrow ")


@pytest.mark.django_db
def test_an_attempt_says_why_in_words() -> None:
    def said(**fields: Any) -> str:
        found = explain_attempt(AttemptFactory.create(**fields))
        return found.text if found else ""

    assert said(status="success", code=250, response="Ok") == ""
    assert said(status="failure", code=550, response="5.1.1 no") == "Mailbox doesn’t exist"
    assert said(status="unknown").startswith("Outcome unknown")
    assert said(status="failure", kind="audit", response="x") == ""


def test_the_codes_are_those_of_the_document() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    written = text.split("The codes of `failure_reason`:", 1)[1].split("\n\n", 1)[0]
    assert re.findall(r"`(\w+)`", written) == list(NAMES)
