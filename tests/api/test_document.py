"""The OpenAPI document, and every route held against it by random calls."""

from __future__ import annotations

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
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from apps.api.docs import NOT_KEPT
from apps.api.urls import api
from tests.api.conftest import Voice

schema = schemathesis.openapi.from_dict(dict(api.get_openapi_schema()))
schema.app = get_wsgi_application()


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A real server closes connections between requests; here they hold the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
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
            told = {str(status): answer for status, answer in operation["responses"].items()}
            assert {"401", "403", "422", "429", "500"} <= told.keys(), path
            for status in filter(lambda status: int(status) >= 400, told):
                shape = told[status]["content"]["application/json"]["schema"]
                assert shape["$ref"].endswith("/Problem"), (path, status)
            names = {parameter["name"] for parameter in operation["parameters"]}
            assert ("Idempotency-Key" in names) is (
                method == "post" and not path.startswith(NOT_KEPT)
            ), path


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
