"""A letter of another tool becomes a draft: opened first, and imported when its tags are known.

Nothing is kept between the two but the pictures that came with it: the HTML goes to the page and
comes back, and is cleaned again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.content.blocks.converting.from_html import blocks_of_html
from apps.core.content.blocks.converting.gathering import Report
from apps.core.content.editor_html import stored_text
from apps.core.content.html_text import html_to_text
from apps.core.contracts import Actor
from apps.core.http.outbound import AddressRefused, FetchFailed, download
from apps.core.values.languages import language
from apps.mailings.importing.letters.merge_tags import MergeTag, tags_in, translated
from apps.mailings.importing.letters.reading import ReadLetter, read_letter
from apps.mailings.importing.letters.worker.job import Findings
from apps.mailings.media.decoding import MAX_BYTES
from apps.mailings.media.errors import MediaRefused
from apps.mailings.models import Message, MessageDraft
from apps.mailings.models.content import Form
from apps.mailings.selectors.messages import draft_of, template_names
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.letters.sources.converting import DraftUnsaved, writers_language
from apps.mailings.services.media.renditions import PictureAddresses
from apps.mailings.services.media.uploads import take
from apps.mailings.services.media.uses import library_of
from apps.mailings.services.messages import keep_draft
from apps.users.models import User

_CAME_ALONG: Final = re.compile(r"cid:letter-(\d+)")
#: Of the pictures elsewhere: so many are fetched, so many at once, in so many seconds in all.
MOST_FETCHED: Final = 50
_AT_ONCE: Final = 6
_SECONDS: Final = 40.0
_ONE: Final = 15.0
#: What letters show is not wider, and twice that on a screen with two pixels for one.
_WIDTH: Final = 1_200


@dataclass(frozen=True, slots=True)
class OpenedLetter:
    """A letter that was read. What ``found`` says of pictures that came along is done."""

    html: str
    found: Findings
    tags: list[MergeTag]
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody chose for a letter: its form, a field for each tag, and its pictures."""

    form: Form
    choices: Mapping[str, str] = field(default_factory=dict)
    fetch: bool = False


@dataclass(frozen=True, slots=True)
class ImportedLetter:
    """The content that a letter became, and what is said of the way there.

    ``commands``: of the other tool, dropped. ``refused``: pictures by name, and why.
    """

    form: Form
    content: dict[str, Any]
    report: Report
    commands: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def open_letter(*, owner: Actor, content: bytes, name: str) -> OpenedLetter:
    """Read a file of another tool, and take the pictures that came with it into the library.

    Raises LetterRefused, LetterTooDeep, Busy, DiskFull.
    """
    read = read_letter(content, _stem(name))
    refused: list[tuple[str, str]] = []
    html = _with_own_pictures(owner, read, refused)
    tags = tags_in(f"{read.found.subject}\n{html}", known_names(owner))
    return OpenedLetter(html, read.found, tags, refused)


def import_letter(*, owner: Actor, html: str, subject: str, wishes: Wishes) -> ImportedLetter:
    """The letter in its new form, out of HTML that was opened. Nothing is saved but pictures.

    Raises LetterRefused, LetterTooDeep, ContentRefused, Busy, DiskFull.
    """
    known = known_names(owner)
    html, commands = translated(html, wishes.choices, known)
    subject, more = translated(subject, wishes.choices, known)
    read = read_letter(html.encode("utf-8", "replace"))
    refused: list[tuple[str, str]] = []
    html = _with_own_pictures(owner, read, refused)
    if wishes.fetch:
        ours = library_of(owner.pk, html)
        elsewhere = [url for url in read.found.remote if ours(url) is None]
        html = _with_fetched(owner, html, elsewhere, refused)
    report = Report()
    content: dict[str, Any] = {
        "subject": stored_text(subject)[:255],
        "language": language(read.found.language) or writers_language(),
        "html": html,
        "text": "",
        "document": None,
    }
    if wishes.form == Form.BLOCKS:
        found = blocks_of_html(html, library_of(owner.pk, html))
        report = found.report
        content |= {"html": "", "document": found.document, "preheader": found.preheader}
    return ImportedLetter(wishes.form, content, report, commands + more, refused)


@transaction.atomic
def begin_imported(
    *, author: User, imported: ImportedLetter, name: str, replace: bool = False
) -> Message | None:
    """A draft with what was imported; the message of a letter of blocks, None of a new one.

    Raises DraftUnsaved where another draft of a new message would be lost (``replace``: it may).
    """
    content = imported.content
    if imported.form != Form.BLOCKS:
        if has_new_draft(author) and not replace:
            raise DraftUnsaved(_("You have an unsaved new message. Save it first."))
        kept = {one: content[one] for one in ("subject", "html", "text", "language")}
        keep_draft(message=None, author=author, base_revision=0, content=kept)
        return None
    name = (name or content["subject"] or _("Imported message"))[:200]
    message = begin_letter(author=author, name=name, language=content["language"])
    MessageDraft.objects.create(
        owner=author,
        message=message,
        base_revision=message.revision,
        sequence=1,
        name=name,
        form=Form.BLOCKS,
        **{one: content[one] for one in ("subject", "language", "document", "preheader", "text")},
    )
    return message


def has_new_draft(author: User) -> bool:
    """True if the author has begun a new message and not saved it."""
    draft = draft_of(None, author)
    if draft is None:
        return False
    begun = html_to_text(draft.html).strip()
    written = begun and not begun.startswith(_("Unsubscribe"))  # the page itself begins with that
    return bool(draft.subject.strip() or written)


def known_names(owner: Actor) -> Collection[str]:
    """The names that are no tags of another tool."""
    return frozenset(template_names(owner.pk))


def _with_own_pictures(owner: Actor, read: ReadLetter, refused: list[tuple[str, str]]) -> str:
    """The HTML with the addresses of the pictures that came with it."""
    addresses = [_taken(owner, data, name, refused) for name, data in read.pictures]

    def put(found: re.Match[str]) -> str:
        number = int(found[1])
        return addresses[number] if number < len(addresses) else ""

    return _CAME_ALONG.sub(put, read.found.html)


def _with_fetched(
    owner: Actor, html: str, remote: list[str], refused: list[tuple[str, str]]
) -> str:
    """The HTML with our copies of pictures elsewhere; what cannot be fetched stays there."""
    with TemporaryDirectory(prefix="vestnik-pictures-") as directory:
        until = time.monotonic() + _SECONDS
        targets = [
            (url, Path(directory) / str(number)) for number, url in enumerate(remote[:MOST_FETCHED])
        ]
        fetch = partial(_fetched, until=until, language_code=get_language() or "")
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            reasons = list(pool.map(fetch, targets))
        for (url, target), reason in zip(targets, reasons, strict=True):
            name = PurePosixPath(unquote(urlsplit(url).path)).name
            if reason:
                refused.append((url[:200], reason))
                continue
            address = _taken(owner, target.read_bytes(), name, refused)
            if address:
                html = _moved(html, url, address)
    return html


def _fetched(wanted: tuple[str, Path], *, until: float, language_code: str) -> str:
    """Why a picture could not be fetched; empty when it was. In a thread of its own."""
    url, target = wanted
    left = min(_ONE, until - time.monotonic())
    with override(language_code):
        if left <= 0:
            return _("There was no time left to fetch it.")
        try:
            download(url, target, max_bytes=MAX_BYTES, seconds=left)
        except (AddressRefused, FetchFailed) as refusal:
            return str(refusal)
    return ""


def _moved(html: str, url: str, address: str) -> str:
    """The HTML with the picture at this address at the other one."""
    written = re.escape(escape(url))
    pattern = rf"(\s(?:src|background)=\"|url\(\s*(?:&quot;|')?){written}(?=[\"')&])"
    return re.sub(pattern, lambda found: f"{found[1]}{address}", html)


def _taken(owner: Actor, data: bytes, name: str, refused: list[tuple[str, str]]) -> str:
    """The address of a picture of the library; empty for one that is refused."""
    try:
        media = take(owner=owner, content=data, name=name)
    except MediaRefused as refusal:
        refused.append((name, str(refusal)))
        return ""
    return PictureAddresses(owner.pk)(media.pk, _WIDTH)


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name.rpartition(".")[0] or name
