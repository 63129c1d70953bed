"""A letter in the browser, and in the archive, with a script in every field: nothing runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Request, Route, expect

from apps.core.site import site_url
from apps.mailings.links import view_url
from apps.mailings.models import Delivery, PublicArchive, Run
from apps.mailings.services.publishing.archive import public_url, publish
from tests.access.hostile import PAYLOADS
from tests.browser.conftest import TIMEOUT
from tests.factories import DeliveryFactory, MailingFactory, MessageFactory, RecipientFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_cover"),
]

#: What a script could do that a reader of the page would feel.
TRAP = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "open", "fetch"]) {
  window[name] = (...given) => { window.ran.push(name + given); return null; };
}
"""
EVERYTHING = """
[...document.querySelectorAll("*")].map(one => [one.localName, ...one.getAttributeNames()])
"""
NAMES = [f"field{at}" for at in range(len(PAYLOADS))]
#: A value in every kind of place that one may stand in.
PLACES = (
    "<p title='{{{{ {0} }}}}'>{{{{ {0} }}}}</p><a href='https://example.org/{{{{ {0} }}}}'>a</a>"
    "<img alt=\"{{{{ {0} }}}}\" src='https://example.org/?{{{{ {0} }}}}'>"
)


def written(parts: str) -> dict[str, Any]:
    return {"subject": "{{ full_name }}", "text": "Words", "html": parts}


def in_blocks() -> dict[str, Any]:
    parts: list[Any] = ["<html lang='ru'><body>"]
    for name in NAMES:
        parts += ["<p>", {"placeholder": f"{{{{ {name} }}}}"}, "</p>"]
    parts.append({"each": "rows", "limit": 50, "parts": [{"placeholder": "{{ item.text }}"}]})
    parts += PAYLOADS  # behind them no value could stand anywhere
    return {"subject": PAYLOADS[0], "text": ["Words"], "html": parts, "view_page": True}


CONTENTS = {
    "values": written("".join(PLACES.format(name) for name in NAMES)),
    "source": written("".join(PAYLOADS)),
    "blocks": in_blocks(),
    "text": {"subject": "Hi", "text": " ".join(PAYLOADS), "html": ""},
    "acts": written(
        "<form action='/accounts/logout/' method='post'><button id='go'>go</button></form>"
        "<a id='link' href='https://example.org/' onclick='alert(1)' target='_top'>go</a>"
        "<style>@import 'https://evil.example/a.css';"
        " @font-face {font-family: x; src: url(https://evil.example/f)} p {font-family: x}</style>"
        "<p style='background: url(http://evil.example/b)'>x</p>"
        "<base href='https://evil.example/'><iframe src='https://evil.example/'></iframe>"
        "<object data='https://evil.example/'></object>"
        "<link rel='stylesheet' href='https://evil.example/'>"
    ),
}


def hostile(content: dict[str, Any]) -> Delivery:
    mailing = MailingFactory.create(message=MessageFactory.create(subject=PAYLOADS[1]))
    person = RecipientFactory.create(
        owner=mailing.owner,
        full_name=PAYLOADS[0],
        comment=PAYLOADS[2],
        attributes={
            **dict(zip(NAMES, PAYLOADS, strict=True)),
            "rows": [{"text": one} for one in PAYLOADS[:50]],
        },
    )
    run = Run.objects.create(
        mailing=mailing, number=1, trigger="manual", channel="email", account="email",
        state="done", outcome="success", audience=1, sent=1, content=content,
    )  # fmt: skip
    delivery: Delivery = DeliveryFactory.create(run=run, recipient=person, state="sent")
    return delivery


def in_the_archive(delivery: Delivery) -> str:
    """The public page of what was delivered; the list that leads there says no less."""
    mailing = publish(delivery.run.mailing)
    PublicArchive.objects.update(title=PAYLOADS[3])
    return public_url(mailing)


@pytest.mark.parametrize("where", [lambda delivery: view_url(delivery.pk), in_the_archive])
@pytest.mark.parametrize("name", CONTENTS)
def test_nothing_of_a_letter_runs(
    name: str, where: Callable[[Delivery], str], browser: Browser, live_server: Any
) -> None:
    path = where(hostile(CONTENTS[name])).removeprefix(site_url())
    assert Client().get(path).status_code == 200
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT)
    reached: list[Request] = []  # what the policy stops does not come so far

    def let_through(route: Route) -> None:
        reached.append(route.request)
        if route.request.url.startswith(live_server.url):
            route.continue_()
        else:
            route.abort()

    context.route("**/*", let_through)
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    page.add_init_script(TRAP)
    page.goto(live_server.url + path)
    assert page.evaluate("window.ran") == []
    assert page.evaluate("self.origin") == "null"
    for tag, *attributes in page.evaluate(EVERYTHING):
        assert tag not in {"script", "iframe", "object", "embed", "form", "base", "link", "svg"}
        assert not [one for one in attributes if one.startswith(("on", "hx-")) or one == "srcdoc"]
    documents = [one.url for one in reached if one.resource_type == "document"]
    assert documents == [live_server.url + path]
    # Pictures of other hosts are part of a letter; nothing else is asked for.
    assert {one.resource_type for one in reached} <= {"document", "image"}
    context.close()


def test_nothing_of_a_list_of_the_archive_runs(browser: Browser, live_server: Any) -> None:
    subject = {"subject": PAYLOADS[0], "text": "Words", "html": ""}
    path = in_the_archive(hostile(subject)).removeprefix(site_url())
    context = browser.new_context()
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    page.add_init_script(TRAP)
    page.goto(f"{live_server.url}{path.rpartition('/')[0].rpartition('/')[0]}/")
    expect(page.locator("li a")).to_have_count(1)
    assert page.evaluate("window.ran") == []
    context.close()


class _Shop(BaseHTTPRequestHandler):
    """A page of somebody else that needs its scripts, and writes who sent its visitor."""

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server asks for
        title = f"alive, from {self.headers.get('Referer', 'nowhere')}"
        body = f"<title>-</title><script>document.title = {title!r}</script>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *given: Any) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("tab", ["the same", "a new one"])
def test_its_links_lead_out(tab: str, shop: str, browser: Browser, live_server: Any) -> None:
    """The sandbox holds the letter and not the pages that it leads to."""
    content = written(f"<p><a href='{shop}'>out</a></p>")
    path = view_url(hostile(content).pk).removeprefix(site_url())
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    page.goto(live_server.url + path)
    if tab == "the same":
        page.click("text=out")
    else:
        with context.expect_page() as opened:
            page.click("text=out", modifiers=["ControlOrMeta"])
        page = opened.value
    expect(page).to_have_title("alive, from nowhere")
    context.close()
