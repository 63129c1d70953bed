"""The sheet around simple HTML: as wide as a message is read best, in one font, on any screen.

What the visual editor writes has no layout of its own: a mail program would show it in its own
serif font, from edge to edge. Who writes a layout gets none from us.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from apps.core.content.editor_html import EDITOR_ATTRIBUTES, EDITOR_TAGS
from apps.core.content.time_budget import look_at_the_clock

_TABLE: Final = '<table role="presentation" {} cellpadding="0" cellspacing="0" border="0"{}>'
_FONT: Final = "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1b2630"
_WHOLE: Final = _TABLE.format('width="100%"', "")
_SHEET: Final = _TABLE.format('width="600"', ' style="width:100%;max-width:600px"')
_OPEN: Final = (
    f'{_WHOLE}<tr><td align="center" style="padding:24px 16px">'
    f'{_SHEET}<tr><td align="left" style="{_FONT}">'
)
_CLOSE: Final = "</td></tr></table></td></tr></table>"


class _Tags(HTMLParser):
    """Looks whether there is more than an editor of text can write."""

    def __init__(self) -> None:
        super().__init__()
        self.simple = True
        self.any = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        look_at_the_clock()
        allowed = EDITOR_ATTRIBUTES.get(tag, set())
        self.any = True
        if tag not in EDITOR_TAGS or any(name not in allowed for name, _value in attrs):
            self.simple = False

    def handle_comment(self, data: str) -> None:
        self.simple = False

    def handle_decl(self, decl: str) -> None:
        self.simple = False


def on_a_sheet(html: str) -> str:
    """The same on its sheet; HTML that has a layout, or logic, is left as it is."""
    if "{%" in html:
        return html
    tags = _Tags()
    tags.feed(html)
    tags.close()
    return f"{_OPEN}{html}{_CLOSE}" if tags.simple and tags.any else html


def off_its_sheet(html: str) -> str:
    """What somebody wrote of HTML that stands on our sheet; any other as it is."""
    if html.startswith(_OPEN) and html.endswith(_CLOSE):
        return html[len(_OPEN) : -len(_CLOSE)]
    return html
