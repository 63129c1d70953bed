"""Links that pass by a domain that does not lead here are lost for every reader."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from apps.delivery.doctor.link_domains import look_at_link_domains
from tests.http_service import HttpService, json_reply


def said(settings: LazySettings, url: str) -> list[tuple[str, str]]:
    settings.LINK_URL = url
    return [(str(one.level), one.words) for one in look_at_link_domains()]


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8000"])
def test_the_site_itself_is_no_domain_of_links(settings: LazySettings, url: str) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert said(settings, url) == []


@pytest.mark.parametrize(
    ("answer", "level", "text"),
    [
        ({"status": "ok"}, "ok", "{url}"),
        ({"status": "other"}, "wrong", "{url} answers, and is another site"),
    ],
)
def test_it_is_asked_whether_it_leads_here(
    settings: LazySettings, answer: dict[str, str], level: str, text: str
) -> None:
    with HttpService(json_reply(answer)) as service:
        assert said(settings, service.url) == [(level, text.format(url=service.url))]
        assert service.requests[0].path == "/healthz"


def test_another_site_without_json_is_another_site(settings: LazySettings) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"
    with HttpService(lambda request: [page]) as service:
        ((level, text),) = said(settings, service.url)
    assert (level, text) == ("wrong", f"{service.url} answers, and is another site")


def test_one_that_does_not_answer_is_said_with_what_to_do(settings: LazySettings) -> None:
    with HttpService(json_reply({})) as service:
        url = service.url
    settings.LINK_URL = url
    (found,) = look_at_link_domains()
    assert found.words.startswith(url) and "CNAME" in found.fix


def test_a_domain_that_is_not_allowed_leads_nowhere(settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = ["mail.example.org"]
    ((level, text),) = said(settings, "https://links.example.org")
    assert level == "wrong" and "ALLOWED_HOSTS" in text
