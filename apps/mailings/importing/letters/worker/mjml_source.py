"""MJML as HTML. It must be XML, its elements stand in each other to a depth, and it reads no
file."""

from __future__ import annotations

import re
from typing import Final

import mjml

from apps.core.content.template_language import MAX_TAG
from apps.mailings.importing.letters.worker.job import MOST_ELEMENTS, CannotRead

_TAG: Final = re.compile(r"<(/?)([A-Za-z][\w:-]*)(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*?(/?)>")
_FORBIDDEN: Final = re.compile(r"<mj-include\b|<!doctype|<!entity", re.IGNORECASE)
_VOID: Final = frozenset("area base br col hr img input link meta wbr".split())
_DEEPEST: Final = 100
#: Nothing that MJML writes differently, in a text as in an attribute.
_CODE: Final = re.compile(rf"\{{\{{.{{0,{MAX_TAG}}}?\}}\}}|\{{%.{{0,{MAX_TAG}}}?%\}}", re.DOTALL)
_SEAL: Final = re.compile(r"letter-code-(\d+)-x")
#: What it makes of letters in attributes that it thinks cannot be printed.
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


def html_of(source: str) -> str:
    """The HTML of an MJML source, its code as it was. Raises CannotRead."""
    if _FORBIDDEN.search(source):
        raise CannotRead("mjml_include")
    codes: list[str] = []

    def seal(found: re.Match[str]) -> str:
        codes.append(found[0])
        return f"letter-code-{len(codes) - 1}-x"

    sealed = _CODE.sub(seal, source)
    _refuse_depth(sealed)
    try:
        html = mjml.mjml2html(sealed)
    except ValueError as error:
        raise CannotRead("mjml_broken") from error
    html = _ESCAPED.sub(lambda found: _letter(int(found[1], 16)), html)
    return _SEAL.sub(lambda found: codes[int(found[1])] if int(found[1]) < len(codes) else "", html)


def _letter(number: int) -> str:
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else ""


def _refuse_depth(source: str) -> None:
    depth = 0
    for count, found in enumerate(_TAG.finditer(source)):
        if found[1]:
            depth -= 1
        elif not found[3] and found[2].lower() not in _VOID:
            depth += 1
        if depth > _DEEPEST or count > MOST_ELEMENTS:
            raise CannotRead("too_deep")
