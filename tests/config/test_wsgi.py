"""The site under any WSGI server: config.wsgi."""

from __future__ import annotations

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.urls import reverse

from config.wsgi import application


@pytest.mark.django_db
def test_a_server_of_ones_own_choice_can_ask_the_site() -> None:
    environ: dict[str, Any] = {"PATH_INFO": reverse("favicon"), "HTTP_HOST": "testserver"}
    setup_testing_defaults(environ)
    message: list[str] = []

    def start(status: str, headers: Any, error: Any = None, /) -> Any:
        message.append(status)

    response: Any = application(environ, start)
    response.close()
    assert message == ["302 Found"]
