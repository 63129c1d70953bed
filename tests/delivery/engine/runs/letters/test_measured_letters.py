"""What a letter measures: its links, what counts openings, and who has said no."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from apps.core.site import site_url
from apps.delivery.engine.direct_send import send_test
from apps.delivery.engine.runs.control import replace_content
from apps.delivery.service import DispatchService
from apps.mailings.links import LetterRef, letter_of, view_url
from apps.mailings.models import Delivery, Mailing, Message, TrackedLink
from tests.delivery.engine.runs.audience.test_condition_bits import letters, person, work
from tests.delivery.engine.runs.letters.test_letters_of_blocks import launched, of_blocks
from tests.delivery.engine.runs.letters.test_view_in_browser import with_blocks
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

BASE = "https://links.example.org"
HTML = """<html><body><a href="https://shop.example/?a=1&amp;b=2">Shop</a>
<a href="https://blog.example/" data-track="off">Blog</a> <a href="mailto:a@example.org">mail</a>
<a href="https://shop.example/{{ city }}"><img src="https://p.example/1.png" alt="Near you"></a>
<a href="{{ unsubscribe_url }}">Leave</a> <a href="{{ preferences_url }}">Preferences</a>
<a href="{{ view_url }}">View</a> <a href="{{ address_of_theirs }}">Yours</a>
</body></html>"""
TRACKED = re.compile(rf"{BASE}/l/([\w-]{{32}})/(\d+)")
PIXEL = re.compile(rf'<img src="{BASE}/o/([\w-]{{32}})\.gif" alt="" width="1" height="1">')


@pytest.fixture(autouse=True)
def measured(settings: LazySettings) -> None:
    settings.TRACKING, settings.LINK_URL = "persons", BASE


def written(**fields: Any) -> Mailing:
    chosen = {key: fields.pop(key) for key in ("tracking", "tracking_text") if key in fields}
    mailing = mailing_to(0, **chosen)
    changes = {"html": HTML, "text": "", **fields}
    Message.objects.filter(pk=mailing.message_id).update(**changes)
    return mailing


def sent(directory: Path) -> EmailMessage:
    (file,) = (directory / "outbox").glob("*.eml")
    return message_from_bytes(file.read_bytes(), policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_links_lead_by_this_site_and_are_kept_with_where_they_lead(tmp_path: Path) -> None:
    mailing = written()
    person(mailing, attributes={"city": "Kazan"})
    run = work(launched(mailing))
    html = body(sent(tmp_path), "html")
    delivery = Delivery.objects.get(run=run)
    found = TRACKED.findall(html)
    assert [number for _token, number in found] == ["1", "2", "0"]
    assert {letter_of(token) for token, _number in found} == {LetterRef(delivery.pk, run.pk, 1)}
    rows = TrackedLink.objects.filter(run=run).values_list("version", "number", "address", "label")
    assert list(rows) == [
        (1, 1, "https://shop.example/?a=1&b=2", "Shop"),
        (1, 2, "https://shop.example/{{ city }}", "Near you"),
    ]
    assert PIXEL.findall(html) == [found[0][0]] and html.index('<img src="https://l') > html.index(
        "View"
    )
    for same in ("https://blog.example/", "mailto:a@example.org", view_url(delivery.pk, run.pk, 1)):
        assert f'"{same}"' in html
    assert f"{site_url()}/u/{found[0][0]}/" in html
    assert re.search(
        rf'{BASE}/l/[\w-]+/0" style="display:none" aria-hidden="true" tabindex="-1"', html
    )


def test_a_text_made_of_the_html_has_the_links_themselves(tmp_path: Path) -> None:
    mailing = written()
    person(mailing)
    work(launched(mailing))
    text = body(sent(tmp_path), "plain")
    assert "https://shop.example/?a=1&b=2" in text and BASE not in text


def test_a_letter_without_html_has_the_links_of_its_text_measured(tmp_path: Path) -> None:
    mailing = written(html="", text="Look: https://shop.example/a, and {{ unsubscribe_url }}")
    person(mailing)
    run = work(launched(mailing))
    text = body(sent(tmp_path), "plain")
    assert [number for _token, number in TRACKED.findall(text)] == ["1"] and "/o/" not in text
    assert TrackedLink.objects.get(run=run).address == "https://shop.example/a"


@pytest.mark.parametrize(("mine", "usual"), [(True, False), (None, True)])
def test_links_of_the_text_are_measured_by_choice(
    settings: LazySettings, tmp_path: Path, mine: bool | None, usual: bool
) -> None:
    settings.TRACKING_TEXT = usual
    text = "Shop: https://shop.example/?a=1&b=2, news: https://news.example/. {{ unsubscribe_url }}"
    mailing = written(text=text, tracking_text=mine)
    person(mailing, attributes={"city": "Kazan"})
    run = work(launched(mailing))
    letter = sent(tmp_path)
    found = TRACKED.findall(body(letter, "plain"))
    token = found[0][0]
    assert found == [(token, "1"), (token, "3")]
    assert f"news: {BASE}/l/{token}/3. {site_url()}/u/{token}/" in body(letter, "plain")
    assert [number for _token, number in TRACKED.findall(body(letter, "html"))] == ["1", "2", "0"]
    addresses = TrackedLink.objects.filter(run=run).values_list("number", "address")
    assert list(addresses)[-1] == (3, "https://news.example/")


@pytest.mark.parametrize(("mine", "usual"), [(False, True), (None, False)])
def test_and_not_where_that_is_not_chosen(
    settings: LazySettings, tmp_path: Path, mine: bool | None, usual: bool
) -> None:
    settings.TRACKING_TEXT = usual
    mailing = written(text="https://news.example/", tracking_text=mine)
    person(mailing)
    run = work(launched(mailing))
    assert BASE not in body(sent(tmp_path), "plain") and "tracking_text" not in run.content
    assert TrackedLink.objects.filter(run=run).count() == 2


def test_a_text_made_of_the_html_has_its_measured_links_by_choice(tmp_path: Path) -> None:
    mailing = written(tracking_text=True)
    anna, boris = person(mailing), person(mailing, unmeasured=True)
    run = work(launched(mailing))
    files = (tmp_path / "outbox").glob("*.eml")
    found = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]
    plain = {one["To"].addresses[0].addr_spec: body(one, "plain") for one in found}
    mine, theirs = plain[str(anna.email)], plain[str(boris.email)]
    assert [number for _token, number in TRACKED.findall(mine)] == ["1", "2"]
    assert BASE not in theirs and "https://shop.example/?a=1&b=2" in theirs
    assert TrackedLink.objects.filter(run=run).count() == 2


def test_who_has_said_no_has_plain_links(tmp_path: Path) -> None:
    mailing = written()
    anna = person(mailing, unmeasured=True)
    boris = person(mailing)
    work(launched(mailing))
    found = letters(tmp_path)
    assert (
        BASE not in found[str(anna.email)] and "https://shop.example/?a=1" in found[str(anna.email)]
    )
    assert BASE in found[str(boris.email)]


@pytest.mark.parametrize("mine", ["off", ""])
def test_where_nothing_is_measured_links_stay(
    settings: LazySettings, tmp_path: Path, mine: str
) -> None:
    settings.TRACKING = "persons" if mine else "off"
    mailing = written(tracking=mine)
    person(mailing)
    run = work(launched(mailing))
    assert BASE not in body(sent(tmp_path), "html")
    assert not TrackedLink.objects.exists() and "tracking" not in run.content


def test_totals_name_nobody(tmp_path: Path) -> None:
    mailing = written(tracking="totals")
    person(mailing), person(mailing)
    run = work(launched(mailing))
    tokens = {token for html in letters(tmp_path).values() for token, _n in TRACKED.findall(html)}
    assert [letter_of(token) for token in tokens] == [LetterRef(0, run.pk, 1)]


def test_a_mailing_may_not_choose_where_it_is_not_allowed_to(
    settings: LazySettings, tmp_path: Path
) -> None:
    settings.TRACKING_CHOICE = False
    mailing = written(tracking="off")
    person(mailing)
    work(launched(mailing))
    assert BASE in body(sent(tmp_path), "html")


def test_a_replaced_content_has_links_of_its_own(tmp_path: Path) -> None:
    mailing = written(tracking_text=True)
    person(mailing)
    run, service = launched(mailing), DispatchService()
    service.pause(mailing_id=mailing.pk)
    Message.objects.filter(pk=mailing.message_id).update(
        html='<a href="https://new.example/">N</a>'
    )
    replace_content(mailing.pk)
    service.resume(mailing_id=mailing.pk)
    work(run)
    assert list(
        TrackedLink.objects.filter(run=run, version=2).values_list("number", "address")
    ) == [(1, "https://new.example/")]
    (token, _number), _trap = TRACKED.findall(body(sent(tmp_path), "html"))
    assert f"{BASE}/l/{token}/1" in body(sent(tmp_path), "plain")
    found = letter_of(token)
    assert found is not None and (found.run_id, found.version) == (run.pk, 2)


def test_a_letter_of_blocks_has_its_links_with_their_blocks(tmp_path: Path) -> None:
    mailing = mailing_to(0)
    shop = {"type": "button", "id": "button0001", "label": "Shop", "link": "https://a.example/"}
    with_blocks(of_blocks(mailing), shop, {**shop, "id": "button0002", "label": "Again"})
    Mailing.objects.filter(pk=mailing.pk).update(utm={"source": "news"})
    person(mailing)
    run = work(launched(mailing))
    rows = TrackedLink.objects.filter(run=run).values_list("number", "block", "label")
    assert list(rows) == [(1, "button0001", "Shop"), (2, "button0002", "Again")]
    html = body(sent(tmp_path), "html")
    assert {number for _token, number in TRACKED.findall(html)} == {"0", "1", "2"}
    assert "https://a.example/" not in html
    for row in TrackedLink.objects.filter(run=run):
        assert row.address.startswith("https://a.example/?utm_source=news&utm_campaign=")


def test_its_page_and_a_test_message_are_not_measured(tmp_path: Path) -> None:
    mailing = written()
    person(mailing)
    run = work(launched(mailing))
    page = view_url(Delivery.objects.get(run=run).pk).removeprefix(site_url())
    shown = Client().get(page).content.decode()
    assert "https://shop.example/" in shown and BASE not in shown
    for file in (tmp_path / "outbox").glob("*.eml"):
        file.unlink()
    send_test(message_id=mailing.message_id, address="boss@example.org", account="email")
    assert BASE not in body(sent(tmp_path), "html")


def test_links_of_conditions_and_repeats_are_measured(tmp_path: Path) -> None:
    html = (
        '<p>{% if city == "Kazan" %}<a href="https://a.example/">A</a>{% else %}'
        '<a href="https://b.example/">B</a>{% endif %}{% for one in list %}'
        '<a href="https://c.example/">C</a><a href="https://d.example/{{ one }}">D</a>'
        "{% endfor %}</p>"
    )
    mailing = written(html=html)
    person(mailing, attributes={"city": "Kazan", "list": "x"})
    run = work(launched(mailing))
    found = body(sent(tmp_path), "html")
    assert [number for _token, number in TRACKED.findall(found)] == ["1", "3", "0"]
    assert "https://d.example/x" in found
    addresses = TrackedLink.objects.filter(run=run).values_list("address", flat=True)
    assert list(addresses) == ["https://a.example/", "https://b.example/", "https://c.example/"]
