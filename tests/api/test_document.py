"""The OpenAPI document, and every route held against it by random calls.

With EVERY_EDGE in the environment every value at the edge of every field is tried, in minutes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import LazySettings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings
from ninja import Schema
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from apps.api.docs import NOT_KEPT
from apps.api.urls import api
from tests.api.conftest import Voice

schema = schemathesis.openapi.from_dict(dict(api.get_openapi_schema()))
schema.app = get_wsgi_application()
if "EVERY_EDGE" not in os.environ:
    schema.config.phases.update(phases=["examples", "fuzzing"])


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A real server closes connections between requests; here they hold the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(max_examples=5, suppress_health_check=list(HealthCheck), derandomize=True)
@pytest.mark.django_db
@pytest.mark.usefixtures("one_connection")
def test_every_route_keeps_what_the_document_says(
    case: Case[Any], anna: Voice, settings: LazySettings
) -> None:
    settings.API_RATE_PER_MINUTE = 1_000_000
    # A host that is none is turned away before any route is asked.
    for name in [name for name in case.headers or () if name.lower() == "host"]:
        del case.headers[name]
    headers = {"Authorization": f"Bearer {anna.secret}"}
    # What fits the schema may still name a message that is not there.
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])


def test_the_document_is_whole() -> None:
    """Words for every route, an error of the one shape for every status, keys on every POST."""
    document = api.get_openapi_schema()
    assert document["openapi"] == "3.1.0"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"] and operation["tags"], path
            body = {str(status): answer for status, answer in operation["responses"].items()}
            assert {"401", "403", "422", "429", "500"} <= body.keys(), path
            for status in filter(lambda status: int(status) >= 400, body):
                shape = body[status]["content"]["application/json"]["schema"]
                assert shape["$ref"].endswith("/Problem"), (path, status)
            names = {parameter["name"] for parameter in operation["parameters"]}
            assert ("Idempotency-Key" in names) is (
                method == "post" and not path.startswith(NOT_KEPT)
            ), path


def schemas() -> list[type[Schema]]:
    """Every class of the API that describes a body."""
    found, known = [Schema], set[type[Schema]]()
    while found:
        kind = found.pop()
        if kind not in known:
            known.add(kind)
            found += kind.__subclasses__()
    return [kind for kind in known if kind.__module__.startswith("apps.api")]


def test_no_name_of_the_document_stands_for_two_things() -> None:
    """The later of two would be reported for both."""
    names = Counter(kind.__name__ for kind in schemas())
    assert len(names) > 40
    assert [name for name, times in names.items() if times > 1] == []
    routes = [
        (path, method, operation["operationId"])
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method, operation in methods.items()
    ]
    assert len({name for _path, _method, name in routes}) == len(routes)


CONTENT = {"name", "subject", "preheader", "language", "text", "html", "document"}


@pytest.mark.parametrize(
    ("path", "method", "fields"),
    [
        ("/api/messages/", "post", CONTENT),
        ("/api/messages/{pk}/", "put", CONTENT | {"revision"}),
        ("/api/mailouts/{pk}/messages", "post", {"customer_id"}),
    ],
)
def test_messages_of_either_kind_are_described_as_they_are(
    path: str, method: str, fields: set[str]
) -> None:
    document = api.get_openapi_schema()
    body = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    name = body["$ref"].rpartition("/")[2]
    assert set(document["components"]["schemas"][name]["properties"]) == fields


def test_what_the_page_fills_in_can_be_sent_as_it_is() -> None:
    """A key would be the same for every call, and an empty filter reaches nobody."""
    document = api.get_openapi_schema()
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter["name"] == "Idempotency-Key":
                    assert not {"example", "examples"} & (parameter | parameter["schema"]).keys()
    (example,) = document["components"]["schemas"]["MailoutIn"]["properties"]["filter"]["examples"]
    assert all(example.values())


@pytest.mark.django_db
def test_the_document_is_for_everybody_or_for_those_who_have_signed_in(
    client: Client, anna: Voice, settings: LazySettings
) -> None:
    for page in ("/docs/", "/api/openapi.json"):
        assert client.get(page).status_code == 200
    settings.API_DOCS_PUBLIC = False
    assert client.get("/docs/").status_code == 302
    assert client.get("/api/openapi.json").status_code == 401
    assert anna.get("/api/openapi.json").status_code == 200
    assert anna.user is not None
    client.force_login(anna.user)
    assert client.get("/docs/").status_code == 200
