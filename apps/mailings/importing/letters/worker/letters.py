"""A foreign letter as HTML of ours: styles beside their elements, nothing in it that runs."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from hashlib import sha256
from html import escape, unescape
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

import css_inline
import nh3

from apps.core.content.blocks.converting.sealing import SEALED_TAG, Sealed
from apps.core.content.blocks.converting.tree import ATTRIBUTES, DROPPED, SCHEMES, TAGS
from apps.core.content.html_nesting import is_too_deep
from apps.core.content.template_language import MAX_TAGS
from apps.mailings.importing.letters.worker.job import (
    LONGEST_HTML,
    MOST_ELEMENTS,
    MOST_PICTURES,
    CannotRead,
    Findings,
    Job,
)
from apps.mailings.importing.letters.worker.mjml_source import html_of
from apps.mailings.importing.letters.worker.sources import Source, source_of

_ELEMENT: Final = re.compile(r"<[A-Za-z]")
_LINK: Final = re.compile(r"<link\b[^<>]{0,2000}>", re.IGNORECASE)
_HREF: Final = re.compile(r"""\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_STYLE: Final = re.compile(r"(<style\b[^>]*>)(.*?)(</style\s*>)", re.IGNORECASE | re.DOTALL)
#: Rules that fetch something, and those that say how the others are to be read.
_FETCHING: Final = re.compile(r"@(?:import|charset|namespace)\b[^;{}]*;?", re.IGNORECASE)
_FONT: Final = re.compile(r"@font-face\s*\{[^{}]*\}", re.IGNORECASE)
_UNSAFE_STYLE: Final = re.compile(r"[<>]|javascript:|expression\s*\(|behavior\s*:", re.IGNORECASE)
_TITLE: Final = re.compile(r"<title\b[^>]*>([^<]{0,1000})", re.IGNORECASE)
_LANG: Final = re.compile(r"<html\b[^>]{0,1000}?\slang\s*=\s*[\"']?([\w-]{2,20})", re.IGNORECASE)
_BODY: Final = re.compile(r"<body\b([^>]*)>", re.IGNORECASE)
_BODY_STYLE: Final = re.compile(r"\b(style|bgcolor)=\"([^\"]*)\"", re.IGNORECASE)
_DATA: Final = re.compile(r"data:image/[a-z0-9.+-]{1,20};base64,([A-Za-z0-9+/=\s]{16,})", re.I)
_PICTURE: Final = re.compile(r"(\s(?:src|background)=\")([^\"]*)(\")")
_STYLE_PICTURE: Final = re.compile(r"url\(\s*(?:&quot;|')?([^)\"'&]+(?:&amp;[^)\"'&]*)*)", re.I)
_WORDS_COMMENT: Final = ("[if", "<![endif]", "[endif]")
_COUNTED: Final = {
    "scripts": re.compile(r"<script\b|\son[a-z]{3,20}\s*=|javascript:", re.IGNORECASE),
    "forms": re.compile(r"<(?:form|input|select|textarea)\b", re.IGNORECASE),
    "embedded": re.compile(r"<(?:iframe|object|embed|video|audio|svg|canvas)\b", re.IGNORECASE),
}
_PADDING: Final = re.compile(r"\s+")


def read(job: Job) -> Findings:
    """Read the letter, and write the pictures that came with it. Raises CannotRead.

    1. What it is decide its bytes, and how much of it there is, before anybody parses it.
    2. Code of the template language is put aside, so that no parser changes it.
    3. Styles go to their elements; what runs, what is sent and what is fetched is dropped.
    """
    source = source_of(Path(job.source).read_bytes())
    html = html_of(source.markup) if source.is_mjml else source.markup
    _refuse_size(html)
    return _Reader(job, source).findings(html)


def _refuse_size(html: str) -> None:
    if html.count("{{") + html.count("{%") > MAX_TAGS:
        raise CannotRead("too_many_tags")
    if len(_ELEMENT.findall(html)) > MOST_ELEMENTS or is_too_deep(html):
        raise CannotRead("too_deep")


class _Reader:
    def __init__(self, job: Job, source: Source) -> None:
        self._job, self._source = job, source
        self._found = Findings(subject=source.subject)
        self._taken: dict[bytes, int] = {}
        self._remote: dict[str, None] = {}
        self._missing: dict[str, None] = {}

    def findings(self, html: str) -> Findings:
        found = self._found
        title, lang = _TITLE.search(html), _LANG.search(html)
        found.subject = found.subject or _line(unescape(title[1]) if title else "")
        found.language = lang[1] if lang and lang[1] != "und" else ""
        for kind, pattern in _COUNTED.items():
            self._source.left_out[kind] += len(pattern.findall(html))
        html = _DATA.sub(self._data_picture, html)
        if len(html) > 2 * LONGEST_HTML:
            raise CannotRead("too_long")
        sealed = Sealed(html)
        inlined = _inlined(self._with_styles(sealed.source))
        body = _BODY.search(inlined)
        cleaned = _cleaned(inlined)
        cleaned = _PICTURE.sub(self._picture, cleaned)
        for one in _STYLE_PICTURE.finditer(cleaned):
            self._note_remote(unescape(one[1]).strip())
        found.html = sealed.opened(
            _document(found, cleaned, _style_of(inlined), body[1] if body else "")
        )
        if len(found.html.encode("utf-8", "replace")) > LONGEST_HTML:
            raise CannotRead("too_long")
        found.remote, found.missing = [*self._remote], [*self._missing]
        found.left_out = {kind: count for kind, count in self._source.left_out.items() if count}
        return found

    def _with_styles(self, html: str) -> str:
        """Style sheets that came along in their places; of others, that they are missing."""
        return _STYLE.sub(self._style, _LINK.sub(self._sheet, html))

    def _sheet(self, found: re.Match[str]) -> str:
        address = _HREF.search(found[0])
        if address is None or "stylesheet" not in found[0].lower():
            return ""
        data = self._file(unescape(address[1]))
        if data is None:
            self._source.left_out["styles"] += 1
            return ""
        return f"<style>{data[1].decode('utf-8', 'replace').replace('</', '')}</style>"

    def _style(self, found: re.Match[str]) -> str:
        rules, count = _FETCHING.subn("", found[2])
        rules, fonts = _FONT.subn("", rules)
        self._source.left_out["styles"] += count + fonts
        return f"{found[1]}{rules}{found[3]}"

    def _data_picture(self, found: re.Match[str]) -> str:
        try:
            data = base64.b64decode("".join(found[1].split()), validate=True)
        except (binascii.Error, ValueError):
            return found[0]
        return self._written("", data) or found[0]

    def _picture(self, found: re.Match[str]) -> str:
        """A picture by its place in the findings, where it came with the letter."""
        address = unescape(found[2]).strip()
        file = self._file(address)
        if file is not None:
            name, data = file
            return f"{found[1]}{self._written(name, data)}{found[3]}"
        self._note_remote(address)
        if not address.lower().startswith(("http://", "https://", "cid:letter-")) and not (
            SEALED_TAG.match(address)
        ):
            self._missing[address[:200]] = None
            return f"{found[1]}{found[3]}"
        return found[0]

    def _note_remote(self, address: str) -> None:
        is_fixed = address.lower().startswith(("http://", "https://"))
        if is_fixed and not SEALED_TAG.search(address) and len(self._remote) < MOST_PICTURES:
            self._remote[address[:2000]] = None

    def _file(self, address: str) -> tuple[str, bytes] | None:
        files = self._source.files
        path = unquote(address.partition("?")[0].partition("#")[0])
        path = path if path.startswith("cid:") else _normal(path)
        for name in (address, path):
            if name in files:
                return files[name]
        last = PurePosixPath(path).name.lower()
        if "://" in address or not last:
            return None
        same = [file for name, file in files.items() if PurePosixPath(name).name.lower() == last]
        return same[0] if len(same) == 1 else None

    def _written(self, name: str, data: bytes) -> str:
        """The picture as it is called in the findings; empty when there are too many."""
        key = sha256(data).digest()
        number = self._taken.get(key, len(self._found.pictures))
        if key not in self._taken:
            if number >= MOST_PICTURES:
                self._source.left_out["pictures"] += 1
                return ""
            self._taken[key] = number
            file = f"picture-{number}"
            (Path(self._job.target) / file).write_bytes(data)
            self._found.pictures.append((file, name or f"{self._job.name} {number + 1}"))
        return f"cid:letter-{number}"


def _inlined(html: str) -> str:
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
    try:
        return inliner.inline(_without_comments(html))
    except css_inline.InlineError as error:
        raise CannotRead("styles") from error


def _cleaned(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=None,
        strip_comments=False,
    )


def _without_comments(html: str) -> str:
    """The HTML with those comments alone that Word reads, and the seals of code."""
    kept: list[str] = []
    position = 0
    while (start := html.find("<!--", position)) >= 0:
        end = html.find("-->", start + 2)
        if end < 0:
            break
        kept.append(html[position:start])
        inner = html[start + 4 : end]
        if inner.lstrip().startswith(_WORDS_COMMENT) or SEALED_TAG.fullmatch(inner):
            kept.append(html[start : end + 3])
        position = end + 3
    return "".join((*kept, html[position:]))


def _style_of(html: str) -> str:
    """The rules that no element can have: for phones, and for the dark."""
    rules = "\n".join(found[2].strip() for found in _STYLE.finditer(html))
    return "" if _UNSAFE_STYLE.search(rules.replace(">", "")) else rules.strip()


def _document(found: Findings, cleaned: str, rules: str, body: str) -> str:
    lang = f' lang="{escape(found.language)}"' if found.language else ""
    style = f"<style>\n{rules}\n</style>\n" if rules else ""
    kept = "".join(f' {name.lower()}="{value}"' for name, value in _BODY_STYLE.findall(body))
    return (
        f"<!doctype html>\n<html{lang}>\n<head>\n"
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(found.subject)}</title>\n{style}</head>\n"
        f"<body{kept}>\n{cleaned.strip()}\n</body>\n</html>\n"
    )


def _line(text: str) -> str:
    return _PADDING.sub(" ", text).strip()[:255]


def _normal(path: str) -> str:
    """A path without steps that lead nowhere, from where the page lies."""
    return "/".join(_steps(path))


def _steps(path: str) -> Iterator[str]:
    for step in path.replace("\\", "/").split("/"):
        if step not in ("", ".", ".."):
            yield step
