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
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

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
    headers = {"Authorization": f"Bearer {anna.secret}"}
    # What fits the schema may still name a message that is not there.
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
