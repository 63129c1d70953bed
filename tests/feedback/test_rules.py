"""What follows from events, as a table (D027)."""

from __future__ import annotations

import pytest

from apps.delivery.channels.email.bounce_codes import Bounce
from apps.feedback.models import Event
from apps.feedback.rules import Judgement, bounce_of, judge
from apps.feedback.tracking_event import code_in, event_id, plain, status_in

H, S, F = Bounce.HARD, Bounce.SOFT, Bounce.SENDER


@pytest.mark.parametrize(
    ("status", "reason", "bounce"),
    [
        ("5.1.0", "", S),
        ("5.1.1", "", H),
        ("5.1.2", "", H),
        ("5.1.3", "", H),
        ("5.1.6", "", H),
        ("5.1.10", "", H),
        ("5.2.1", "", H),
        ("5.1.7", "", F),  # the sender's own address
        ("5.1.8", "", F),
        ("5.1.9", "", F),
        ("5.2.0", "", S),
        ("5.2.2", "", S),
        ("4.2.2", "", S),
        ("4.1.1", "", S),
        ("4.4.7", "", S),
        ("4.7.1", "", S),
        ("5.4.4", "", S),
        ("5.0.0", "", S),
        ("5.2.3", "", S),
        ("5.3.0", "", S),
        ("5.3.4", "", F),
        ("5.5.2", "", F),
        ("5.6.0", "", F),
        ("5.7.1", "", F),
        ("5.7.26", "", F),
        ("5.7.515", "", F),
        ("5.7.1", "invalid", F),  # the code goes before the provider's word
        ("", "invalid", H),
        ("", "bounced", S),
        ("", "spam", F),
        ("", "blocked", F),
        ("", "timed_out", S),
        ("", "", S),
        ("5.1", "", S),
        ("9.9.9", "", S),
        ("5.1.1 and more", "", S),
    ],
)
def test_who_is_to_blame_for_a_bounce(status: str, reason: str, bounce: Bounce) -> None:
    assert bounce_of(status, reason) is bounce


@pytest.mark.parametrize(
    ("kind", "bounce", "reason", "softs", "state", "suppress", "alert"),
    [
        ("bounced", H, "", 1, "bounced", "bounced", False),
        ("bounced", S, "", 1, "bounced", "", False),
        ("bounced", S, "", 2, "bounced", "", False),
        ("bounced", S, "", 3, "bounced", "bounced", False),
        ("bounced", F, "", 9, "bounced", "", False),
        ("rejected", S, "invalid", 1, "bounced", "bounced", False),
        ("rejected", S, "bounced", 1, "bounced", "bounced", False),
        ("rejected", S, "spam", 1, "bounced", "complained", False),
        ("rejected", S, "unsubscribed", 1, "bounced", "unsubscribed", False),
        ("bounced", S, "unsubscribed", 1, "bounced", "unsubscribed", False),
        ("bounced", F, "complained", 1, "bounced", "complained", False),
        ("bounced", F, "spam", 1, "bounced", "", False),
        ("rejected", S, "blocked", 1, "bounced", "", False),
        ("rejected", S, "", 1, "bounced", "", False),
        ("failed", S, "", 1, "bounced", "", False),
        ("complained", S, "spam", 1, "delivered", "complained", True),
        ("unsubscribed", S, "", 1, "delivered", "unsubscribed", False),
        ("delivered", S, "", 1, "delivered", "", False),
        ("opened", S, "", 1, "delivered", "", False),
        ("clicked", S, "", 1, "delivered", "", False),
        ("queued", S, "", 1, "sent", "", False),
        ("sent", S, "", 1, "sent", "", False),
        ("deferred", S, "", 1, "", "", False),
        ("autoresponded", S, "", 1, "", "", False),
        ("subscribed", S, "", 1, "", "", False),
        ("unknown", S, "", 1, "", "", False),
    ],
)
def test_what_follows(
    kind: str, bounce: Bounce, reason: str, softs: int, state: str, suppress: str, alert: bool
) -> None:
    follows = judge(kind, bounce, reason=reason, softs=softs)
    assert follows == Judgement(state, suppress, alert)


def test_every_kind_of_event_has_been_thought_of() -> None:
    anymail = pytest.importorskip("anymail.signals").EventType
    named = {
        value
        for name, value in vars(anymail).items()
        if name.isupper() and not name.startswith("INBOUND")
    }
    assert named == set(Event.Kind.values)


def test_a_strangers_words_become_one_plain_line() -> None:
    assert plain("550 <script>\r\n\x00\x1b[31mno\u2028such\ud800") == "550 <script> [31mno such?"
    assert plain("x" * 10_000) == "x" * 500
    assert plain(None) == plain({"a": 1}) == plain(["a"]) == ""
    assert plain(42) == "42"


def test_codes_are_read_out_of_replies() -> None:
    reply = "smtp; 550-5.1.1 The account that you tried to reach 10.5.1.1 does not exist"
    assert (status_in(reply), code_in(reply)) == ("5.1.1", 550)
    assert (status_in("host 10.5.1.10 said no"), code_in("at 12:45, in 1999")) == ("", 0)


def test_an_event_has_a_name_of_bounded_length() -> None:
    assert event_id("abc", "anna@example.org") == "abc|anna@example.org"
    assert len(event_id("x" * 1000)) == 64
    assert event_id("x" * 1000) != event_id("x" * 1001)
