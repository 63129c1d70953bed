"""A plain text as blocks: paragraphs, lists, headings that are underlined, and its links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from apps.core.content.blocks.converting.gathering import Body, Converted, Report
from apps.core.content.blocks.converting.rich import in_address
from apps.core.content.blocks.converting.sealing import SEAL, Sealed
from apps.core.content.program.liquid_blocks import BEGINNINGS, ENDS

_UNDERLINE: Final = re.compile(r"[=\-~]{3,}\s*")
_RULE: Final = re.compile(r"(?:[*\-_=] ?){3,}\s*")
_BULLET: Final = re.compile(r"\s{0,6}[-*•–]\s+(.*)")
_NUMBER: Final = re.compile(r"\s{0,6}\d{1,3}[.)]\s+(.*)")
_ADDRESS: Final = re.compile(
    r"https?://[^\s<>\"']+|(?<![\w@.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|\ue000\d+\ue001"
)
#: What belongs to the sentence around an address, and not to it.
_BEHIND: Final = ".,;:!?»”)]"
_URL: Final = re.compile(r"\{\{-?\s*\w*_url\b[^{}]*\}\}")
_OWN_URL: Final = re.compile(r"\{\{-?\s*(?:unsubscribe|view|preferences)_url\b[^{}]*\}\}")
_COMMENT: Final = re.compile("<!--(\ue000\\d+\ue001)-->")
_CODE_NAME: Final = re.compile(r"\{%-?\s*(\w+)")
_LONGEST_HEADING: Final = 120
_LONGEST_OWN_LINE: Final = 80


def blocks_of_text(source: str) -> Converted:
    """The text as a document of blocks. Raises DocumentTooBig."""
    report = Report()
    body = Body(report)
    stack = body.stack("surface")
    sealed = Sealed(source.replace("\r\n", "\n").replace("\r", "\n"))
    sealed.source = _COMMENT.sub(r"\1", sealed.source)  # it is no HTML
    for lines in _pieces(sealed):
        if _has_logic(sealed, lines):
            stack.keep(sealed.opened(f"<p>{_with_breaks(sealed, lines)}</p>"))
            continue
        if len(lines) > 1 and _UNDERLINE.fullmatch(lines[1]) and _is_heading(lines[0]):
            level = 1 if lines[1].startswith("=") else 2
            stack.add("heading", level=level, text=sealed.opened(lines[0].strip()))
            lines = lines[2:]
        if len(lines) == 1 and _RULE.fullmatch(lines[0]):
            stack.add("divider")
        else:
            html = sealed.opened("".join(_paragraphs(sealed, lines)))
            if html:
                stack.text(html, align="left", colour="text", small=False)
    return Converted(document=body.document({"follows_brand": True}), report=report)


def _pieces(sealed: Sealed) -> Iterator[list[str]]:
    """Lines between blank ones; where code begins, all to where it ends."""
    lines: list[str] = []
    depth = 0
    for line in [*sealed.source.split("\n"), ""]:
        depth += sum(_steps(sealed, line))
        if line.strip() or depth > 0:
            if depth > 0 or not _is_own_link(sealed, line):
                lines.append(line)
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def _steps(sealed: Sealed, line: str) -> Iterator[int]:
    for found in SEAL.finditer(line):
        name = _CODE_NAME.match(sealed.codes[int(found[1])])
        if name:
            yield (name[1] in BEGINNINGS) - (name[1] in ENDS)


def _has_logic(sealed: Sealed, lines: list[str]) -> bool:
    codes = (sealed.codes[int(found[1])] for line in lines for found in SEAL.finditer(line))
    return any(code.startswith("{%") for code in codes)


def _is_own_link(sealed: Sealed, line: str) -> bool:
    """True for a line with the link to unsubscribe or the like: the footer has them."""
    opened = sealed.opened(line)
    rest = _OWN_URL.sub("", opened)
    return rest != opened and len(rest) <= _LONGEST_OWN_LINE and "{" not in rest


def _is_heading(line: str) -> bool:
    return bool(line.strip()) and len(line.strip()) <= _LONGEST_HEADING and "://" not in line


def _with_breaks(sealed: Sealed, lines: list[str]) -> str:
    return "<br>".join(_linked(sealed, line.strip()) for line in lines)


def _paragraphs(sealed: Sealed, lines: list[str]) -> Iterator[str]:
    """The lines of a piece: neighbours are one paragraph, or the items of one list."""
    said: list[str] = []
    items: list[str] = []
    tag = ""
    for line in [*lines, ""]:
        found = _BULLET.fullmatch(line) or _NUMBER.fullmatch(line)
        kind = "" if found is None else "ul" if _BULLET.fullmatch(line) else "ol"
        if items and kind != tag:
            yield f"<{tag}>{''.join(items)}</{tag}>"
            items = []
        if said and kind:
            yield f"<p>{'<br>'.join(said)}</p>"
            said = []
        if found is not None:
            tag = kind
            items.append(f"<li>{_linked(sealed, found[1].strip())}</li>")
        elif line.strip():
            said.append(_linked(sealed, line.strip()))
    if said:
        yield f"<p>{'<br>'.join(said)}</p>"


def _linked(sealed: Sealed, line: str) -> str:
    """A line of HTML, its addresses made links."""
    done: list[str] = []
    position = 0
    for found in _ADDRESS.finditer(line):
        address = found[0].rstrip(_BEHIND)
        done.append(escape(line[position : found.start()], quote=False))
        position = found.start() + len(address)
        done.append(_link(sealed, address))
    return "".join((*done, escape(line[position:], quote=False)))


def _link(sealed: Sealed, address: str) -> str:
    """An address as a link to itself; a placeholder is one when its name says so."""
    code = sealed.opened(address)
    shown = escape(address, quote=False)
    if SEAL.fullmatch(address):
        return f'<a href="{in_address(code)}">{shown}</a>' if _URL.fullmatch(code) else shown
    target = code if "://" in code else f"mailto:{code}"
    return f'<a href="{in_address(target)}">{shown}</a>'
