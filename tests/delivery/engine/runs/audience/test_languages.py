"""Everybody gets the message in their language, or what the mailing says of other languages."""

from __future__ import annotations

import threading
from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.content.translation import entries_of
from apps.core.errors import Refused
from apps.delivery.engine.runs.languages import LanguagesChanged, TranslationMissing
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.feedback.services.letters import letter_of
from apps.mailings.models import Delivery, Mailing, Message, MessageTranslation, Recipient, Run
from apps.mailings.models.content import content_of
from apps.mailings.rules import Rule
from apps.mailings.run_content import content_for, newest_versions
from apps.mailings.services.languages.translations import keep_translations
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import MortalWorker, assert_equation, send
from tests.factories import RecipientFactory, UserFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

TEXTS = {
    "en": {"subject": "News for {{ full_name }}", "text": "Hello!", "html": "<p>Hello!</p>"},
    "de": {"subject": "Neues für {{ full_name }}", "text": "Hallo!", "html": "<p>Hallo!</p>"},
}
WORDS = {"Hello!": "en", "Hallo!": "de", "Здравствуйте": "ru", "Добрый день": "ru2", "Hi!": "en2"}


def translate(message: Message, **languages: dict[str, str]) -> None:
    """The message is Russian, and has these languages beside it."""
    message.language = "ru"
    message.save()
    content = content_of(message)
    keep_translations(message, {code: entries_of(content, one) for code, one in languages.items()})


def in_languages(*spoken: str, **fields: Any) -> Mailing:
    """A mailing in Russian, English and German, to somebody for each language that is spoken."""
    mailing = mailing_to(0, **fields)
    translate(mailing.message, **TEXTS)
    for language in spoken:
        RecipientFactory.create(owner=mailing.owner, language=language)
    return mailing


def read_by(directory: Path) -> dict[str, str]:
    """The language of each letter that was sent, by its address."""
    found = {}
    for file in (directory / "outbox").glob("*.eml"):
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = letter.get_body(("html",))
        assert body is not None
        text = body.get_content()
        address = str(letter["To"]).rpartition("<")[2].rstrip(">")
        assert address not in found
        found[address] = next(code for word, code in WORDS.items() if word in text)
    return found


def expected(mailing: Mailing, **languages: str) -> dict[str, str]:
    """Who speaks what gets which language."""
    people = Recipient.objects.filter(owner=mailing.owner).values_list("email", "language")
    return {str(email): languages[spoken or "none"] for email, spoken in people}


@pytest.mark.parametrize("other", ["fallback", "leave_out"])
def test_of_a_thousand_each_gets_exactly_the_letter_in_their_language(
    tmp_path: Path, other: str
) -> None:
    mailing = in_languages(other_languages=other)
    spoken = ["ru", "en", "de", ""]
    Recipient.objects.bulk_create(
        Recipient(
            owner=mailing.owner, email=f"p{at}@example.org", full_name="P", language=spoken[at % 4]
        )
        for at in range(1000)
    )

    run = send(mailing)

    everybody = expected(mailing, ru="ru", en="en", de="de", none="ru")
    if other == "leave_out":
        nobodys = set(
            Recipient.objects.filter(owner=mailing.owner, language="").values_list(
                "email", flat=True
            )
        )
        everybody = {email: code for email, code in everybody.items() if email not in nobodys}
    assert read_by(tmp_path) == everybody
    left = 250 if other == "leave_out" else 0
    assert (run.sent, run.left_no_language, run.suppressed) == (1000 - left, left, left)
    assert_equation(run)
    rows = Delivery.objects.filter(run=run, left_out="")
    versions = Counter(rows.values_list("recipient__language", "content_version"))
    wanted = {("ru", 1): 250, ("de", 2): 250, ("en", 3): 250}
    assert versions == wanted | ({} if left else {("", 1): 250})


def test_a_variety_gets_its_own_language_or_the_base_of_it(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    translate(mailing.message, en=TEXTS["en"], **{"en-gb": {**TEXTS["en"], "html": "<p>Hi!</p>"}})
    for language in ("en-us", "en-gb", "ru-ru", "fr", "enm"):
        RecipientFactory.create(owner=mailing.owner, language=language, email=f"{language}@x.org")
    send(mailing)
    assert read_by(tmp_path) == {
        "en-us@x.org": "en",
        "en-gb@x.org": "en2",
        "ru-ru@x.org": "ru",
        "fr@x.org": "ru",
        "enm@x.org": "ru",
    }


def test_a_missing_text_refuses_the_start_only_where_somebody_would_get_it() -> None:
    mailing = in_languages("ru", "en")
    translate(mailing.message, en=TEXTS["en"], de={"subject": "Neues"})
    run = send(mailing)
    assert run.sent == 2

    late = in_languages("ru", "de")
    translate(late.message, en=TEXTS["en"], de={"subject": "Neues"})
    with pytest.raises(TranslationMissing) as caught:
        send(late)
    assert caught.value.code == "translation_missing"
    assert "2" in str(caught.value) and "3" in str(caught.value)
    assert not Run.objects.filter(mailing=late).exists()


def test_a_text_that_is_older_than_the_message_is_sent(tmp_path: Path) -> None:
    mailing = in_languages("en")
    mailing.message.html = "<p>Добрый день</p>"
    mailing.message.save()
    send(mailing)
    assert list(read_by(tmp_path).values()) == ["en"]


def test_who_is_left_out_must_know_the_language_of_the_message() -> None:
    mailing = mailing_to(1, other_languages="leave_out")
    with pytest.raises(Refused) as caught:
        send(mailing)
    assert caught.value.code == "language_unknown"


def test_with_one_language_alone_the_others_are_left_out() -> None:
    mailing = mailing_to(0, other_languages="leave_out")
    Message.objects.filter(pk=mailing.message_id).update(language="ru")
    RecipientFactory.create(owner=mailing.owner, language="ru-ru")
    RecipientFactory.create(owner=mailing.owner, language="en")
    run = send(mailing)
    assert (run.sent, run.left_no_language) == (1, 1)
    assert_equation(run)


def test_a_run_with_one_content_knows_of_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = mailing_to(3)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        run = send(mailing)
    sql = " ".join(query["sql"] for query in queries)
    assert "CASE mailings_delivery.content_version" not in sql
    assert "choice" not in run.content and newest_versions(run) is None
    assert not run.contents.exists()


def test_a_letter_that_is_tried_again_is_the_letter_that_was_tried_first(tmp_path: Path) -> None:
    mailing = in_languages("en", "ru")
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    Recipient.objects.filter(owner=mailing.owner).update(language="de")
    DispatchService().work_until(launched.run_id, threading.Event())
    assert sorted(read_by(tmp_path).values()) == ["en", "ru"]


def test_a_killed_worker_leaves_everybody_their_language(tmp_path: Path) -> None:
    mailing = in_languages("en", "de", "ru")
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    run = Run.objects.get(pk=launched.run_id)
    Run.objects.filter(pk=run.pk).update(state="processing")
    before = dict(Delivery.objects.filter(run=run).values_list("pk", "content_version"))
    worker = MortalWorker(run, tmp_path)
    claimed = worker.claims(2)
    worker.dies()
    assert {one.delivery_id: one.content_version for one in claimed}.items() <= before.items()


def half_sent(declare: Declare, clock: ShiftedClock, *spoken: str) -> tuple[Mailing, Run]:
    """A paused run of which three have their letter."""
    declare(per_minute=3)
    clock.to_whole_hour()
    mailing = in_languages(*spoken)
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    service.work_until(launched.run_id, threading.Event())
    service.pause(mailing_id=mailing.pk)
    return mailing, Run.objects.get(pk=launched.run_id)


def test_an_edit_in_a_pause_reaches_the_rest_in_their_languages(
    declare: Declare, clock: ShiftedClock, tmp_path: Path
) -> None:
    mailing, run = half_sent(declare, clock, "ru", "en", "de", "ru", "en", "de")
    first = read_by(tmp_path)
    assert sorted(first.values()) == ["de", "en", "ru"]
    mailing.message.html = "<p>Добрый день</p>"
    mailing.message.save()
    translate(mailing.message, en={**TEXTS["en"], "html": "<p>Hi!</p>"}, de=TEXTS["de"])

    service = DispatchService()
    assert service.replace_content(mailing_id=mailing.pk) == 3
    with pytest.raises(Refused):
        service.replace_content(mailing_id=mailing.pk)  # nothing has changed since
    clock.forward(minutes=2)
    service.resume(mailing_id=mailing.pk)
    service.work_until(run.pk, threading.Event())

    rest = {email: code for email, code in read_by(tmp_path).items() if email not in first}
    assert sorted(rest.values()) == ["de", "en2", "ru2"]
    run.refresh_from_db()
    assert_equation(run)
    versions = Delivery.objects.filter(run=run).order_by("content_version")
    assert list(versions.values_list("content_version", flat=True)) == [1, 2, 3, 4, 5, 6]
    for delivery in Delivery.objects.filter(run=run).select_related("run", "recipient"):
        content = content_for(delivery)
        assert content is not None
        assert content["language"] == delivery.recipient.language


def test_a_language_of_a_frozen_run_cannot_be_taken_away(
    declare: Declare, clock: ShiftedClock
) -> None:
    mailing, _run = half_sent(declare, clock, "ru", "en", "de", "en")
    MessageTranslation.objects.filter(message=mailing.message, language="de").delete()
    with pytest.raises(LanguagesChanged) as caught:
        DispatchService().replace_content(mailing_id=mailing.pk)
    assert caught.value.code == "languages_changed"


def test_somebody_added_later_gets_their_language(tmp_path: Path) -> None:
    mailing = in_languages("ru")
    run = send(mailing)
    late = RecipientFactory.create(owner=mailing.owner, language="de-at")
    service = DispatchService()
    service.add_recipient(mailing_id=mailing.pk, recipient_id=late.pk)
    service.work_until(run.pk, threading.Event())
    assert read_by(tmp_path)[late.email or ""] == "de"
    run.refresh_from_db()
    assert_equation(run)


def test_a_message_to_one_person_has_one_content_in_the_language_of_the_person(
    tmp_path: Path,
) -> None:
    mailing = in_languages("de", kind="transactional", everyone=False)
    mailing.recipients.set(Recipient.objects.filter(owner=mailing.owner))
    launched = DispatchService().launch_transactional(mailing_id=mailing.pk, trigger="api")
    run = Run.objects.get(pk=launched.run_id)
    assert (run.content["language"], run.contents.count()) == ("de", 0)
    DispatchService().work_until(run.pk, threading.Event())
    assert list(read_by(tmp_path).values()) == ["de"]


def test_a_language_that_was_not_whole_at_the_start_is_none_later() -> None:
    mailing = in_languages("ru", other_languages="leave_out")
    translate(mailing.message, en=TEXTS["en"], de={"subject": "Neues"})
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    for language in ("de", "en"):
        RecipientFactory.create(owner=mailing.owner, language=language)
    freeze_audience(launched.run_id)
    run = Run.objects.get(pk=launched.run_id)
    assert (run.pending, run.left_no_language) == (2, 1)
    assert_equation(run)


def test_the_page_in_the_browser_shows_the_letter_that_was_sent() -> None:
    mailing = in_languages("de", "ru")
    run = send(mailing)
    texts = {"de": "Hallo!", "ru": "Здравствуйте"}
    for delivery in Delivery.objects.filter(run=run).select_related("recipient"):
        shown = letter_of(delivery.pk)
        assert texts[delivery.recipient.language] in shown.content.html
        assert shown.language == delivery.recipient.language


def test_a_rule_from_before_there_were_languages_is_read() -> None:
    owner = UserFactory.create()
    mailing = mailing_to(1, owner=owner)
    kept = dict(send(mailing).rule or {})
    del kept["languages"]
    assert Rule.from_json(kept).languages == ()
