"""The answers to measured links and pixels."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import LazySettings
from django.db import OperationalError

from apps.feedback.engagement import destinations, spool
from apps.feedback.engagement.front import EngagementFront
from apps.feedback.engagement.reaction import NO_LINK, TRAP, Reaction
from apps.mailings.links import LetterLinks
from apps.mailings.models import Delivery, Run, TrackedLink
from tests.feedback.engagement.readers import sent_run

pytestmark = pytest.mark.django_db


def behind(environ: dict[str, Any], start: Any) -> list[bytes]:
    """The application that stands behind."""
    start("200 OK", [])
    return [b"behind"]


class Visitor:
    """Somebody who asks the front, and what was written down of it."""

    def __init__(self, directory: Path) -> None:
        self.spool = spool.Spool()
        self.front = EngagementFront(behind, self.spool)
        self.front._keeper = mock.Mock()
        self._directory = directory

    def ask(self, path: str, method: str = "GET", **more: str) -> tuple[str, dict[str, str], bytes]:
        environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": method, **more}
        setup_testing_defaults(environ)
        answer: list[Any] = []
        body = b"".join(self.front(environ, lambda *given: answer.extend(given)))
        return answer[0][:3], dict(answer[1]), body

    @property
    def written(self) -> list[Reaction]:
        data = b"".join(file.read_bytes() for file in sorted(self._directory.glob("*")))
        return spool.read(data, most=100_000).reactions


@pytest.fixture
def visitor(tmp_path: Path, settings: LazySettings) -> Iterator[Visitor]:
    settings.VAR_DIR = tmp_path
    found = Visitor(tmp_path / "spool")
    with mock.patch.object(destinations, "close_old_connections"):  # the test's own is kept
        yield found
    found.spool.close()


@pytest.fixture
def letter() -> Delivery:
    return sent_run()[1][0]


def token_of(letter: Delivery, **more: int) -> str:
    facts = {"run_id": letter.run_id, "version": 1} | more
    return LetterLinks(**facts).tokens(letter.pk)[0]


def test_a_link_leads_where_the_table_says(visitor: Visitor, letter: Delivery) -> None:
    agent = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11)", "REMOTE_ADDR": "192.0.2.7"}
    code, headers, body = visitor.ask(f"/l/{token_of(letter)}/2", **agent)
    assert (code, headers["Location"], body) == ("302", "https://shop.example.org/2", b"")
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    (one,) = visitor.written
    assert (one.kind, one.number, one.delivery_id, one.run_id, one.version) == (
        "click",
        2,
        letter.pk,
        letter.run_id,
        1,
    )
    assert (one.user_agent, one.address, one.method) == ("Mozilla/5.0 (X11)", "192.0.2.7", "GET")


def test_a_pixel_is_a_picture_of_one_point(visitor: Visitor, letter: Delivery) -> None:
    code, headers, body = visitor.ask(f"/o/{token_of(letter)}.gif")
    assert (code, headers["Content-Type"], len(body)) == ("200", "image/gif", 43)
    assert [(one.kind, one.number) for one in visitor.written] == [("open", NO_LINK)]


def test_head_is_answered_without_a_body_and_written_down_as_such(
    visitor: Visitor, letter: Delivery
) -> None:
    code, headers, body = visitor.ask(f"/o/{token_of(letter)}.gif", "HEAD")
    assert (code, headers["Content-Length"], body) == ("200", "43", b"")
    assert [one.method for one in visitor.written] == ["HEAD"]


def test_the_trap_leads_nowhere_and_is_written_down(visitor: Visitor, letter: Delivery) -> None:
    code, headers, body = visitor.ask(f"/l/{token_of(letter)}/0")
    assert (code, body, "Content-Length" in headers) == ("204", b"", False)
    assert [one.number for one in visitor.written] == [TRAP]


@pytest.mark.parametrize("header", ["HTTP_DNT", "HTTP_SEC_GPC"])
def test_who_does_not_want_to_be_tracked_is_nobody(
    visitor: Visitor, letter: Delivery, header: str
) -> None:
    visitor.ask(f"/l/{token_of(letter)}/1", **{header: "1"})
    assert [one.delivery_id for one in visitor.written] == [0]


def test_placeholders_are_filled_and_escaped_as_in_the_letter(
    visitor: Visitor, letter: Delivery
) -> None:
    letter.recipient.attributes = {"code": 'a&b="x" Ц'}
    letter.recipient.save()
    TrackedLink.objects.filter(number=1).update(
        address="https://shop.example.org/?code={{ code }}&utm_source=news"
    )
    code, headers, _body = visitor.ask(f"/l/{token_of(letter)}/1")
    where = "https://shop.example.org/?code=a%26b%3D%22x%22%20%D0%A6&utm_source=news"
    assert (code, headers["Location"]) == ("302", where)


def test_a_field_can_lead_nowhere_else(visitor: Visitor, letter: Delivery) -> None:
    letter.recipient.attributes = {"where": "javascript:alert(1)//"}
    letter.recipient.save()
    TrackedLink.objects.filter(number=1).update(address="{{ where }}https://shop.example.org/")
    assert visitor.ask(f"/l/{token_of(letter)}/1")[0] == "404"


def test_links_once_seen_need_no_database(visitor: Visitor, letter: Delivery) -> None:
    path = f"/l/{token_of(letter)}/1"
    away = mock.patch.object(TrackedLink.objects, "filter", side_effect=OperationalError("away"))
    with away:
        code, headers, _body = visitor.ask(path)
    assert (code, headers["Retry-After"], visitor.written) == ("503", "5", [])
    assert visitor.ask(path)[0] == "302"
    with away:
        assert visitor.ask(path)[0] == "302"


def forgeries(letter: Delivery) -> list[str]:
    token, page_token = LetterLinks(letter.run_id, 1).tokens(letter.pk)
    other = ("A" if token[0] != "A" else "B") + token[1:]
    tokens = (
        other,
        token[:-1],
        token + "A",
        page_token,
        token.lower(),
        "",
        "%00",
        "..",
        "\xd1\x8f" * 16,
    )
    found = [f"/l/{one}/1" for one in tokens] + [f"/o/{one}.gif" for one in tokens]
    numbers = ("4", "99999", "-1", "01", "1.0", "", "1/", "1?", "\xd9\xa3", "https://evil.example/")
    found += [f"/l/{token}/{one}" for one in numbers]
    return [
        *found,
        f"/l/{token}",
        f"/o/{token}",
        f"/o/{token}.png",
        f"/o/{token}.gif/",
        "/l/",
        "/o/",
    ]


def test_what_we_have_not_made_has_one_answer(visitor: Visitor, letter: Delivery) -> None:
    answers = {
        (code, tuple(sorted(headers.items())), body)
        for code, headers, body in map(visitor.ask, forgeries(letter))
    }
    ((code, headers, _body),) = answers
    assert code == "404" and "Location" not in dict(headers)
    assert visitor.written == []


def test_letters_of_tests_and_of_deleted_runs_lead_nowhere(
    visitor: Visitor, letter: Delivery
) -> None:
    assert visitor.ask(f"/o/{token_of(letter, run_id=0)}.gif")[0] == "404"
    Run.objects.all().delete()
    assert visitor.ask(f"/l/{token_of(letter)}/1")[0] == "404"


def test_ten_thousand_invented_paths_lead_nowhere(visitor: Visitor, letter: Delivery) -> None:
    dice = random.Random(1)
    signs = string.ascii_letters + string.digits + "-_./%?#=&:@"
    token = token_of(letter)
    for _ in range(10_000):
        invented = "".join(dice.choices(signs, k=dice.randint(0, 60)))
        cut = dice.randint(0, 31)
        path = dice.choice((f"/l/{invented}", f"/o/{invented}", f"/l/{token[:cut]}{invented}/1"))
        assert visitor.ask(path)[0] == "404", path
    assert visitor.written == []


def test_nothing_is_changed_by_what_is_sent(visitor: Visitor, letter: Delivery) -> None:
    assert visitor.ask(f"/l/{token_of(letter)}/1", "POST")[0] == "404"
    assert visitor.written == []


def test_everything_else_is_answered_by_what_stands_behind(visitor: Visitor) -> None:
    assert visitor.ask("/login/")[2] == b"behind"


def test_a_full_disk_keeps_no_reader_out(visitor: Visitor, letter: Delivery) -> None:
    with mock.patch.object(spool.Spool, "_begin", side_effect=OSError("full")):
        assert visitor.ask(f"/l/{token_of(letter)}/1")[0] == "302"
    assert (visitor.spool.take_dropped(), visitor.written) == (1, [])
