"""What the centre says, and what becomes of the letter, the account and those beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.contracts import Blame, Outcome, Verdict
from apps.delivery.channels.smpp import link as smpp_link
from apps.delivery.channels.smpp import session as smpp_session
from apps.delivery.channels.smpp.channel import SmppChannel
from apps.delivery.channels.smpp.errors import ERRORS, Meaning, meaning_of
from tests.delivery.channels.email.smtp.smtp_promises import certificate
from tests.delivery.channels.guards import BookGuard, send_all
from tests.delivery.channels.smpp import centre as smpp_centre
from tests.delivery.channels.smpp.accounts import account, letter, letters
from tests.delivery.channels.smpp.centre import Reply, SmppCentre, refuses

DOCS = Path(__file__).parents[4] / "docs"
OUTCOMES = {
    Meaning.PERSON: (Verdict.FAILED, Blame.RECIPIENT),
    Meaning.MESSAGE: (Verdict.FAILED, Blame.RECIPIENT),
    Meaning.LATER: (Verdict.RETRY, Blame.RECIPIENT),
    Meaning.BUSY: (Verdict.UNSENT, Blame.BUSY),
    Meaning.ACCOUNT: (Verdict.UNSENT, Blame.ACCOUNT),
}


@pytest.fixture
def centre() -> Iterator[SmppCentre]:
    with SmppCentre() as made:
        yield made


@pytest.mark.parametrize("status", [*ERRORS, 0x0400, 0x1234, 0xFFFFFFFF])
def test_every_error_has_its_outcome(centre: SmppCentre, status: int) -> None:
    centre.usual = refuses(status)
    guard = BookGuard()
    [outcome] = send_all(SmppChannel(account(centre), guard), letters(1))
    assert (outcome.verdict, outcome.blame) == OUTCOMES[meaning_of(status)]
    assert outcome.code == (status if status < 2**31 else 0)
    assert re.fullmatch(rf"(ESME_R\w+|SMPP) \(0x0?{status:X}\)", outcome.response)
    assert (guard.asked, guard.answers) == ([1], [(1, False)])


@pytest.mark.parametrize("page", ["channels/smpp.md", "ru/channels/smpp.md"])
def test_the_documented_table_is_the_one_in_force(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| 0x(\w+) \| (ESME_\w+) \| `(\w+)` \|", text, re.M)
    assert rows == [(f"{status:02X}", name, one.value) for status, (name, one) in ERRORS.items()]


def test_the_errors_that_decide_most_mean_what_they_say() -> None:
    assert {meaning_of(one) for one in (0x58, 0x14)} == {Meaning.BUSY}
    assert {meaning_of(one) for one in (0x0D, 0x0E, 0x0F)} == {Meaning.ACCOUNT}
    assert meaning_of(0x0B) is Meaning.PERSON


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x0F, 0x53, 0x0401])
def test_a_refused_bind_stops_the_account_and_burns_nobody(centre: SmppCentre, status: int) -> None:
    centre.bind_status = status
    guard = BookGuard()
    outcomes = send_all(SmppChannel(account(centre), guard), letters(20))
    assert {(one.verdict, one.blame) for one in outcomes} == {(Verdict.UNSENT, Blame.ACCOUNT)}
    assert {one.code for one in outcomes} == {status}
    assert len(centre.binds) == 1, "one wrong password, not one for each letter"
    assert not guard.asked and not centre.submits


@pytest.mark.parametrize("status", [0x05, 0x08, 0x14, 0x58])
def test_a_centre_that_is_full_at_the_bind_is_only_busy(centre: SmppCentre, status: int) -> None:
    centre.bind_status = status
    [outcome] = send_all(SmppChannel(account(centre), BookGuard()), letters(1))
    assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, Blame.BUSY)


def test_as_many_are_unanswered_at_a_time_as_the_account_has_connections(
    centre: SmppCentre,
) -> None:
    centre.usual = smpp_centre.silence
    channel = SmppChannel(account(centre, max_connections=3), BookGuard())
    channel.hand_over(letters(10))
    centre.wait_for(lambda: len(centre.submits) == 3)
    assert channel.outcomes(0.3) == [] and len(centre.submits) == 3
    centre.bound[0].write(smpp_centre.accepted(centre.submits[1]))
    centre.wait_for(lambda: len(centre.submits) == 4)
    [outcome] = channel.outcomes(1)
    assert outcome.verdict is Verdict.SENT and outcome.response.endswith(centre.submits[1].id)
    verdicts = Counter(one.verdict for one in channel.close())
    assert verdicts == {Verdict.UNKNOWN: 3, Verdict.UNSENT: 6}
    assert len(centre.binds) == 1


def test_answers_in_any_order_settle_their_own_letters(centre: SmppCentre) -> None:
    centre.usual = smpp_centre.silence
    channel = SmppChannel(account(centre), BookGuard())
    channel.hand_over(letters(4))
    centre.wait_for(lambda: len(centre.submits) == 4)
    first, second, third, fourth = centre.submits
    centre.send(smpp_centre.accepted(fourth) + smpp_centre.accepted(second))
    centre.send(smpp_centre.refused(third, 0x0B) + smpp_centre.accepted(first))
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < 4:
        outcomes |= {one.delivery_id: one for one in channel.outcomes(5)}
    by_phone = {int(one.phone[-7:]): one for one in centre.submits}
    for number, outcome in outcomes.items():
        submit = by_phone[number]
        expected = "ESME_RINVDSTADR (0x0B)" if submit is third else f"id={submit.id}"
        assert outcome.response == expected
    channel.close()


#: After these the answer is the usual one, and every letter is sent.
HARMLESS: dict[str, Reply] = {
    "in pieces": smpp_centre.in_pieces,
    "glued": smpp_centre.glued,
    "slow": smpp_centre.slow(smpp_centre.yes, 0.2),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_answers_may_be_divided_and_glued(centre: SmppCentre, name: str) -> None:
    centre.usual = HARMLESS[name]
    outcomes = send_all(SmppChannel(account(centre), BookGuard()), letters(6))
    assert {one.verdict for one in outcomes} == {Verdict.SENT}
    assert len({one.response for one in outcomes}) == 6


#: The connection ends with these. At most the window is unknown, and nothing is sent twice.
ENDS: dict[str, Reply] = {
    "closed": smpp_centre.close,
    "unbound by the centre": smpp_centre.unbinds,
    "a length of 4": smpp_centre.of_length(4),
    "a length of 2 GB": smpp_centre.of_length(0x7FFFFFFF),
    "generic_nack without an error": smpp_centre.nack(0),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_connection_that_ends_leaves_open_at_most_the_window(
    centre: SmppCentre, name: str
) -> None:
    centre.script.extend([centre.usual] * 5)
    centre.script.append(ENDS[name])
    guard = BookGuard()
    outcomes = send_all(SmppChannel(account(centre), guard), letters(30))
    verdicts = Counter(one.verdict for one in outcomes)
    assert 1 <= verdicts[Verdict.UNKNOWN] <= 4
    assert verdicts[Verdict.SENT] + verdicts[Verdict.UNKNOWN] == 30
    assert max(centre.phones().values()) == 1
    assert len(centre.binds) == 2
    unknown = {one.delivery_id for one in outcomes if one.verdict is Verdict.UNKNOWN}
    assert unknown.isdisjoint(number for number, _accepted in guard.answers)


def test_an_answer_that_never_comes_leaves_open_its_own_letter(centre: SmppCentre) -> None:
    centre.script.extend([centre.usual, smpp_centre.silence])
    outcomes = send_all(SmppChannel(account(centre, timeout=0.5), BookGuard()), letters(12))
    verdicts = Counter(one.verdict for one in outcomes)
    assert verdicts == {Verdict.SENT: 11, Verdict.UNKNOWN: 1}
    [lost] = [one for one in outcomes if one.verdict is Verdict.UNKNOWN]
    assert (lost.response, lost.blame) == ("@no_answer_in_time", Blame.NETWORK)
    assert len(centre.binds) == 1


def test_a_silent_centre_does_not_get_the_audience(centre: SmppCentre) -> None:
    centre.usual = smpp_centre.silence
    outcomes = send_all(SmppChannel(account(centre, timeout=0.3), BookGuard()), letters(30))
    verdicts = Counter(one.verdict for one in outcomes)
    assert 5 <= verdicts[Verdict.UNKNOWN] <= 5 + 4
    assert verdicts[Verdict.UNSENT] == 30 - verdicts[Verdict.UNKNOWN]
    assert {one.blame for one in outcomes} == {Blame.NETWORK}


def test_a_centre_that_refuses_everybody_does_not_get_the_audience(centre: SmppCentre) -> None:
    centre.usual = refuses(0x0B)
    outcomes = send_all(SmppChannel(account(centre), BookGuard()), letters(40))
    verdicts = Counter(one.verdict for one in outcomes)
    assert 20 <= verdicts[Verdict.FAILED] <= 20 + 4
    assert verdicts[Verdict.UNSENT] == 40 - verdicts[Verdict.FAILED]
    assert not any(one.gone for one in outcomes)


def test_a_throttled_account_gives_the_rest_back_unspent(centre: SmppCentre) -> None:
    centre.script.extend([centre.usual] * 3)
    centre.usual = refuses(0x58)
    outcomes = send_all(SmppChannel(account(centre), BookGuard()), letters(40))
    assert [one.verdict for one in outcomes].count(Verdict.SENT) == 3
    rest = [one for one in outcomes if one.verdict is not Verdict.SENT]
    assert {(one.verdict, one.blame, one.code) for one in rest} == {
        (Verdict.UNSENT, Blame.BUSY, 0x58)
    }
    assert len(centre.submits) <= 3 + 4, "the centre is not asked again for each of them"


def test_a_nack_of_a_letter_is_its_answer(centre: SmppCentre) -> None:
    centre.script.append(smpp_centre.nack(0x02))
    outcomes = send_all(SmppChannel(account(centre), BookGuard()), letters(5))
    assert Counter(one.verdict for one in outcomes) == {Verdict.SENT: 4, Verdict.FAILED: 1}
    assert len(centre.binds) == 1


@pytest.mark.parametrize("over", [False, True])
def test_what_the_guard_holds_back_does_not_leave(centre: SmppCentre, over: bool) -> None:
    guard = BookGuard(is_shut=True, over=over)
    [outcome] = send_all(SmppChannel(account(centre), guard), letters(1))
    assert outcome.verdict is (Verdict.EXPIRED if over else Verdict.UNSENT)
    assert guard.asked == [1] and not centre.submits


def test_nobody_there_is_the_network_s_affair() -> None:
    with SmppCentre() as gone:
        port = gone.port
    outcomes = send_all(SmppChannel(account(port), BookGuard()), letters(3))
    assert {(one.verdict, one.blame) for one in outcomes} == {(Verdict.UNSENT, Blame.NETWORK)}
    assert outcomes[0].response == "@connection_refused"


def test_what_waits_for_the_connection_has_not_left(
    centre: SmppCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bind is not answered when the channel is closed: nobody is unknown."""
    monkeypatch.setattr(smpp_centre._Connection, "_serve", lambda *_: False)
    channel = SmppChannel(account(centre), BookGuard())
    channel.hand_over(letters(6))
    assert channel.outcomes(0.2) == []
    assert {one.verdict for one in channel.close()} == {Verdict.UNSENT}


def test_channels_of_one_account_share_its_connection(centre: SmppCentre) -> None:
    first, second = (SmppChannel(account(centre), BookGuard()) for _ in range(2))
    first.hand_over(letters(5))
    second.hand_over([letter(number) for number in range(6, 11)])
    found = 0
    while found < 10:
        found += len(first.outcomes(0.2)) + len(second.outcomes(0.2))
    assert first.close() == [] and second.close() == []
    assert len(centre.binds) == 1 and len({one.peer for one in centre.submits}) == 1


def test_the_connection_ends_in_order_some_time_after_its_last_user(
    centre: SmppCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp_session, "LINGER", 0.0)
    send_all(SmppChannel(account(centre), BookGuard()), letters(1))
    centre.wait_for(lambda: centre.unbound)
    send_all(SmppChannel(account(centre), BookGuard()), letters(1))
    assert len(centre.binds) == 2


def test_a_silent_connection_is_asked_whether_it_lives(
    centre: SmppCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp_link, "KEEP_ALIVE", 0.1)
    monkeypatch.setattr(smpp_session, "_TICK", 0.05)
    channel = SmppChannel(account(centre, timeout=0.5), BookGuard())
    channel.hand_over(letters(1))
    assert [one.verdict for one in channel.outcomes(5)] == [Verdict.SENT]
    centre.wait_for(lambda: centre.enquiries > 2)
    centre.mute = True
    centre.wait_for(lambda: not centre.bound)  # who does not answer is left
    centre.mute = False
    channel.hand_over([letter(2)])
    assert [one.verdict for one in channel.outcomes(5)] == [Verdict.SENT]
    assert len(centre.binds) == 2
    channel.close()


def test_a_request_that_nobody_knows_is_answered_so(centre: SmppCentre) -> None:
    channel = SmppChannel(account(centre), BookGuard())
    channel.hand_over(letters(1))
    channel.outcomes(5)
    centre.send(smpp_centre.pdu(0x103, 9) + smpp_centre.pdu(smpp_centre.ENQUIRE, 10))
    centre.wait_for(lambda: len(centre.answers) == 2)
    assert centre.answers == [(0, 0x03, 9), (smpp_centre.ENQUIRE, 0, 10)]
    channel.close()


def test_it_speaks_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = certificate(tmp_path)
    monkeypatch.setattr(smpp_link, "tls", lambda ca_file: ours)
    with SmppCentre(context=theirs) as centre:
        secure = account(centre, security="tls")
        outcomes = send_all(SmppChannel(secure, BookGuard()), letters(50))
        assert {one.verdict for one in outcomes} == {Verdict.SENT}


@pytest.mark.parametrize("fault", [{"name": "10.1.1.1"}, {"expired": True}, None])
def test_a_certificate_that_does_not_hold_gets_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object] | None
) -> None:
    theirs, ours = certificate(tmp_path, **(fault or {}))  # type: ignore[arg-type]
    if fault is not None:  # None: by an authority that nobody knows
        monkeypatch.setattr(smpp_link, "tls", lambda ca_file: ours)
    with SmppCentre(context=theirs) as centre:
        secure = account(centre, security="tls")
        [outcome] = send_all(SmppChannel(secure, BookGuard()), letters(1))
        assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, Blame.NETWORK)
        assert outcome.response.startswith("@certificate ") and centre.binds == []
