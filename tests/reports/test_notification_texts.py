"""Every kind of notice has its sentence, and leads to what it is about."""

from __future__ import annotations

from typing import Any

import pytest

from apps.reports.notifications import render
from apps.users.models import Notification

NAMED = {"mailing": 7, "name": "Spring"}
WAIT = {**NAMED, "reason": "channel_down", "detail": "", "until": ""}
KEPT = {"code": "audience_empty", "words": "Nobody would get it."}


@pytest.mark.parametrize(
    ("code", "facts", "text", "url"),
    [
        (
            "erasure_asked",
            {"erasure": 3, "day": "2026-05-01T12:00:00+00:00"},
            "",
            "/recipients/erasures/3/",
        ),
        (
            "signups_held",
            {"form": 4, "name": "Footer"},
            "“Footer” are held",
            "/forms/4/?state=held",
        ),
        ("pull_failed", {"source": "crm", "import": 5}, "“crm”", "/recipients/import/5/"),
        (
            "start_asked",
            {**NAMED, "agent": "Assistant"},
            "Assistant asks you to start “Spring”",
            "/mailings/7/",
        ),
        ("start_missed", NAMED, "“Spring” missed its start", "/mailings/7/"),
        (
            "start_refused",
            {**NAMED, "refusal": KEPT},
            "“Spring” is due and cannot start: Nobody would get it.",
            "/mailings/7/",
        ),
        ("run_waits", WAIT, "“Spring” is waiting: ", "/mailings/7/"),
        (
            "run_waits",
            {**WAIT, "until": "2026-05-01T12:00:00+00:00"},
            "“Spring” waits until 1 May 2026, 15:00: ",
            "/mailings/7/",
        ),
        (
            "run_ended",
            {**NAMED, "failed": 2, "cancelled": 3, "outcome": "cancelled"},
            "“Spring” was stopped (failed: 2, not sent: 3).",
            "/mailings/7/",
        ),
        (
            "run_ended",
            {**NAMED, "unknown": 1, "expired": 4, "outcome": "partial"},
            "“Spring” finished with errors (unknown: 1, expired: 4).",
            "/mailings/7/",
        ),
        (
            "account_down",
            {"account": "email", "error": "@connection_lost"},
            "The sending account email needs attention: the connection was lost",
            "",
        ),
        (
            "domain_broke",
            {"domain": "shop.ru", "what": "DKIM, SPF"},
            "The domain shop.ru needs attention: DKIM, SPF.",
            "/management/sending-domains/",
        ),
        (
            "pull_failed",
            {"source": "crm", "import": 9},
            "Recipients could not be imported from the source “crm”.",
            "/recipients/import/9/",
        ),
        (
            "complained",
            {**NAMED, "recipient": "Zoe"},
            "Zoe has complained about “Spring” and is suppressed.",
            "/mailings/7/",
        ),
        (
            "webhook_paused",
            {"webhook": 3, "host": "crm.example.org", "error": "@private_address"},
            "(the address lies inside a private network).",
            "/webhooks/3/",
        ),
        (
            "user_waits",
            {"user": 5, "email": "zoe@example.org"},
            "zoe@example.org has signed up",
            "/management/users/?status=waiting",
        ),
    ],
)
def test_a_notice_says_what_happened_and_where_to_look(
    code: str, facts: dict[str, Any], text: str, url: str
) -> None:
    found = render(Notification(code=code, facts=facts))
    assert text in found.text
    assert found.url.endswith(url) and bool(found.url) is bool(url)


def test_a_notice_of_a_later_version_is_shown_by_its_code() -> None:
    """Going back a version leaves notices that this one has no sentence for."""
    assert render(Notification(code="from_tomorrow", facts={})).text == "from_tomorrow"
