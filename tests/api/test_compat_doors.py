"""Every route of the phone notification service, tried by everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from django.utils import timezone

from apps.api.urls import api
from apps.mailings.models import Mailing, Recipient
from apps.users.models import ApiToken
from tests.api.conftest import Voice, voice_of
from tests.factories import MailingFactory, MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db

WHO: Final = ("nobody", "bob", "reader", "mary", "anna")
#: A stranger, the owner's token that only reads, a manager, the owner.
SEE_ONE = (401, 404, 200, 200, 200)
SEE = (401, 200, 200, 200, 200)
ADD = (401, 201, 403, 201, 201)
CHANGE = (401, 404, 403, 403, 200)

RULES: Final = {
    ("GET", "/api/customers/"): SEE,
    ("POST", "/api/customers/"): ADD,
    ("GET", "/api/customers/{pk}"): SEE_ONE,
    ("PUT", "/api/customers/{pk}"): CHANGE,
    ("DELETE", "/api/customers/{pk}"): CHANGE,
    ("GET", "/api/mailouts/"): SEE,
    ("POST", "/api/mailouts/"): ADD,
    ("GET", "/api/mailouts/status/stats"): SEE,
    ("GET", "/api/mailouts/{pk}"): SEE_ONE,
    ("PUT", "/api/mailouts/{pk}"): CHANGE,
    ("DELETE", "/api/mailouts/{pk}"): CHANGE,
    ("POST", "/api/mailouts/{pk}/messages"): (401, 404, 403, 403, 201),
    ("GET", "/api/mailouts/{pk}/messages/stats"): SEE_ONE,
    ("POST", "/search"): SEE,
}


def test_every_route_has_a_rule() -> None:
    routes = {
        (method.upper(), path)
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method, route in methods.items()
        if "(phone notifications)" in route["tags"][0]
    }
    assert routes == set(RULES)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("method", "path"), RULES)
def test_everybody_gets_the_answer_that_is_due(
    method: str, path: str, who: str, anna: Voice, bob: Voice, mary: Voice, nobody: Voice
) -> None:
    assert anna.user is not None
    later = timezone.now() + timedelta(hours=1)
    message = MessageFactory.create(owner=anna.user)
    mailing = MailingFactory.create(
        owner=anna.user,
        channel="phone",
        message=message,
        starts_at=later,
        ends_at=later + timedelta(days=1),
    )
    known = RecipientFactory.create(owner=anna.user, phone="79161234567")
    mailout: dict[str, Any] = {
        "start_at": mailing.starts_at.isoformat(),
        "finish_at": mailing.ends_at.isoformat(),
        "text": "Hello",
    }
    bodies = {
        "customers": {"phone": "79250000000"},
        "mailouts": {"customer_id": known.pk} if path.endswith("messages") else mailout,
        "search": {"query": "7916"},
    }
    body = next(body for name, body in bodies.items() if f"/{name}" in path)
    reader = voice_of(anna.user, ApiToken.Scope.READ)
    cast = {"nobody": nobody, "bob": bob, "reader": reader, "mary": mary, "anna": anna}
    number = known.pk if "customers" in path else mailing.pk
    answer = cast[who].call(method, path.format(pk=number), None if method == "GET" else body)
    expected = RULES[method, path][WHO.index(who)]
    assert answer.status_code == expected, answer.json()
    if expected >= 400:
        assert set(answer.json()) == {"code", "detail", "errors"}
        assert Mailing.objects.get(pk=mailing.pk).message.text == message.text
        assert Recipient.objects.get(pk=known.pk).phone == "79161234567"
    elif who == "bob" and method == "GET" and path.endswith("/"):
        assert answer.json()["items"] == []
