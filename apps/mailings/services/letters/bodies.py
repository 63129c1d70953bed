"""What a run keeps of a message's bodies: as they are written, or what its blocks become."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.conf import settings

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.completeness import complete
from apps.core.content.blocks.document import Document, walk
from apps.core.content.blocks.feeds.entry import FeedEntry
from apps.core.content.blocks.feeds.words import unsealed
from apps.core.content.blocks.fragments import checked
from apps.core.content.blocks.letter.compilation import Scheme, Surroundings
from apps.core.content.blocks.letter.parts import CompiledLetter
from apps.core.content.blocks.letter.phrases import Phrases, has_phrases, phrases_of
from apps.core.content.blocks.schema import Code, Html
from apps.core.content.preheader import with_preheader
from apps.core.content.rules import check_content, check_head
from apps.core.errors import ContentRefused
from apps.core.site import site_url
from apps.mailings.media.embedding import embedded
from apps.mailings.models import Mailing, MediaRendition, Message
from apps.mailings.selectors.letters.brand import brand_of
from apps.mailings.services.languages.translations import (
    Written,
    owner_of,
    translations_of,
    written_in,
)
from apps.mailings.services.letters.hints import GAPS
from apps.mailings.services.letters.whole import whole_of, with_feed, with_waiting
from apps.mailings.services.media.renditions import PictureAddresses


class LetterIncomplete(ContentRefused):
    """A block lacks something without which the letter cannot be sent. ``gap``: its code."""

    code = "letter_incomplete"

    def __init__(self, gap: str) -> None:
        self.gap = gap
        super().__init__(str(GAPS[gap]))


def kept_bodies(message: Message, entries: Sequence[FeedEntry] | None = None) -> dict[str, Any]:
    """Text and HTML: sources, or the parts of a letter of blocks with their conditions.

    What a letter of blocks has from elsewhere is put in, and ``made_of`` says in which revision. Of
    pictures only those files are asked for that there are. Raises ContentRefused for blocks that
    cannot be compiled, EmbedTooLarge among them. ``entries``: the items of its mailing's feed; None
    where there is no feed.
    """
    if message.document is None:
        html = with_preheader(message.html, message.preheader)
        return {"text": message.text, "html": html}
    made = with_feed(whole_of(message), entries)
    pictures = PictureAddresses(message.owner_id, made.media, make=False)
    compiled = compiled_letter(message, made.document, picture=pictures, site=site_url())
    inside = _embedded(compiled, pictures)
    return {
        **parts_of(message, compiled),
        "links": [link.block for link in compiled.links],
        "view_page": not has_code(made.document),
        **({"embedded": inside} if inside else {}),
        **made.origin,
    }


def _embedded(compiled: CompiledLetter, pictures: PictureAddresses) -> list[dict[str, Any]]:
    """The pictures that the letter carries. Raises EmbedTooLarge, LetterIncomplete."""
    found: list[tuple[str, MediaRendition, str]] = []
    for one in compiled.pictures:
        if not one.embed:
            continue
        row = pictures.file(one.media, one.width)
        if row is None:
            raise LetterIncomplete("picture_missing")
        cid = one.address.removeprefix("cid:")
        found.append((cid, row, pictures(one.media, one.width)))
    return embedded(found)


def make_pictures(
    message: Message,
    languages: Collection[str] | None = None,
    *,
    mailing: Mailing | None = None,
) -> None:
    """Make the files of its pictures, as wide as the letter shows them.

    ``languages``: those that are asked for beside its own; without, all that it is written in.
    ``mailing``: the one whose feed is in it.
    Outside of a transaction: a picture is decoded for as long as a second, and all who wait for
    what the transaction holds would wait for it.
    """
    if message.document is None:
        return
    further = translations_of(message)
    codes = [code for code in further if languages is None or code in languages]
    for code in (message.language, *codes):
        with suppress(ContentRefused):  # the launch says what is wrong
            written = written_in(message, code)
            made = with_waiting(whole_of(written), written, mailing)
            if ids := made.media:
                pictures = PictureAddresses(message.owner_id, ids)
                compiled_letter(written, made.document, picture=pictures)


def compiled_letter(
    written: Written,
    document: Document,
    *,
    picture: Callable[[int, int], str],
    site: str = "",
    marks: bool = False,
    scheme: Scheme = "reader",
) -> CompiledLetter:
    """The document as its letter, by the words around it. Raises ContentRefused.

    ``picture``: as ``Surroundings`` ask for it, and so ``marks`` and ``scheme``. ``site``: the
    address of the site, where its own pages are not all that shows the letter: then it carries
    the pictures that it is to carry.
    """
    surroundings = surroundings_of(
        written, document, picture=picture, site=site, marks=marks, scheme=scheme
    )
    return compile_letter(
        document, surroundings, title=written.subject, preheader=written.preheader
    )


def surroundings_of(
    written: Written,
    document: Document,
    *,
    picture: Callable[[int, int], str],
    site: str = "",
    marks: bool = False,
    scheme: Scheme = "reader",
) -> Surroundings:
    """What a letter in the language of ``written`` is compiled with."""
    return Surroundings(
        phrases=_phrases(written),
        picture=picture,
        icons=f"{site}{settings.STATIC_URL}letters/networks/",
        embed=bool(site),
        view_page=not has_code(document),
        marks=marks,
        scheme=scheme,
    )


def _phrases(written: Written) -> Phrases:
    """The fixed words in its language: ours, or those that its owner's brand has."""
    language = written.language or settings.LANGUAGE_CODE
    found = phrases_of(language)
    brand = None if has_phrases(language) else brand_of(owner_of(written))
    own = brand.style.translations.get(language) if brand is not None else None
    if own is None:
        return found
    said = own.model_dump(include={"unsubscribe", "preferences", "view"})
    return replace(found, lang=language, **{name: text for name, text in said.items() if text})


def parts_of(written: Written, compiled: CompiledLetter) -> dict[str, Any]:
    """Text, HTML and conditions as a run keeps them; a text of its own goes first."""
    return {
        "text": written.text if written.text.strip() else unsealed(compiled.text),
        "html": unsealed(compiled.html),
        "conditions": compiled.conditions,
    }


def has_code(document: Document) -> bool:
    """True if it holds a coupon or a one-time code: who is forwarded the link could use it."""
    return any(isinstance(node, Code) for node in walk(document))


def check_message(message: Message) -> None:
    """Raises ContentRefused for what could not be sent as it is: LetterIncomplete for blocks.

    A block of HTML is refused in the words of its template.
    """
    check_head(message.subject, message.preheader)
    if message.document is None:
        check_content(message.subject, message.text, message.html)
        return
    made = whole_of(message)
    for gap in complete(made.document):
        if gap.code in GAPS:
            raise LetterIncomplete(gap.code)
        for html in (node for node in walk(made.document) if isinstance(node, Html)):
            checked(html.source)
    ids = made.media
    pictures = PictureAddresses(message.owner_id, ids, make=False)
    if any(pictures.media(one) is None for one in ids):  # removed since, or somebody else's
        raise LetterIncomplete("picture_missing")
