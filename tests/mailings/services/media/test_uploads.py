"""Pictures come in: once, within the owner's room, and also from an address."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone
from pytest_mock import MockerFixture

from apps.core.http import outbound
from apps.core.http.outbound import AddressRefused, FetchFailed
from apps.core.resources import DiskFull
from apps.mailings.media.decoding import MAX_BYTES, decoded
from apps.mailings.media.errors import MediaRefused, MediaTooLarge
from apps.mailings.models import MediaFile, MediaRendition
from apps.mailings.services.media import uploads
from apps.mailings.services.media.uploads import (
    replace,
    take,
    take_from_address,
    take_upload,
    used_bytes,
)
from tests.factories import UserFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import drawing, jpeg, moving, upload

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]


def files_of(root: Path) -> int:
    return sum(path.is_file() for path in root.rglob("*"))


def test_a_picture_is_kept_with_a_thumbnail() -> None:
    anna = UserFactory.create()
    media = take_upload(owner=anna, upload=upload(jpeg(), "Летнее меню.JPG"), alt=" Чашка\nкофе ")
    media.refresh_from_db()
    assert (media.name, media.alt, media.kind) == ("Летнее меню", "Чашка кофе", "jpeg")
    assert (media.width, media.height) == (900, 600)
    assert [row.width for row in media.renditions.all()] == [320, 900]
    assert media.size == media.renditions.get(width=900).size
    assert len(media.token) == 24 and media.token.isalnum() and media.token.islower()


def test_tokens_are_never_the_same() -> None:
    anna = UserFactory.create()
    tokens = {picture_of(anna, drawing(f"#0000{n:02x}")).token for n in range(5)}
    assert len(tokens) == 5


def test_the_same_file_twice_is_one_picture_of_one_owner_each() -> None:
    anna, bob = UserFactory.create_batch(2)
    first = picture_of(anna)
    assert picture_of(anna, name="again.jpg") == first
    assert picture_of(bob).token != first.token
    MediaFile.objects.filter(pk=first.pk).update(archived_at=timezone.now())
    assert picture_of(anna) != first


def test_two_at_once_make_one_picture(picture_files: Path, mocker: MockerFixture) -> None:
    """The other one comes while this one is decoded."""
    anna = UserFactory.create()

    def late(content: bytes, widths: list[int], **_more: Any) -> object:
        found = decoded(content, widths)
        mocker.patch.object(uploads, "decoded", decoded)
        picture_of(anna)
        return found

    mocker.patch.object(uploads, "decoded", late)
    assert picture_of(anna) == MediaFile.objects.get()
    assert files_of(picture_files) == 2


def test_what_has_no_room_leaves_nothing_behind(
    settings: LazySettings, picture_files: Path
) -> None:
    settings.MEDIA_QUOTA_MB = 1
    anna = UserFactory.create()
    media = picture_of(anna)
    MediaRendition.objects.filter(media=media, width=900).update(size=1024 * 1024 - 40_000)
    before = files_of(picture_files)
    with pytest.raises(MediaTooLarge, match="1 MB together"):
        take(owner=anna, content=jpeg(2000, 1500), name="b.jpg")
    assert (MediaFile.objects.count(), files_of(picture_files)) == (1, before)
    assert take(owner=UserFactory.create(), content=jpeg(2000, 1500), name="b.jpg")
    settings.MEDIA_QUOTA_MB = 0
    assert take(owner=anna, content=jpeg(2000, 1500), name="b.jpg")


def test_whose_room_is_used_up_is_refused_before_anything_is_decoded(
    settings: LazySettings, mocker: MockerFixture
) -> None:
    settings.MEDIA_QUOTA_MB = 1
    anna = UserFactory.create()
    MediaRendition.objects.filter(media=picture_of(anna)).update(size=600_000)
    never = mocker.patch.object(uploads, "decoded")
    with pytest.raises(MediaTooLarge):
        picture_of(anna, drawing())
    never.assert_not_called()


def test_a_full_disk_is_said_and_makes_no_row(mocker: MockerFixture) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    mocker.patch("django.core.files.storage.FileSystemStorage._save", side_effect=full)
    with pytest.raises(DiskFull):
        picture_of(UserFactory.create())
    assert not MediaFile.objects.exists()


def test_a_file_that_is_too_large_is_not_even_read() -> None:
    large = upload(b"")
    large.size = MAX_BYTES + 1
    with pytest.raises(MediaTooLarge, match="20 MB"):
        take_upload(owner=UserFactory.create(), upload=large)


class TestInPlaceOfAnother:
    def test_the_address_stays_and_every_width_that_was_given_out(
        self, picture_files: Path
    ) -> None:
        media = picture_of(UserFactory.create())
        before = {row.width: row.sha256 for row in media.renditions.all()}
        now = replace(media=media, upload=upload(jpeg(640, 640), "b.jpg"))
        assert (now.token, now.name, now.revision) == (media.token, "menu", 2)
        assert (now.width, now.height) == (640, 640)
        after = {row.width: row.sha256 for row in now.renditions.all()}
        assert set(after) == {320, 640, 900}
        assert not set(before.values()) & set(after.values())
        assert after[900] == after[640]
        # Inside a test nothing is committed: the old files go with the commit.
        assert files_of(picture_files) == 4

    @pytest.mark.django_db(transaction=True)
    def test_the_files_of_before_go(self, picture_files: Path) -> None:
        media = picture_of(UserFactory.create())
        replace(media=media, upload=upload(moving(), "b.gif"))
        media.refresh_from_db()
        assert (media.kind, media.animated) == ("gif", True)
        assert {path.suffix for path in picture_files.rglob("*") if path.is_file()} == {".gif"}

    def test_one_that_was_sent_stays_what_it_is(self, picture_files: Path) -> None:
        media = picture_of(UserFactory.create())
        MediaFile.objects.filter(pk=media.pk).update(sent_at=timezone.now())
        with pytest.raises(MediaRefused, match="were sent"):
            replace(media=media, upload=upload(drawing(), "b.png"))
        media.refresh_from_db()
        assert (media.kind, files_of(picture_files)) == ("jpeg", 2)

    def test_one_that_is_there_already_is_not_put_there_twice(self, picture_files: Path) -> None:
        anna = UserFactory.create()
        media, other = picture_of(anna), picture_of(anna, drawing())
        before = files_of(picture_files)
        with pytest.raises(MediaRefused, match="already"):
            replace(media=media, upload=upload(drawing(), "b.png"))
        assert files_of(picture_files) == before
        assert other.renditions.exists()

    def test_what_is_no_picture_changes_nothing(self) -> None:
        media = picture_of(UserFactory.create())
        with pytest.raises(MediaRefused):
            replace(media=media, upload=upload(b"<svg/>", "b.svg"))
        assert MediaFile.objects.get().sha256 == media.sha256


#: What clouds answer their own machines with: keys.
METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # noqa: N802
        if self.path == "/to-metadata":
            self.send_response(302)
            self.send_header("Location", METADATA)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = {"/menu%20one.png": drawing(), "/page": b"<html></html>"}.get(self.path, b"")
        content = content or bytes(MAX_BYTES + 1)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            pass  # who has read enough goes away

    def log_message(self, *_: object) -> None:
        pass


class TestFromAnAddress:
    @pytest.fixture
    def site(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
        """A server on an address that stands for a public one."""
        real = outbound.is_public
        monkeypatch.setattr(outbound, "is_public", lambda one: one == "127.0.0.1" or real(one))
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield lambda path: f"http://127.0.0.1:{server.server_port}{path}"
        server.shutdown()
        server.server_close()
        thread.join()

    def test_a_copy_is_kept(self, site: Callable[[str], str]) -> None:
        media = take_from_address(owner=UserFactory.create(), url=site("/menu%20one.png"), alt="A")
        assert (media.kind, media.name, media.alt) == ("png", "menu one", "A")

    def test_a_redirect_to_where_keys_lie_is_not_followed(self, site: Callable[[str], str]) -> None:
        with pytest.raises(AddressRefused):
            take_from_address(owner=UserFactory.create(), url=site("/to-metadata"))

    def test_what_is_no_picture_or_too_large_is_refused(self, site: Callable[[str], str]) -> None:
        with pytest.raises(MediaRefused):
            take_from_address(owner=UserFactory.create(), url=site("/page"))
        with pytest.raises(FetchFailed, match="too large"):
            take_from_address(owner=UserFactory.create(), url=site("/endless"))
        assert not MediaFile.objects.exists()


@pytest.mark.parametrize(
    "url", [METADATA, "http://127.0.0.1/a.png", "http://localhost:8000/", "file:///etc/passwd"]
)
def test_addresses_inside_the_house_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        take_from_address(owner=UserFactory.create(), url=url)


def test_the_room_counts_every_file() -> None:
    anna = UserFactory.create()
    media = picture_of(anna)
    assert used_bytes(anna.pk) == sum(row.size for row in media.renditions.all())
    assert used_bytes(UserFactory.create().pk) == 0
