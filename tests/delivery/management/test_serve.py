"""``manage.py serve``: listens, has the scheduler started, ends in order.

With a real child: tests/faults/test_supervisor.py.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core.management import CommandError, call_command
from django.forms import FileField
from django.urls import URLResolver, get_resolver

from apps.api.urls import api
from apps.delivery.management.commands import serve
from apps.delivery.scheduling.supervisor import Supervisor
from apps.mailings.personal_files.archives import MAX_ARCHIVE

ROOT = Path(__file__).resolve().parents[3]


class FakeServer:
    """Serves nobody, and says in what order it was used."""

    def __init__(self, steps: list[str]) -> None:
        self.steps = steps

    def run(self) -> None:
        self.steps.append("run")

    def close(self) -> None:
        self.steps.append("close")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `serve` does with server and supervisor, neither of them real."""
    done: list[str] = []
    monkeypatch.setattr(serve, "make_server", lambda app, **kwargs: FakeServer(done))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(Supervisor, "start", lambda self: done.append("start"))
    monkeypatch.setattr(Supervisor, "stop", lambda self: done.append("stop"))
    return done


def test_the_schedulers_process_lives_as_long_as_the_server(
    steps: list[str], settings: LazySettings
) -> None:
    settings.SCHEDULER_ENABLED = True
    out = StringIO()
    call_command("serve", "--port", "0", stdout=out)
    assert steps == ["start", "run", "close", "stop"]
    assert re.fullmatch(r"Serving http://127\.0\.0\.1:\d+/ \(Ctrl-C ends\)\n", out.getvalue())


def test_a_disabled_scheduler_is_left_alone(steps: list[str], settings: LazySettings) -> None:
    settings.SCHEDULER_ENABLED = False
    call_command("serve", "--port", "0", stdout=StringIO())
    assert steps == ["run", "close"]


def test_with_celery_it_serves_and_nothing_else(steps: list[str], settings: LazySettings) -> None:
    settings.SCHEDULER_ENABLED, settings.DISPATCH_BACKEND = True, "celery"
    call_command("serve", "--port", "0", stdout=StringIO())
    assert steps == ["run", "close"]


def test_an_occupied_port_is_reported_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match="--port N") as caught:
            call_command("serve", "--port", str(port))
    assert caught.value.returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize(
    ("limits", "raised_to", "connections"),
    [
        ((1024, 1500), (1500, 1500), 1300),
        ((1024, -1), (2200, -1), 2000),
        ((4096, 4096), None, 2000),
        ((-1, -1), None, 2000),
        ((100, 100), (100, 100), 50),
    ],
)
def test_it_takes_as_many_connections_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch,
    limits: tuple[int, int],
    raised_to: tuple[int, int] | None,
    connections: int,
) -> None:
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr("resource.getrlimit", lambda kind: limits)
    monkeypatch.setattr("resource.setrlimit", lambda kind, pair: raised.append(pair))
    assert serve.limits() == {"connection_limit": connections, "asyncore_use_poll": True}
    assert raised == ([raised_to] if raised_to else [])


def test_on_windows_it_keeps_to_what_select_can_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert serve.limits() == {"connection_limit": 400}


@pytest.mark.parametrize("ending", ["", "/"])
def test_files_are_taken_where_people_and_programs_send_them(ending: str) -> None:
    assert serve.takes_files("POST", f"/api/recipients/import{ending}")
    assert not serve.takes_files("GET", f"/api/recipients/import{ending}")
    assert not serve.takes_files("POST", f"/api/recipients{ending}")
    assert not serve.takes_files("POST", f"/nothing{ending}")


def names_in(code: CodeType) -> set[str]:
    """The names that this code asks for, with those of the functions in it."""
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*map(names_in, inner))


def reads_files(function: Any) -> bool:
    """True if a function of ours, or one that it calls, looks at the files of a request."""
    if not isinstance(function, FunctionType) or not function.__module__.startswith("apps."):
        return False
    names = names_in(function.__code__)
    called = (function.__globals__.get(name) for name in names)
    return "FILES" in names or any(
        "FILES" in names_in(one.__code__) for one in called if isinstance(one, FunctionType)
    )


def has_upload_form(view: type) -> bool:
    form = getattr(view, "form_class", None)
    return any(isinstance(one, FileField) for one in getattr(form, "base_fields", {}).values())


def takes_uploads(view: type) -> bool:
    own = (one for kind in view.__mro__ for one in vars(kind).values())
    return hasattr(view, "post") and (has_upload_form(view) or any(map(reads_files, own)))


def upload_pages(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    """The names of all pages of ours to which files are sent."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from upload_pages(entry, inner)
        elif takes_uploads(getattr(entry.callback, "view_class", object)):
            yield f"{namespace}{entry.name}"


def test_every_page_that_takes_files_may_be_sent_large_ones() -> None:
    pages = set(upload_pages(get_resolver()))
    assert {"imports:start", "media:list", "messages:import", "suppressions:add"} <= pages
    small = {"users:profile"}  # a portrait of 5 MB
    assert pages - settings.UPLOAD_ROUTES - small == set()


def test_every_route_that_takes_files_may_be_sent_large_ones() -> None:
    paths = api.get_openapi_schema()["paths"]
    routes = {path for path, acts in paths.items() if "multipart/form-data" in json.dumps(acts)}
    assert "/api/messages/import/" in routes and len(routes) > 3
    sent = {path: re.sub(r"\{\w+\}", "1", path) for path in routes}
    assert {path for path, url in sent.items() if not serve.takes_files("POST", url)} == set()


def test_the_largest_file_that_is_promised_comes_through(settings: LazySettings) -> None:
    settings.IMPORT_MAX_MEGABYTES = 200
    assert serve.uploads().largest_body > MAX_ARCHIVE
    settings.IMPORT_MAX_MEGABYTES = 600
    assert serve.uploads().largest_body > 600 * 1024 * 1024


def test_sigterm_ends_it_like_any_program_that_is_done() -> None:
    with pytest.raises(SystemExit) as caught:
        serve.leave()
    assert caught.value.code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to end it with")
def test_a_real_one_answers_and_ends_in_order_on_sigterm() -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    address = process.stdout.readline().split()[1]
    with urllib.request.urlopen(f"{address}healthz", timeout=20) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    output, complaints = process.communicate(timeout=20)
    assert (process.returncode, output, complaints) == (0, "", "")
