"""One address: from the rule of a mailing to the words that were consented to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.mailings.models import (
    ConsentText,
    FrequencyRule,
    Mailing,
    MailingList,
    Recipient,
    Run,
    Segment,
)
from apps.mailings.selectors.why import Why, person_asked, why_of_mailing, why_of_run
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.forms import save_consent_text
from apps.mailings.services.permission.subscribing import subscribe, unsubscribe
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    MailingListFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
    TagFactory,
    UserFactory,
)

pytestmark = [pytest.mark.engine, pytest.mark.django_db]
NOW = timezone.now()


def tree(word: str) -> dict[str, Any]:
    names = {"field": "full_name", "op": "contains", "value": word}
    return {"version": 1, "root": {"all": [{"field": "email", "op": "known"}, names]}}


def listed(owner: Any, *people: Recipient, **evidence: Any) -> MailingList:
    one = MailingListFactory.create(owner=owner, title="News")
    said = Evidence(source="form", by_person=True, said_at=NOW, **evidence)
    for person in people:
        subscribe(recipient=person, lists=[one], evidence=said, now=NOW)
    return one


def mailing_for(owner: Any, **fields: Any) -> Mailing:
    return MailingFactory.create(owner=owner, **{"everyone": False} | fields)


def now_of(mailing: Mailing, person: Recipient) -> Why:
    return why_of_mailing(mailing, person, now=timezone.now())


def terms(reasons: Any) -> dict[str, bool]:
    return {one.name: one.holds for one in reasons}


def test_from_the_list_to_the_words_that_were_shown() -> None:
    anna = RecipientFactory.create()
    save_consent_text(owner=anna.owner, key="ads", texts={"en": "Send me the news."})
    text = ConsentText.objects.get()
    shown = {"id": text.pk, "sha256": text.sha256}
    one = listed(anna.owner, anna, texts=(shown,))
    mailing = mailing_for(anna.owner, basis="subscription")
    mailing.lists.add(one)
    why = now_of(mailing, anna)
    assert why.gets_it and why.named and why.left_out == ""
    assert [(term.text, term.holds) for term in why.included] == [("list “News”", True)]
    (right,) = why.rights
    assert right.used and right.consent is not None and right.consent.act == "given"
    wordings = right.consent.__dict__["wordings"]
    assert [row.text for row in wordings] == ["Send me the news."]


def test_each_node_of_a_segment_is_answered() -> None:
    anna = RecipientFactory.create(full_name="Анна")
    segment = Segment.objects.create(owner=anna.owner, name="Ivans", tree=tree("Иван"))
    mailing = mailing_for(anna.owner)
    mailing.segments.add(segment)
    why = now_of(mailing, anna)
    (term,) = why.included
    assert (term.text, term.holds) == ("segment “Ivans”", False)
    assert {one.path: one.holds for one in term.answers} == {
        "root": False,
        "root.all[0]": True,
        "root.all[1]": False,
    }
    assert all(one.text for one in term.answers)
    assert not why.named and why.sentence == "Not in the audience: nothing names this person."


def test_tags_and_codes_are_one_term() -> None:
    anna = RecipientFactory.create(phone="79161234567", operator_code="916")
    vip = TagFactory.create(owner=anna.owner, name="vip")
    mailing = mailing_for(anna.owner, filter_operator_codes=["916"])
    mailing.filter_tags.add(vip)
    (term,) = now_of(mailing, anna).included
    assert (term.text, term.holds) == ("Tags: vip; Operator codes: 916", False)


def test_every_exclusion_is_answered_and_the_first_that_holds_is_the_reason() -> None:
    anna = RecipientFactory.create()
    vip, other = TagFactory.create(owner=anna.owner), TagFactory.create(owner=anna.owner)
    anna.tags.add(vip)
    mailing = mailing_for(anna.owner, everyone=True, exclude_mailed_days=7)
    mailing.exclude_tags.add(vip, other)
    why = now_of(mailing, anna)
    assert terms(why.included) == {"everyone": True}
    assert terms(why.excluded) == {
        f"tag:{vip.pk}": True,
        f"tag:{other.pk}": False,
        "days:7": False,
    }
    assert why.left_out == "excluded"
    assert why.sentence == f"Left out: the mailing excludes tag “{vip.name}”."


def test_who_has_left_is_shown_the_refusal() -> None:
    anna = RecipientFactory.create()
    one = listed(anna.owner, anna)
    said = Evidence(source="page", by_person=True, said_at=NOW)
    unsubscribe(recipient=anna, lists=[one], evidence=said, now=NOW)
    mailing = mailing_for(anna.owner, basis="subscription")
    mailing.lists.add(one)
    why = now_of(mailing, anna)
    assert why.left_out == "unsubscribed" and why.sentence.startswith("Left out: ")
    (right,) = why.rights
    assert not right.used and right.consent is not None and right.consent.act == "withdrawn"


@pytest.mark.parametrize("basis", ["consent", "stated"])
def test_without_lists_the_general_word_or_the_statement_is_shown(basis: str) -> None:
    anna = RecipientFactory.create()
    mailing = mailing_for(anna.owner, everyone=True, basis=basis, basis_statement="Customers")
    why = now_of(mailing, anna)
    if basis == "consent":
        assert why.left_out == "no_consent" and not why.statement
        assert [(right.title, right.consent) for right in why.rights] == [("everything", None)]
    else:
        assert why.gets_it and why.statement == "Customers" and not why.rights


def test_a_suppressed_address_and_an_archived_person_differ() -> None:
    anna = RecipientFactory.create()
    SuppressionFactory.create(owner=anna.owner, address=anna.email, reason="bounced")
    mailing = mailing_for(anna.owner, everyone=True)
    why = now_of(mailing, anna)
    assert why.named and why.left_out == "suppressed" and "bounces" in why.sentence
    Recipient.objects.update(archived_at=NOW)
    anna.refresh_from_db()
    why = now_of(mailing, anna)
    assert not why.named and why.left_out == "gone"


@pytest.mark.django_db(transaction=True)
def test_a_run_is_answered_by_the_rule_that_it_has_kept() -> None:
    anna = RecipientFactory.create(full_name="Анна")
    segment = Segment.objects.create(owner=anna.owner, name="All", tree=tree("Анна"))
    mailing = mailing_for(anna.owner)
    mailing.segments.add(segment)
    freeze_audience(DispatchService().launch(mailing_id=mailing.pk, trigger="manual").run_id)
    Segment.objects.update(tree=tree("Иван"))
    run = Run.objects.get()
    why = why_of_run(run, anna, now=timezone.now())
    assert why.rule_kept and why.named and why.gets_it and why.delivery is not None
    assert terms(why.included) == {f"segment:{segment.pk}": True}
    late = RecipientFactory.create(owner=anna.owner, full_name="Анна")
    why = why_of_run(run, late, now=timezone.now())
    assert not why.named and "as it was frozen" in why.sentence
    assert not now_of(Mailing.objects.get(), anna).named


def test_a_run_says_what_its_delivery_says() -> None:
    run = RunFactory.create(suppressed=1, left_suppressed=0, left_cap=1)
    row = DeliveryFactory.create(
        run=run, state="suppressed", left_out="cap", response="@left_cap", position=None
    )
    why = why_of_run(run, row.recipient, now=timezone.now())
    assert (why.left_out, why.gets_it, why.rule_kept) == ("cap", False, False)
    assert why.sentence == "Not sent: the frequency rule is reached."


def test_an_address_of_a_run_is_whose_it_was_when_it_was_written_to() -> None:
    run = RunFactory.create(sent=1)
    row = DeliveryFactory.create(run=run, state="sent", address="old@example.org")
    heir = RecipientFactory.create(owner=run.mailing.owner, email="old@example.org")
    asked = {"address": " OLD@example.org "}
    assert person_asked(run.mailing, asked, run) == row.recipient
    assert person_asked(run.mailing, asked, None) == heir


def test_nobody_elses_recipient_is_found() -> None:
    foreign = RecipientFactory.create(owner=UserFactory.create(), email="bob@example.org")
    mailing = MailingFactory.create()
    for asked in ({"address": "bob@example.org"}, {"recipient": foreign.pk}, {"address": ""}):
        assert person_asked(mailing, asked, None) is None


@pytest.mark.parametrize("on_cap", ["wait", "skip"])
def test_who_has_got_enough_waits_or_is_skipped(on_cap: str) -> None:
    sent = timezone.now() - timedelta(days=1)
    run = RunFactory.create(sent=1)
    row = DeliveryFactory.create(run=run, state="sent", sent_at=sent)
    owner = run.mailing.owner
    FrequencyRule.objects.create(owner=owner, messages=1, days=7)
    why = now_of(mailing_for(owner, everyone=True, on_cap=on_cap), row.recipient)
    if on_cap == "skip":
        assert (why.left_out, why.gets_it) == ("cap", False)
    else:
        assert why.gets_it and why.verdict.waits_until == sent + timedelta(days=7)
        assert "A frequency rule holds it until" in why.sentence


def test_a_pause_is_a_reason() -> None:
    anna = RecipientFactory.create(paused_until=NOW + timedelta(days=3))
    assert now_of(mailing_for(anna.owner, everyone=True), anna).left_out == "paused"
