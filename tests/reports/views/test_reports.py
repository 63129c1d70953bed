"""Attempts and reports: exact, one's own, filtered, taken away; and the managers' pages."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from apps.mailings.models import Attempt, Mailing
from apps.reports.selectors import attempts
from apps.users import avatars
from apps.users.models import User
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    ManagerFactory,
    RecipientFactory,
    RunFactory,
)
from tests.people import Cast
from tests.recording_dispatcher import RecordingDispatcher

pytestmark = pytest.mark.django_db


def ids(cast: Cast, role: str, url: str = "attempts:list", **params: Any) -> list[int]:
    page = cast.client(role).get(reverse(url), params)
    return [row.pk for row in page.context["page"].rows]


def test_the_history_shows_ones_own_newest_first(cast: Cast) -> None:
    first = AttemptFactory.create(delivery=cast.delivery)
    second = AttemptFactory.create(delivery=cast.delivery, status="failure")
    foreign = AttemptFactory.create()
    assert ids(cast, "owner") == [second.pk, first.pk]
    assert ids(cast, "stranger") == []
    assert ids(cast, "manager", "management:attempts") == [foreign.pk, second.pk, first.pk]


def test_the_filters_of_the_history(cast: Cast) -> None:
    old = timezone.now() - timedelta(days=3)
    late = AttemptFactory.create(delivery=cast.delivery, created_at=old, trigger="scheduled")
    bad = AttemptFactory.create(delivery=cast.delivery, status="failure")
    today = timezone.localdate()
    assert ids(cast, "owner", status="failure") == [bad.pk]
    assert ids(cast, "owner", trigger="scheduled") == [late.pk]
    assert ids(cast, "owner", since=today.isoformat()) == [bad.pk]
    assert ids(cast, "owner", until=(today - timedelta(days=1)).isoformat()) == [late.pk]
    assert ids(cast, "owner", mailing="0") == []
    assert ids(cast, "owner", since="tomorrow", until="2026-99-99") == [bad.pk, late.pk]
    everybody = "management:attempts"
    assert ids(cast, "manager", everybody, user=cast.owner.email.upper()) == [bad.pk, late.pk]
    assert ids(cast, "manager", everybody, user=cast.stranger.email) == []


def test_attempts_are_found_by_the_beginning_of_the_address(cast: Cast) -> None:
    wanted = RecipientFactory.create(
        owner=cast.owner, email="Zoe@Example.org", phone="79161112233", telegram_chat_id=-1009
    )
    hit = AttemptFactory.create(delivery=DeliveryFactory.create(run=cast.run, recipient=wanted))
    AttemptFactory.create(delivery=cast.delivery)
    AttemptFactory.create(delivery__recipient__email="zoe@example.com")
    for text in ("zoe@example.org", " ZOE@", "79161112233", "-1009"):
        assert ids(cast, "owner", address=text) == [hit.pk], text
    assert ids(cast, "owner", address="nobody") == []
    assert len(ids(cast, "manager", "management:attempts", address="zoe")) == 2
    assert ids(cast, "stranger", address="zoe") == []
    answer: Any = cast.client("owner").get(
        reverse("attempts:export", args=["csv"]), {"address": "zoe"}
    )
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 2


@pytest.mark.parametrize("windows", [(1, 2), (3, 10_000), ()], ids=str)
def test_a_page_sought_near_its_edge_is_the_page(
    cast: Cast, mocker: Any, windows: tuple[int, ...]
) -> None:
    mocker.patch.object(attempts, "WINDOWS", windows)
    mocker.patch("apps.reports.views.attempts.AttemptList.size", 3)
    mine = [AttemptFactory.create(delivery=cast.delivery).pk for _ in range(4)]
    AttemptFactory.create_batch(5)
    mine += [AttemptFactory.create(delivery=cast.delivery).pk for _ in range(3)]
    AttemptFactory.create_batch(2)
    seen: list[list[int]] = []
    params: dict[str, str] = {}
    while True:
        page = cast.client("owner").get(reverse("attempts:list"), params).context["page"]
        seen += [[row.pk for row in page.rows]]
        if not page.next:
            break
        params = dict([page.next.split("=")])
    assert seen == [mine[:3:-1], mine[3:0:-1], mine[:1]]
    assert page.previous
    back = cast.client("owner").get(reverse("attempts:list"), dict([page.previous.split("=")]))
    assert [row.pk for row in back.context["page"].rows] == seen[1]


def test_attempts_are_taken_away_with_their_replies(cast: Cast) -> None:
    AttemptFactory.create(delivery=cast.delivery, response="5.1.1 No")
    AttemptFactory.create(response="of somebody else")
    answer: Any = cast.client("owner").get(reverse("attempts:export", args=["csv"]))
    text = b"".join(answer.streaming_content).decode()
    assert "5.1.1 No" in text and "somebody else" not in text
    for name in ("attempts:export", "reports:export"):
        assert cast.client("owner").get(reverse(name, args=["exe"])).status_code == 404


def test_a_report_adds_up_the_runs_of_a_mailing(cast: Cast) -> None:
    RunFactory.create(
        mailing=cast.mailing, number=2, state="done", outcome="partial", sent=4, failed=6
    )
    page = cast.client("owner").get(reverse("reports:list"))
    (line,) = page.context["lines"]
    # The cast's own run: 2 pending, 1 sending, 6 sent, 1 unknown.
    figures = line.figures
    assert (figures.audience, figures.sent, figures.failed, line.runs) == (20, 10, 6, 2)
    assert figures.rate == 58.8
    assert page.context["totals"].figures.sent == 10
    assert cast.client("stranger").get(reverse("reports:list")).context["lines"] == []


def test_the_charts_count_every_delivery_once_however_often_it_was_tried(cast: Cast) -> None:
    AttemptFactory.create(delivery=cast.delivery, status="failure")
    AttemptFactory.create(delivery=cast.delivery)
    AttemptFactory.create(delivery=cast.delivery, kind=Attempt.Kind.AUDIT)
    back = DeliveryFactory.create(run=cast.run, state="bounced")
    AttemptFactory.create(delivery=back)
    page = cast.client("owner").get(reverse("reports:mailing", args=[cast.mailing.pk]))
    counted = page.context["counted"]
    for ((_moment, good, bad),) in (counted.days, counted.hours, page.context["times"]):
        assert (good, bad) == (2, 0)
    (row,) = page.context["domains"]
    assert row.domain == cast.delivery.address.partition("@")[2]
    assert (row.figures.sent, row.figures.not_delivered, row.figures.rate) == (2, 1, 50.0)


def test_a_global_report_is_filtered_and_taken_away(cast: Cast) -> None:
    other = RunFactory.create(state="done", outcome="success", sent=5)
    url = reverse("management:reports")
    page = cast.client("manager").get(url)
    assert {email for email, _figures in page.context["owners"]} == {
        cast.owner.email,
        other.mailing.owner.email,
    }
    page = cast.client("manager").get(url, {"user": cast.owner.email, "status": "running"})
    assert [line.mailing for line in page.context["lines"]] == [cast.mailing]
    ahead = (timezone.localdate() + timedelta(days=9)).isoformat()
    assert cast.client("manager").get(url, {"since": ahead}).context["lines"] == []
    before = (timezone.localdate() - timedelta(days=9)).isoformat()
    assert cast.client("manager").get(url, {"until": before}).context["lines"] == []
    answer: Any = cast.client("manager").get(reverse("reports:export", args=["csv"]))
    assert other.mailing.name in b"".join(answer.streaming_content).decode()


def test_the_export_shows_the_plan_of_a_mailing(cast: Cast) -> None:
    plan = {"repeat": "FREQ=DAILY", "repeat_zone": "Asia/Kamchatka"}
    Mailing.objects.filter(pk=cast.mailing.pk).update(**plan, scheduled_at=timezone.now())
    MailingFactory.create(owner=cast.owner, scheduled_at=None)
    answer: Any = cast.client("owner").get(reverse("reports:export", args=["csv"]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    events_logged = list(csv.DictReader(io.StringIO(text), delimiter=text[2]))
    assert [(row["Scheduled"], row["Time zone"]) for row in events_logged] == [
        ("yes", "Asia/Kamchatka"),
        ("no", ""),
    ]
    assert all(row["Start"] and row["End"] for row in events_logged)


def users(cast: Cast, **params: Any) -> dict[str, Any]:
    page = cast.client("manager").get(reverse("management:users"), params)
    return {row.user.email: row for row in page.context["rows"]}


def test_the_managers_see_how_active_everybody_is(cast: Cast) -> None:
    row = users(cast)[cast.owner.email]
    assert (row.mailings, row.recipients, row.sending.sent) == (1, 1, 6)
    assert set(users(cast, q="bob@")) == {cast.stranger.email}
    User.objects.filter(pk=cast.stranger.pk).update(is_active=False)
    assert cast.stranger.email in users(cast, status="blocked")
    assert cast.owner.email not in users(cast, status="blocked")


def test_blocking_signs_out_at_once_and_calls_the_engine(
    cast: Cast, dispatched: RecordingDispatcher
) -> None:
    browser = cast.client("owner")
    assert browser.get(reverse("mailings:list")).status_code == 200
    sessions = Session.objects.count()
    url = reverse("management:toggle_user", args=[cast.owner.pk])
    cast.client("manager").post(url)
    assert browser.get(reverse("mailings:list")).status_code == 302
    assert Session.objects.count() == sessions  # the manager's came, the owner's went
    assert dispatched.calls == [("owner_changed", {"owner_id": cast.owner.pk})]
    cast.client("manager").post(url)
    cast.owner.refresh_from_db()
    assert cast.owner.is_active


def test_nobody_blocks_oneself_a_superuser_or_as_a_manager_a_manager(cast: Cast) -> None:
    root = User.objects.create_superuser("root@example.org", "x")
    colleague = ManagerFactory.create()
    for user in (cast.manager, root, colleague):
        url = reverse("management:toggle_user", args=[user.pk])
        assert cast.client("manager").post(url).status_code == 403
        assert not users(cast)[user.email].switchable
        user.refresh_from_db()
        assert user.is_active
    assert cast.client("manager").post("/management/users/999999/toggle/").status_code == 404
    cast.clients["root"] = client = type(cast.client("anonymous"))()
    client.force_login(root)
    client.post(reverse("management:toggle_user", args=[colleague.pk]))
    colleague.refresh_from_db()
    assert not colleague.is_active


def picture(form: str = "PNG", size: tuple[int, int] = (600, 300)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "green").save(made, format=form)
    return made.getvalue()


def save_profile(cast: Cast, **fields: Any) -> Any:
    return cast.client("owner").post(reverse("users:profile"), fields)


def test_a_profile_is_ones_own_and_gives_no_rights(
    cast: Cast, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    save_profile(
        cast,
        first_name="Анна",
        time_zone="Asia/Omsk",
        avatar=SimpleUploadedFile("x.png", picture()),
        is_superuser="on",
        groups="1",
    )
    user = User.objects.get(pk=cast.owner.pk)
    assert (user.first_name, user.is_superuser, user.groups.count()) == ("Анна", False, 0)
    answer: Any = cast.client("owner").get(reverse("users:avatar", args=[user.pk]))
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as made:
        assert (made.format, made.size) == ("WEBP", (avatars.SIDE, avatars.SIDE))
    assert "Asia/Omsk" in cast.client("owner").get("/").content.decode()


@pytest.mark.parametrize(
    "content",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", picture("BMP"), b""],
    ids=["svg", "cut", "bmp", "empty"],
)
def test_what_is_no_picture_is_refused(cast: Cast, content: bytes) -> None:
    answer = save_profile(cast, avatar=SimpleUploadedFile("a.png", content))
    assert "avatar" in answer.context["form"].errors


def test_a_picture_that_is_too_large_is_refused(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(avatars, "MAX_PIXELS", 100)
    answer = save_profile(cast, avatar=SimpleUploadedFile("a.png", picture()))
    assert "avatar" in answer.context["form"].errors
    monkeypatch.setattr(avatars, "MAX_BYTES", 10)
    answer = save_profile(cast, avatar=SimpleUploadedFile("a.png", picture()))
    assert "avatar" in answer.context["form"].errors
    assert "time_zone" in save_profile(cast, time_zone="Mars/Olympus").context["form"].errors


def bomb(side: int = 9000) -> bytes:
    """A few kilobytes that unpack to a quarter of a gigabyte, without a warning of Pillow's."""
    made = io.BytesIO()
    Image.new("1", (side, side)).save(made, format="PNG", optimize=True)
    return made.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked(cast: Cast) -> None:
    content = bomb()
    assert len(content) < 20_000
    tracemalloc.start()
    answer = save_profile(cast, avatar=SimpleUploadedFile("a.png", content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "avatar" in answer.context["form"].errors
    assert peak < 20_000_000


def test_a_picture_keeps_nothing_but_its_pixels(cast: Cast, settings: Any, tmp_path: Any) -> None:
    """Neither where it was taken nor what somebody hid behind its last byte."""
    settings.MEDIA_ROOT = tmp_path
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "59.9386 N, 30.3141 E"
    colours = b"<script>alert(1)</script>"
    Image.new("RGB", (300, 300)).save(made, format="JPEG", exif=exif, icc_profile=colours)
    content = made.getvalue() + b"<script>alert(2)</script>"
    save_profile(cast, avatar=SimpleUploadedFile("a.jpg", content, "text/html"))
    answer: Any = cast.client("owner").get(reverse("users:avatar", args=[cast.owner.pk]))
    kept = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"script" not in kept and b"59.9386" not in kept


def test_a_picture_is_replaced_and_removed_without_a_trace(
    cast: Cast, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    for _time in range(2):
        save_profile(cast, avatar=SimpleUploadedFile("x.png", picture()))
        assert len(list(tmp_path.rglob("*.webp"))) == 1
    page = cast.client("owner").get(reverse("users:profile")).content.decode()
    assert "remove_avatar" in page and "/media/" not in page
    save_profile(cast, remove_avatar="on")
    assert list(tmp_path.rglob("*.webp")) == []
    assert not User.objects.get(pk=cast.owner.pk).avatar
    assert (
        "remove_avatar" not in cast.client("owner").get(reverse("users:profile")).content.decode()
    )
