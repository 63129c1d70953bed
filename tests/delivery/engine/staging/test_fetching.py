"""Files behind addresses: brought a few at a time, tried again, judged by what came."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from apps.core.http import outbound
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.staging.fetching import PER_HOST, fetch, fetch_all
from apps.delivery.engine.staging.results import Result
from apps.delivery.engine.staging.stager import stage, stage_all
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, DeliveryFile, Mailing, PersonalFile, Run, RunFiles
from apps.mailings.personal_files.archives import MAX_FILE
from apps.mailings.selectors.mailings import waiting_text
from tests.delivery.engine.staging.invoices import invoice_mailing, own_store, pdf
from tests.delivery.engine.workers import assert_equation, send
from tests.http_service import HttpService, Request, Step

__all__ = ["own_store"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_store")]


def never() -> bool:
    return False


def answer(status: str, body: bytes = b"", head: str = "") -> list[Step]:
    whole = f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
    return [whole + body]


class Shop:
    """A server with a file for everybody, but for those with a failure of their own."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.failures: dict[str, str] = {}
        self.busy, self.busiest, self.lock = 0, 0, threading.Lock()

    def __call__(self, request: Request) -> Iterator[Step]:
        with self.lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        time.sleep(0.01)
        with self.lock:
            self.busy -= 1
            self.asked[request.path] += 1
        yield from self.answer(request.path)

    def answer(self, path: str) -> list[Step]:
        failure = self.failures.get(path, "")
        if failure == "page":
            return answer("200 OK", b"<html>Please sign in</html>")
        if failure == "large":
            return answer("200 OK", pdf(1, MAX_FILE + 10))
        if failure == "moved":
            return answer("302 Found", head="Location: /A-0.pdf\r\n")
        if failure == "inside":
            return answer("302 Found", head="Location: http://169.254.169.254/latest/\r\n")
        if failure and not (failure == "once" and self.asked[path] > 1):
            return answer("503 Busy" if failure == "once" else failure)
        number = int(path.removeprefix("/A-").removesuffix(".pdf"))
        return answer("200 OK", pdf(number))


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def service(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpService]:
    """The server on an address that stands for a public one; the metadata address is none."""
    monkeypatch.setattr(outbound, "is_public", lambda address: address.startswith("127."))
    with HttpService(shop) as found:
        yield found


def by_url(count: int, service: HttpService) -> tuple[Mailing, PersonalFile]:
    mailing, file = invoice_mailing(count)
    file.source, file.origin = "url", f"{service.url}/{{{{ invoice }}}}.pdf"
    file.save()
    return mailing, file


def held(mailing: Mailing) -> Run:
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert not freeze_audience(launched.run_id)
    return Run.objects.get(pk=launched.run_id)


def test_everybody_gets_what_lies_at_their_address(service: HttpService, shop: Shop) -> None:
    mailing, _file = by_url(30, service)
    run = held(mailing)
    assert stage(run.pk, never).woken
    assert shop.busiest <= PER_HOST
    assert set(shop.asked.values()) == {1}
    assert send(mailing).sent == 30


def test_what_cannot_be_had_fails_with_its_own_reason(service: HttpService, shop: Shop) -> None:
    shop.failures = {
        **{"/A-0.pdf": "404 Not Found", "/A-1.pdf": "page", "/A-2.pdf": "large"},
        **{"/A-3.pdf": "403 Forbidden", "/A-4.pdf": "moved", "/A-5.pdf": "inside"},
    }
    mailing, _file = by_url(7, service)
    run = held(mailing)
    stage(run.pk, never)
    rows = DeliveryFile.objects.order_by("pk")
    assert [(row.state, row.code, row.detail) for row in rows] == [
        ("failed", "file_missing", "HTTP 404"),
        ("failed", "file_refused", ""),
        ("failed", "file_too_large", ""),
        ("failed", "file_unreachable", "HTTP 403"),
        ("failed", "file_missing", "HTTP 404"),  # where it leads to there is none
        ("failed", "file_refused", "address"),
        ("ready", "", ""),
    ]
    run.refresh_from_db()
    assert (run.state, run.failed, run.pending) == ("queued", 6, 1)


def test_a_busy_server_is_asked_again_and_the_run_says_when(
    service: HttpService, shop: Shop
) -> None:
    shop.failures = {"/A-0.pdf": "once", "/A-1.pdf": "503 Busy"}
    mailing, _file = by_url(3, service)
    run = held(mailing)
    assert not stage(run.pk, never).woken
    run.refresh_from_db()
    assert (run.state, run.reason, run.pending) == ("preparing", "files", 3)
    assert run.deferred_until is not None
    text = waiting_text(run, run.updated_at)
    assert text.startswith("Files: 1 of 3. Missing ones are tried again")
    for _ in range(2):
        DeliveryFile.objects.filter(state="waiting").update(not_before=None)
        stage_all(never)
    run.refresh_from_db()
    assert (run.state, run.failed, run.pending) == ("queued", 1, 2)
    assert shop.asked == {"/A-0.pdf": 2, "/A-1.pdf": 3, "/A-2.pdf": 1}
    assert_equation(run)
    files = RunFiles.objects.get(run=run)
    assert (files.settled, files.total) == (3, 3)


def test_a_value_that_is_missing_asks_nobody(service: HttpService, shop: Shop) -> None:
    mailing, _file = by_url(2, service)
    mailing.owner.recipients.update(attributes={})
    run = held(mailing)
    stage(run.pk, never)
    run.refresh_from_db()
    assert (shop.asked, run.failed, run.outcome) == ({}, 2, "failed")


def test_a_private_address_is_not_asked() -> None:
    assert fetch("http://127.0.0.1:1/a.pdf", "a.pdf") == Result("file_refused", "address")


def test_no_host_is_asked_more_than_so_often_at_a_time_and_a_stop_ends_it() -> None:
    busy, busiest, lock = 0, 0, threading.Lock()
    stopped = threading.Event()

    def slow(url: str, name: str) -> Result:
        nonlocal busy, busiest
        with lock:
            busy += 1
            busiest = max(busiest, busy)
        time.sleep(0.005)
        with lock:
            busy -= 1
        return Result("file_missing")

    rows = [DeliveryFile(pk=n, origin=f"https://f.test/{n}", name="a.pdf") for n in range(60)]
    found = [one for some in fetch_all(rows, never, slow) for one in some]
    assert len(found) == 60
    assert busiest <= PER_HOST
    stopped.set()
    assert list(fetch_all(rows, stopped.is_set, slow)) == []


def test_slow_hosts_hold_up_no_other_host() -> None:
    released = threading.Event()

    def some_slow(url: str, name: str) -> Result:
        if "slow" in url:
            released.wait(10)
        return Result("file_missing")

    slow = [f"https://slow-{n}.test/{file}" for n in range(3) for file in range(20)]
    quick = [f"https://quick-{n}.test/a" for n in range(50)]
    rows = [DeliveryFile(pk=n, origin=url, name="a.pdf") for n, url in enumerate(slow + quick)]
    found = []
    for some in fetch_all(rows, never, some_slow):
        found += [row.origin for row, _result in some]
        if not released.is_set() and set(quick) <= set(found):
            assert not set(slow) & set(found)
            released.set()
    assert sorted(found) == sorted(slow + quick)


def test_when_the_turn_is_over_what_was_asked_is_taken_and_the_rest_waits() -> None:
    def slow(url: str, name: str) -> Result:
        time.sleep(0.2)
        return Result("file_missing")

    rows = [DeliveryFile(pk=n, origin=f"https://f.test/{n}", name="a.pdf") for n in range(200)]
    found = [one for some in fetch_all(rows, never, slow, seconds=0) for one in some]
    assert PER_HOST <= len(found) < 200


def test_a_late_failure_of_one_leaves_the_others_alone(service: HttpService, shop: Shop) -> None:
    shop.failures = {"/A-1.pdf": "404 Not Found"}
    mailing, _file = by_url(2, service)
    dispatcher = DispatchService()
    run = send(mailing, dispatcher)
    assert (run.sent, run.failed) == (1, 1)
    shop.failures = {}
    dispatcher.retry_failed(mailing_id=mailing.pk)
    dispatcher.work_until(run.pk, threading.Event())
    assert stage_all(never)
    dispatcher.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.sent, run.failed, run.state) == (2, 0, "done")
    assert Delivery.objects.filter(run=run, state="sent").count() == 2
