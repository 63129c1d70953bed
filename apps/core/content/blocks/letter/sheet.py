"""What stands in a letter's head: declarations, rules for phones, for the dark, and for Word."""

from __future__ import annotations

from typing import Final

from apps.core.content.blocks.letter.compilation import Compilation
from apps.core.content.blocks.values import Theme

_PHONE: Final = "@media (max-width:479px)"
_DARK: Final = "@media (prefers-color-scheme:dark)"
#: Shown under the light, and under the dark, for pictures that have two versions.
_SWAP: Final = (
    ".light-image{display:none!important}",
    ".dark-image{display:block!important;max-height:none!important}",
)
_FORMAT: Final = "telephone=no,date=no,address=no,email=no,url=no"


def head(compilation: Compilation) -> str:
    """The part of the head that MJML does not write."""
    scheme = compilation.colours.scheme
    return (
        f'<meta name="format-detection" content="{_FORMAT}">'
        '<meta name="x-apple-disable-message-reformatting">'
        f'<meta name="color-scheme" content="{scheme}">'
        f'<meta name="supported-color-schemes" content="{scheme}">'
        f"<style>{_sheet(compilation, scheme)}</style>{_word(compilation.theme)}"
    )


def phone_rules(compilation: Compilation) -> str:
    """The rules for phones that the sections which have been written need."""
    rules = _of_sections(compilation)
    return f"{_PHONE}{{{rules}}}" if rules else ""


def _of_sections(compilation: Compilation) -> str:
    return "".join(f".{name}{rule}" for name, rule in sorted(compilation.phone_rules.items()))


def _sheet(compilation: Compilation, scheme: str) -> str:
    phone = _of_sections(compilation)
    rules = (
        f":root{{color-scheme:{scheme};supported-color-schemes:{scheme}}}"
        f"{_PHONE}{{.stack{{display:block!important;width:auto!important;"
        "padding:0 0 20px!important}.stack:last-child{padding-bottom:8px!important}"
        ".stack img,.fill{max-width:100%!important}"
        ".only-desktop{display:none!important}.only-phone{display:table-row!important}"
        f"{phone}}}"
    )
    shown = compilation.surroundings.scheme
    if compilation.theme.dark is None or shown == "light":
        return rules
    dark = [*compilation.colours.rules(), *_SWAP]
    if shown == "dark":
        return f"{rules}{''.join(dark)}"
    outlook = "".join(f"[data-ogsc] {rule}" for rule in dark)
    return f"{rules}{_DARK}{{{''.join(dark)}}}{outlook}"


def _word(theme: Theme) -> str:
    """Word takes Times for a list of fonts whose first one it does not know."""
    names = ["td", "a", "p"] if theme.font == "system" else []
    names += ["h1", "h2", "h3"] if theme.heading_font == "system" else []
    if not names:
        return ""
    rule = f"{','.join(names)}{{font-family:Arial,sans-serif!important}}"
    return f"<!--[if mso]><style>{rule}</style><![endif]-->"
