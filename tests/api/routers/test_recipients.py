"""Recipients over the API, and through them what holds for every route."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.api.models import IdempotentCall
from apps.mailings.models import AttributeDefinition, Recipient
from apps.mailings.services.importing import page_imports
from tests.api.conftest import Voice
from tests.factories import DeliveryFactory, RecipientFactory, SuppressionFactory, TagFactory

pytestmark = pytest.mark.django_db
LIST = "/api/recipients/"


def test_a_recipient_comes_into_being_is_changed_and_goes(anna: Voice) -> None:
    made = anna.post(
        LIST,
        {
            "email": "  Anna.Two@Example.org ",
            "phone": "79161234567",
            "full_name": "Анна Вторая",
            "attributes": {"city": "Омск"},
            "tags": ["vip", "spring"],
        },
    )
    assert made.status_code == 201, made.json()
    body = made.json()
    assert body["email"] == "anna.two@example.org"
    assert body["operator_code"] == "916"
    assert body["tags"] == ["spring", "vip"]
    one = f"{LIST}{body['id']}/"
    changed = anna.patch(one, {"full_name": "Анна", "tags": ["vip"]}).json()
    assert (changed["full_name"], changed["tags"]) == ("Анна", ["vip"])
    assert changed["phone"] == "79161234567"
    replaced = anna.put(one, {"phone": "79251112233"}).json()
    assert (replaced["email"], replaced["operator_code"], replaced["tags"]) == (None, "925", [])
    assert anna.delete(one).json() == {"deleted": 1, "archived": 0}
    assert anna.get(one).status_code == 404


def test_a_refusal_to_be_measured_is_given_and_stays(anna: Voice) -> None:
    made = anna.post(LIST, {"email": "no@example.org", "unmeasured": True}).json()
    one = f"{LIST}{made['id']}/"
    assert made["unmeasured"] is True
    assert anna.patch(one, {"full_name": "Anna"}).json()["unmeasured"] is True
    assert anna.put(one, {"email": "no@example.org"}).json()["unmeasured"] is True
    back = anna.patch(one, {"unmeasured": False})
    assert (back.status_code, back.json()["code"]) == (409, "measuring_refused")
    other = anna.post(LIST, {"email": "yes@example.org"}).json()
    assert other["unmeasured"] is False
    assert anna.patch(f"{LIST}{other['id']}/", {"unmeasured": True}).json()["unmeasured"] is True
    rows = [{"email": "no@example.org"}, {"email": "new@example.org", "unmeasured": True}]
    anna.post(f"{LIST}bulk/", {"items": rows})
    assert Recipient.objects.filter(unmeasured=True).count() == 3


def test_one_that_was_written_to_is_archived(anna: Voice) -> None:
    delivery = DeliveryFactory.create(recipient=RecipientFactory.create(owner=anna.user))
    one = f"{LIST}{delivery.recipient_id}/"
    assert anna.delete(one).json() == {"deleted": 0, "archived": 1}
    assert anna.get(one).json()["archived_at"] is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"email": "nonsense"}, "email"),
        ({"phone": "123"}, "phone"),
        ({"email": "a@example.org", "time_zone": "Mars/Base"}, "time_zone"),
        ({"email": "a@example.org", "owner": 1}, "owner"),
        ({"email": "a@example.org", "owner_id": 1}, "owner_id"),
        ({"email": "a@example.org", "id": 1}, "id"),
        ({"email": "a@example.org", "archived_at": None}, "archived_at"),
        ({"email": "a@example.org", "full_name": "a\x00b"}, "full_name"),
        ({"email": "a@example.org", "attributes": {"not a name": "x"}}, "attributes.not a name"),
        ({"email": "a@example.org", "tags": [""]}, "tags.0"),
        ({"email": "taken@example.org"}, ""),
    ],
)
def test_what_is_wrong_is_reported_by_field(anna: Voice, body: object, field: str) -> None:
    RecipientFactory.create(owner=anna.user, email="taken@example.org")
    answer = anna.post(LIST, body)
    assert answer.status_code == 422
    answer_body = answer.json()
    assert answer_body["code"] == "invalid"
    assert any(error["field"].startswith(field) for error in answer_body["errors"]), answer_body
    assert Recipient.objects.count() == 1


@pytest.mark.parametrize("raw", ["{", "[]", '"x"', "null", '{"full_name": "\\ud800"}'])
def test_a_body_that_is_no_object_is_an_error_of_the_caller(anna: Voice, raw: str) -> None:
    headers = {"Authorization": f"Bearer {anna.secret}"}
    answer = Client().post(LIST, raw, content_type="application/json", headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("bad_request", "invalid")


def test_a_strangers_recipient_is_not_there_and_a_managers_hand_is_stayed(
    anna: Voice, bob: Voice, mary: Voice
) -> None:
    recipient = RecipientFactory.create(owner=anna.user)
    one = f"{LIST}{recipient.pk}/"
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert bob.call(method, one, {"email": "x@example.org"}).status_code == 404
    assert mary.get(one).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        assert mary.call(method, one, {"email": "x@example.org"}).status_code == 403
    recipient.refresh_from_db()
    assert recipient.email != "x@example.org"
    assert bob.get(LIST).json()["count"] == 0
    assert mary.get(LIST).json()["count"] == 1


def test_filters_find_what_they_say(anna: Voice) -> None:
    vip = TagFactory.create(owner=anna.user, name="vip")
    first = RecipientFactory.create(owner=anna.user, email="first@example.org", full_name="Ёлка")
    first.tags.add(vip)
    second = RecipientFactory.create(owner=anna.user, email=None, phone="79161234567")
    third = RecipientFactory.create(owner=anna.user, email="third@example.org")
    SuppressionFactory.create(owner=anna.user, address="third@example.org")

    def found(query: str) -> list[int]:
        return [item["id"] for item in anna.get(f"{LIST}?{query}").json()["items"]]

    assert found("tag=vip") == [first.pk]
    assert found("search=ёлка") == [first.pk]
    assert found("search=first@") == [first.pk]
    assert found("operator_code=916") == [second.pk]
    assert found("channel=phone") == [second.pk]
    assert found("channel=email") == [third.pk, first.pk]
    assert found("state=suppressed") == [third.pk]
    SuppressionFactory.create(owner=anna.user, channel="phone", address="79161234567")
    assert found("state=suppressed") == [third.pk, second.pk]
    assert [item["is_suppressed"] for item in anna.get(LIST).json()["items"]] == [True, True, False]
    assert found("state=archived") == []
    assert anna.get(f"{LIST}?state=nonsense").status_code == 422


def test_pages_follow_each_other_without_a_gap(anna: Voice) -> None:
    ids = [row.pk for row in RecipientFactory.create_batch(7, owner=anna.user)]
    seen: list[int] = []
    cursor = ""
    while True:
        page = anna.get(f"{LIST}?limit=3{cursor}").json()
        assert (page["count"], page["count_is_estimate"]) == (7, False)
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ids[::-1]
    assert anna.get(f"{LIST}?limit=501").status_code == 422
    for forged in ("x", "%00", "LTE", "🙂"):
        answer = anna.get(f"{LIST}?cursor={forged}")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_a_list_costs_the_same_for_one_row_and_for_many(
    anna: Voice, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    RecipientFactory.create_batch(20, owner=anna.user)
    anna.get(LIST)
    with django_assert_num_queries(5):  # the token, the right to see all, rows, tags, count
        assert len(anna.get(LIST).json()["items"]) == 20


def test_the_same_call_with_the_same_key_is_done_once(anna: Voice) -> None:
    body = {"email": "once@example.org"}
    first = anna.post(LIST, body, Idempotency_Key="k1")
    again = anna.post(LIST, body, Idempotency_Key="k1")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again["Idempotent-Replay"] == "true"
    assert Recipient.objects.count() == 1


def test_the_same_key_for_another_call_is_refused(anna: Voice, bob: Voice) -> None:
    anna.post(LIST, {"email": "one@example.org"}, Idempotency_Key="k1")
    answer = anna.post(LIST, {"email": "two@example.org"}, Idempotency_Key="k1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert bob.post(LIST, {"email": "b@example.org"}, Idempotency_Key="k1").status_code == 201


def test_a_key_whose_first_call_is_not_answered_is_a_conflict(anna: Voice) -> None:
    anna.post(LIST, {"email": "one@example.org"}, Idempotency_Key="k1")
    IdempotentCall.objects.update(status=0, body="")
    answer = anna.post(LIST, {"email": "one@example.org"}, Idempotency_Key="k1")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")


def test_a_refusal_leaves_the_key_free(anna: Voice) -> None:
    assert anna.post(LIST, {"email": "wrong"}, Idempotency_Key="k1").status_code == 422
    assert anna.post(LIST, {"email": "a@example.org"}, Idempotency_Key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "я"])
def test_a_key_that_is_none_is_refused(anna: Voice, key: str) -> None:
    answer = anna.post(LIST, {"email": "a@example.org"}, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_unfit")


def test_too_many_calls_in_a_minute_must_wait(
    anna: Voice, bob: Voice, settings: LazySettings
) -> None:
    settings.API_RATE_PER_MINUTE = 2
    statuses = [anna.get(LIST).status_code for _number in range(3)]
    assert 429 in statuses or anna.get(LIST).status_code == 429  # a minute may have begun
    answer = [anna.get(LIST) for _number in range(3)][-1]
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert bob.get(LIST).status_code == 200


@pytest.mark.parametrize("path", ["/api/nothing/", "/api/recipients/x/", "/auth/nothing"])
def test_what_is_not_there_is_reported_in_json(anna: Voice, path: str) -> None:
    answer = anna.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_method_that_is_not_there_is_reported_in_json(anna: Voice) -> None:
    answer = anna.call("PATCH", LIST)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/recipients/{n}/",
        "/api/mailings/{n}/runs/",
        "/api/runs/{n}/deliveries/",
        "/mailings/{n}/runs/1/",
        "/mailings/1/runs/{n}/",
    ],
)
def test_a_number_that_no_row_can_have_is_not_found(anna: Voice, client: Client, path: str) -> None:
    assert anna.user is not None
    client.force_login(anna.user)
    assert anna.get(path.format(n=10**19)).status_code in (302, 404)  # a page knows no token
    assert client.get(path.format(n=10**19)).status_code == 404


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ({"email": "R0@Example.org"}, {"email": "r0@example.org"}),
        ({"email": "k@xn--80a1acny.xn--p1ai"}, {"email": "k@почта.рф"}),
        ({"email": "иван@example.org"}, {"email": "иван@example.org"}),
        ({"phone": "8 (916) 123-45-67"}, {"phone": "79161234567"}),
        ({"phone": 79161234567}, {"phone": "79161234567"}),
        ({"phone": "+47 21 23 45 67"}, {"phone": "+4721234567"}),
        ({"phone": "79161234567", "time_zone": "МСК+2"}, {"time_zone": "Asia/Yekaterinburg"}),
    ],
)
def test_addresses_have_one_form_at_every_entry(
    anna: Voice, typed: dict[str, object], stored: dict[str, str]
) -> None:
    made = anna.post(LIST, typed)
    assert made.status_code == 201
    assert made.json() | stored == made.json()
    path = f"{LIST}{made.json()['id']}/"
    again = {name: made.json()[name] for name in ("email", "phone") if made.json()[name]}
    assert anna.call("PATCH", path, {"comment": "x"}).status_code == 200
    after = anna.call("PATCH", path, again).json()
    assert (after["email"], after["phone"]) == (made.json()["email"], made.json()["phone"])
    bulk = anna.post(f"{LIST}bulk/", {"items": [typed]}).json()
    assert (bulk["updated"], bulk["rejected"]) == (1, 0)


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "аnna@example.org"},  # a Cyrillic а
        {"email": "a@[127.0.0.1]"},
        {"phone": "+7916000006"},
        {"phone": 123},
        {"phone": True},
        {"phone": "(212) 555-0100"},
    ],
)
def test_what_is_no_address_is_refused_at_every_entry(
    anna: Voice, typed: dict[str, object]
) -> None:
    assert anna.post(LIST, typed).status_code == 422
    assert anna.post("/api/send", {"message": 1, **typed}).status_code in (404, 422)
    bulk = anna.post(f"{LIST}bulk/", {"items": [typed]})
    assert bulk.status_code == 422 or bulk.json()["rejected"] == 1
    assert not Recipient.objects.exists()


def test_a_bad_value_of_a_row_is_reported_as_a_warning(anna: Voice) -> None:
    rows = [{"email": "a@example.org", "phone": "5", "time_zone": "Mars"}, {"phone": "5"}]
    done = anna.post(f"{LIST}bulk/", {"items": rows}).json()
    first, second = done["results"]
    assert (done["created"], done["rejected"]) == (1, 1)
    assert [one["code"] for one in first["warnings"]] == ["phone_not_taken", "time_zone_not_taken"]
    assert (second["code"], second["warnings"]) == ("bad_phone", [])


@pytest.mark.parametrize("text", ["half \\ud800 pair", "\\udc00"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{LIST}bulk/", '{"items": [{"email": "a@example.org", "full_name": "%s"}]}'),
        (f"{LIST}bulk/", '{"items": [{"email": "a@example.org", "attributes": {"x": "%s"}}]}'),
        (f"{LIST}bulk/", '{"items": [{"email": "a@example.org"}], "tags": ["%s"]}'),
        (LIST, '{"email": "a@example.org", "full_name": "%s"}'),
        ("/api/customers/", '{"phone": "79161234567", "tag": "%s"}'),
        ("/search", '{"query": "%s"}'),
    ],
)
def test_half_a_character_is_refused(anna: Voice, path: str, body: str, text: str) -> None:
    headers = {"Authorization": f"Bearer {anna.secret}"}
    answer = Client(raise_request_exception=False).generic(
        "POST", path, (body % text).encode(), content_type="application/json", headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_whole_pair_is_a_character(anna: Voice) -> None:
    assert anna.post(LIST, {"email": "a@example.org", "full_name": "\U0001f600"}).status_code == 201


def test_a_recipient_is_found_by_a_phone_in_any_form(anna: Voice) -> None:
    anna.post(LIST, {"phone": "+7 916 123-45-67"})
    for text in ("8 (916) 123", "+7 916", "79161234567", "8 916 123-45-67", "9161234567"):
        found = anna.get(f"{LIST}?search={quote(text)}").json()
        assert found["count"] == 1, text


def test_a_file_that_says_who_left_is_refused_until_somebody_decides(
    anna: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_imports, "in_background", lambda act, number: act(number))
    headers = {"Authorization": f"Bearer {anna.secret}"}

    def send(**fields: str) -> Any:
        file = SimpleUploadedFile("a.csv", b"email,status\na@example.org,unsubscribed\n")
        return Client().post(f"{LIST}import/", {"file": file, **fields}, headers=headers)

    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (422, "import_status_undecided")
    assert "status" in answer.json()["detail"]
    assert send(mapping='{"status": "status"}').status_code == 202
    assert send(mapping='{"status": "-"}', dry_run="true").status_code == 202


def test_an_attribute_may_be_a_list_of_objects(anna: Voice) -> None:
    bought = [{"name": "Tea", "price": 1.5}, {"name": "Jam", "price": None}]
    body = {"email": "anna@example.org", "attributes": {"orders": bought, "city": "Omsk"}}
    made = anna.post(LIST, body)
    assert (made.status_code, made.json()["attributes"]) == (201, body["attributes"])
    one = f"{LIST}{made.json()['id']}/"
    assert anna.patch(one, {"full_name": "Anna"}).json()["attributes"]["orders"] == bought
    assert anna.patch(one, {"attributes": {"orders": ["Tea"]}}).status_code == 422


def test_a_list_fits_no_field_of_another_kind(anna: Voice) -> None:
    assert anna.user is not None
    AttributeDefinition.objects.create(owner=anna.user, name="age", kind="number")
    body = {"email": "anna@example.org", "attributes": {"age": [{"a": 1}]}}
    answer = anna.post(LIST, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "attribute_misfit")
