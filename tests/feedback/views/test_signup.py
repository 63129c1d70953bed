"""The public page of a form: one answer for everybody, nothing trusted, nothing given away."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.feedback.models import Signup, SignupCounts
from apps.feedback.services.signups import domains, proof
from apps.feedback.views import public
from apps.feedback.views import signup as view
from apps.mailings.models import AttributeDefinition, Delivery, Recipient, SignupForm
from apps.mailings.services.permission.forms import close, publish, save_consent_text
from tests.factories import RecipientFactory, SuppressionFactory
from tests.feedback.signups import list_of, live_form, solution_of, version_of

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PADDED", 0)
    monkeypatch.setattr(proof, "USUAL_WORK", 50)


def url(form: SignupForm) -> str:
    return f"/f/{form.slug}/"


def post(form: SignupForm, headers: Any = None, **values: Any) -> Any:
    values = {"email": "anna@example.org", **values}
    return Client(enforce_csrf_checks=True).post(url(form), values, headers=headers or {})


def proved(form: SignupForm) -> dict[str, str]:
    """What a page sends whose browser has solved the challenge while somebody typed."""
    with time_machine.travel(timezone.now() - timedelta(seconds=10)):
        challenge = Client().get(f"{url(form)}challenge/").json()
    token = challenge.pop("token")
    return {"token": token, "altcha": solution_of(challenge)}


def test_the_page_shows_the_form_and_nothing_is_kept_by_it() -> None:
    form = live_form(texts={"en": {"title": "Coffee news", "intro": "Once a week."}})
    response = Client().get(url(form))
    page = response.content.decode()
    assert response.status_code == 200 and "Coffee news" in page and "Once a week." in page
    assert not response.cookies and not Signup.objects.exists()
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("who", ["unknown", "known", "subscribed before", "suppressed", "robot"])
def test_everybody_gets_the_same_answer(who: str) -> None:
    form = live_form()
    values = {"homepage": "spam"} if who == "robot" else {}
    if who == "known":
        RecipientFactory.create(owner=form.owner, email="anna@example.org")
    if who == "subscribed before":
        post(form)
    if who == "suppressed":
        SuppressionFactory.create(owner=form.owner, address="anna@example.org")
    response = post(form, **values)
    assert response.status_code == 200
    assert "If this address can be subscribed" in response.content.decode()
    assert len(response.cookies["signup"].value) > 60
    cookie = response.cookies["signup"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/c/", True, "Lax")


def test_the_answer_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PADDED", 0.3)
    form = live_form()
    for values in ({}, {}, {"homepage": "spam"}):
        started = time.monotonic()
        post(form, **values)
        assert time.monotonic() - started >= 0.3


def test_a_robot_is_counted_and_no_sign_up() -> None:
    form = live_form()
    post(form, homepage="x")
    assert not Signup.objects.exists()
    assert SignupCounts.objects.get(form=form).robots == 1


def test_a_form_elsewhere_needs_no_csrf_token_and_keeps_where_it_stood() -> None:
    form = live_form()
    post(form, headers={"Referer": "https://shop.example.org/about", "User-Agent": "Firefox"})
    signup = Signup.objects.get()
    assert (signup.page, signup.user_agent) == ("https://shop.example.org/about", "Firefox")
    assert signup.ip == "127.0.0.1" and not signup.proved


def test_a_form_may_lead_to_a_page_of_its_owner() -> None:
    form = live_form(redirect_url="https://shop.example.org/thanks?a=1")
    response = post(form)
    assert (response.status_code, response["Location"]) == (303, form.redirect_url)
    assert "form-action 'self' https://shop.example.org" in response["Content-Security-Policy"]
    assert post(form, headers=JSON).json()["redirect"] == form.redirect_url


def test_only_declared_sites_may_frame_it_and_read_its_answers() -> None:
    shop, other = "https://shop.example.org", "https://other.example.org"
    form = live_form(origins=[shop])
    page = Client().get(url(form))
    assert f"frame-ancestors 'self' {shop}" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in page
    for path in (url(form), f"{url(form)}challenge/"):
        method = Client().post if path == url(form) else Client().get
        allowed = method(path, headers={"Origin": shop})
        assert allowed["Access-Control-Allow-Origin"] == shop and "Origin" in allowed["Vary"]
        refused = method(path, headers={"Origin": other})
        assert "Access-Control-Allow-Origin" not in refused
        assert "Access-Control-Allow-Credentials" not in allowed


def test_a_form_without_declared_sites_may_be_read_by_any() -> None:
    form = live_form()
    assert post(form, headers={"Origin": "https://a.example"})["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in Client().get(url(form))


def test_a_good_proof_opens_the_quick_lane_and_a_replayed_one_is_refused() -> None:
    form = live_form()
    values = proved(form)
    assert post(form, **values).status_code == 200
    assert Signup.objects.get().proved
    again = post(form, headers=JSON, email="bob@example.org", **values)
    assert (again.status_code, again.json()["code"]) == (400, "proof_used")
    assert Signup.objects.count() == 1


def test_a_form_that_requires_a_proof_refuses_without_one() -> None:
    form = live_form(proof="require")
    response = post(form, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "proof_needed")
    assert "JavaScript" in post(form).content.decode()
    assert post(form, **proved(form)).status_code == 200


def test_a_form_that_is_filled_in_at_once_goes_in_the_slow_lane() -> None:
    form = live_form()
    challenge = Client().get(f"{url(form)}challenge/").json()
    token = challenge.pop("token")
    post(form, token=token, altcha=solution_of(challenge))
    assert not Signup.objects.get().proved


def test_an_old_page_is_shown_again_with_what_was_entered() -> None:
    form = live_form()
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        token = Client().get(f"{url(form)}challenge/").json()["token"]
    response = post(form, token=token)
    assert response.status_code == 400 and "anna@example.org" in response.content.decode()
    assert post(form, headers=JSON, token=token).json()["code"] == "form_stale"


def test_what_was_shown_is_what_was_consented_to() -> None:
    form = live_form()
    with time_machine.travel(timezone.now() - timedelta(minutes=1)):
        token = Client().get(f"{url(form)}challenge/").json()["token"]
    old = version_of(form)
    form.title = "Other"
    form.save()
    assert publish(form=form, now=timezone.now()) != old
    post(form, token=token)
    assert Signup.objects.get().version == old


def test_a_box_a_text_none_ticked_and_all_needed() -> None:
    form = live_form()
    for key in ("data", "ads"):
        save_consent_text(owner=form.owner, key=key, texts={"en": f"I agree to {key}."})
    form.consent_texts = ["data", "ads"]
    form.save()
    version = publish(form=form, now=timezone.now())
    page = Client().get(url(form)).content.decode()
    assert page.count('type="checkbox"') == 2 and "checked" not in page
    one = post(form, **{"consent-data": "on"})
    assert one.status_code == 400 and "Tick this box" in one.content.decode()
    assert post(form, **{"consent-data": "on", "consent-ads": "on"}).status_code == 200
    boxes = version.shown["languages"]["en"]["consents"]
    assert Signup.objects.get().texts == [box["id"] for box in boxes]


def test_people_choose_among_the_lists_and_no_other_is_taken() -> None:
    form = live_form(offered="choice")
    more, other = list_of(form.owner, "More"), list_of(form.owner, "Other")
    form.lists.add(more)
    publish(form=form, now=timezone.now())
    assert post(form).status_code == 400
    assert post(form, lists=[str(other.pk)]).status_code == 400
    assert post(form, lists=[str(more.pk)]).status_code == 200
    assert Signup.objects.get().lists == [more.pk]


def test_fields_are_read_as_their_kinds_and_wait_for_the_confirmation() -> None:
    form = live_form()
    for name, kind in (("age", "number"), ("born", "date"), ("vip", "bool"), ("size", "choice")):
        AttributeDefinition.objects.create(
            owner=form.owner, name=name, kind=kind, choices=["S", "M"], public=True
        )
    names = ("full_name", "age", "born", "vip", "size")
    form.fields = [{"name": name, "required": False} for name in names]
    form.save()
    publish(form=form, now=timezone.now())
    wrong = {"field-age": "old", "field-born": "31.02.2000", "field-size": "XXL"}
    errors = post(form, headers=JSON, **wrong).json()["errors"]
    assert set(errors) == set(wrong)
    typed = {"full_name": "Anna", "field-age": "33", "field-born": "2000-05-06"}
    post(form, **typed, **{"field-vip": "on", "field-size": "M"})
    assert Signup.objects.get().typed == {
        "full_name": "Anna",
        "age": 33,
        "born": "2000-05-06",
        "vip": True,
        "size": "M",
    }
    assert Recipient.objects.get().attributes == {}


@pytest.mark.parametrize("address", ["", "nobody", "a@b", "аnna@example.org", "x" * 300 + "@a.org"])
def test_what_is_no_address_is_said_so(address: str) -> None:
    response = post(live_form(), email=address)
    assert response.status_code == 400 and not Signup.objects.exists()
    assert 'aria-invalid="true"' in response.content.decode()


def test_throwaway_addresses_are_refused_held_or_taken() -> None:
    form, address = live_form(), "a@mailinator.com"
    assert post(form, headers=JSON, email=address).json()["code"] == "mail_domain_disposable"
    SignupForm.objects.update(disposable="hold")
    assert post(form, email=address).status_code == 200
    assert Signup.objects.get().code == "disposable"
    Signup.objects.all().delete()
    SignupForm.objects.update(disposable="allow")
    post(form, email=address)
    assert Signup.objects.get().state == "waiting"


@pytest.mark.parametrize(
    ("answer", "status", "unchecked"),
    [("yes", 200, False), ("no", 400, None), ("unknown", 200, True)],
)
def test_a_domain_that_takes_no_mail_is_said_so(
    monkeypatch: pytest.MonkeyPatch, answer: str, status: int, unchecked: bool | None
) -> None:
    form = live_form()
    SignupForm.objects.update(check_mx=True)
    monkeypatch.setattr(domains.DnsLookup, "takes_mail", lambda *_: domains.Mail(answer))
    assert post(form).status_code == status
    assert Signup.objects.values_list("unchecked", flat=True).first() is unchecked


@pytest.mark.parametrize("state", ["draft", "closed"])
def test_a_form_that_is_not_live_takes_nobody(state: str) -> None:
    form = live_form()
    SignupForm.objects.update(state=state)
    status = 404 if state == "draft" else 410
    assert Client().get(url(form)).status_code == status
    assert post(form).status_code == status
    if state == "closed":
        assert post(form, headers=JSON).json()["code"] == "form_closed"
    assert not Signup.objects.exists()


def test_a_closed_form_has_no_script_and_no_challenge() -> None:
    form = live_form()
    script = Client().get(f"{url(form)}embed.js")
    assert script["Content-Type"].startswith("text/javascript") and len(script.content) <= 4096
    assert not script.cookies
    close(form=form)
    assert Client().get(f"{url(form)}embed.js").status_code == 404
    assert Client().get(f"{url(form)}challenge/").status_code == 404


def test_the_form_speaks_the_visitors_language_or_its_own() -> None:
    form = live_form(texts={"en": {"title": "News"}, "ru": {"title": "Новости"}})
    assert "Новости" in Client().get(url(form), headers={"Accept-Language": "ru"}).content.decode()
    assert "News" in Client().get(f"{url(form)}?lang=en").content.decode()
    only = live_form(texts={"ru": {"title": "Новости"}})
    page = Client().get(url(only), headers={"Accept-Language": "en"})
    assert page["Content-Language"] == "ru" and 'lang="ru"' in page.content.decode()
    post(only)
    assert Signup.objects.get().language == "ru"


def test_when_too_many_wait_the_next_is_asked_to_try_again() -> None:
    form = live_form()
    taken = 0
    while public._PLACES.acquire(blocking=False):
        taken += 1
    try:
        response = post(form)
        assert (response.status_code, response["Retry-After"]) == (503, "1")
    finally:
        for _ in range(taken):
            public._PLACES.release()
    assert post(form).status_code == 200


def test_the_address_is_brought_into_its_form() -> None:
    post(live_form(), email=" Anna@Example.ORG ")
    assert Delivery.objects.get().address == "anna@example.org"
    cache.clear()
