"""Pictures that travel inside a letter: which files a run keeps the names of, and their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from apps.core.errors import ContentRefused, gettext_noop
from apps.mailings.media import files
from apps.mailings.models import MediaFile, MediaRendition

#: Bytes of all of them in one letter: more is a burden to every mailbox.
MOST: Final = 500_000


class EmbedTooLarge(ContentRefused):
    """The pictures inside the letter have more than 500 kB together."""

    code = "embed_too_large"


def embedded(pictures: Iterable[tuple[str, MediaRendition, str]]) -> list[dict[str, Any]]:
    """What a run keeps of them: content id, file, and the address that shows it elsewhere.

    Raises EmbedTooLarge.
    """
    kept = [_kept(cid, row, address) for cid, row, address in pictures]
    size = sum(one["size"] for one in kept)
    if size > MOST:
        text = gettext_noop(
            "The images inside the email have %(size)d kB; %(limit)d kB is the most. Let some of"
            " them be loaded from the site."
        )
        raise EmbedTooLarge(text, size=-(-size // 1000), limit=MOST // 1000)
    return kept


def _kept(cid: str, row: MediaRendition, address: str) -> dict[str, Any]:
    media = row.media
    about = {"token": media.token, "kind": media.kind, "sha256": row.sha256, "size": row.size}
    return {"cid": cid, **about, "address": address}


def carried(kept: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str, bytes], ...]:
    """Content id, type and bytes of those whose files are there; the others are loaded."""
    return tuple(_carried(kept))


def _carried(kept: Sequence[Mapping[str, Any]]) -> Iterable[tuple[str, str, bytes]]:
    for one in kept:
        media = MediaFile(token=one["token"], kind=one["kind"])
        row = MediaRendition(media=media, sha256=one["sha256"], size=one["size"])
        content = files.content_of(row)
        if content is not None:
            yield one["cid"], media.content_type, content
