"""A thousand letters read over real HTTP: database, page, file and API say the same."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from unittest import mock
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.feedback.engagement import job
from apps.feedback.engagement.front import EngagementFront
from apps.feedback.engagement.spool import Spool
from apps.mailings.models import Delivery, Engagement, Message, Run, TrackedLink
from tests.delivery.engine.runs.audience.test_condition_bits import letters, work
from tests.delivery.engine.runs.letters.test_letters_of_blocks import launched
from tests.delivery.engine.workers import assert_equation
from tests.factories import mailing_to

pytestmark = [pytest.mark.django_db(transaction=True)]

LETTERS, OPENED, CLICKED, SCANNERS, APPLE = 1000, 200, 100, 120, 80
BROWSER: Final = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
HTML = "<html><body>%s</body></html>" % "".join(
    f'<a href="https://shop.example.org/{number}">Part {number}</a>' for number in (1, 2, 3)
)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing of it is printed."""


@pytest.fixture
def port(settings: LazySettings, tmp_path: Path) -> Iterator[int]:
    """Of a server that has the front before the site, on this machine."""
    settings.VAR_DIR = tmp_path
    settings.TRACKING, settings.LINK_URL = "persons", "https://links.example.org"
    spool = Spool()
    front = EngagementFront(get_wsgi_application(), spool)
    front._keeper = mock.Mock()  # the test counts, and nobody else
    with make_server("127.0.0.1", 0, front, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
    spool.close()


class Readers:
    """Those who react to letters: each asks the server as such a one does."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, path: str, agent: str, method: str = "GET") -> int:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request(method, path, headers={"User-Agent": agent})
        status = connection.getresponse().status
        connection.close()
        return status

    def opens(self, html: str, agent: str = BROWSER) -> None:
        (path,) = re.findall(r'"https://links\.example\.org(/o/[^"]+)"', html)
        assert self.ask(path, agent) == 200

    def follows(self, html: str, number: int, method: str = "GET") -> None:
        (path,) = re.findall(rf'"https://links\.example\.org(/l/[^"/]+/{number})"', html)
        assert self.ask(path, BROWSER, method) == (302 if number else 204)

    def scans(self, html: str, kind: int) -> None:
        """Link checkers, followers of every link, and those that the hidden link gives away."""
        if kind == 0:
            self.follows(html, 1, "HEAD")
        elif kind == 1:
            for number in (1, 2, 3):
                self.follows(html, number)
        else:
            self.opens(html)
            self.follows(html, 2)
            self.follows(html, 0)


def read_by_all(port: int, found: list[str]) -> None:
    """Three hundred readers, then scanners and Apple's proxies; the others do nothing."""
    readers, left = Readers(port), iter(found)
    for _number in range(OPENED):
        readers.opens(next(left))
    for _number in range(CLICKED):
        html = next(left)
        readers.opens(html)
        readers.follows(html, 1)
    for number in range(SCANNERS):
        readers.scans(next(left), number % 3)
    for _number in range(APPLE):
        readers.opens(next(left), "Mozilla/5.0")


def test_the_terms_are_exact_wherever_they_are_shown(
    port: int, tmp_path: Path, settings: LazySettings
) -> None:
    mailing = mailing_to(LETTERS)
    Message.objects.filter(pk=mailing.message_id).update(html=HTML, text="")
    run = work(launched(mailing))
    assert run.sent == LETTERS
    # They were accepted an hour ago: what comes at once is a machine's.
    Delivery.objects.update(sent_at=timezone.now() - timedelta(hours=1))
    read_by_all(port, list(letters(tmp_path).values()))
    while job.count_all(lambda: False):
        pass

    run.refresh_from_db()
    terms = (run.engaged_person, run.engaged_machine, run.engaged_unclear, run.engaged_clicked)
    assert terms == (OPENED + CLICKED, SCANNERS, APPLE, CLICKED)
    assert Engagement.objects.filter(run=run).count() == OPENED + CLICKED + SCANNERS + APPLE
    assert TrackedLink.objects.get(run=run, number=1).persons == CLICKED
    assert_equation(run)
    shown_everywhere(run)


def shown_everywhere(run: Run) -> None:
    """The page, its file and the API have the figures of the database."""
    nothing = LETTERS - OPENED - CLICKED - SCANNERS - APPLE
    client = Client()
    client.force_login(run.mailing.owner)
    page = client.get(reverse("reports:mailing", args=[run.mailing_id]))
    shown = {one.state: one.count for one in page.context["report"].reactions.terms}
    person = OPENED + CLICKED
    assert shown == {"opened": person, "machine": SCANNERS, "unclear": APPLE, "nothing": nothing}

    url = reverse("reports:engagement_export", args=[run.mailing_id, run.number, "csv"])
    answer: Any = client.get(url)
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert f"Reaction,nothing seen,,{nothing},,,,,," in rows

    found = client.get(f"/api/runs/{run.pk}/").json()["engagement"]
    expected = {"person": person, "unclear": APPLE, "machine": SCANNERS, "nothing": nothing}
    assert found == {**expected, "clicked": CLICKED}
