"""What blocks, their fields and their choices are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words = dict[str, "str | _StrPromise"]

#: Kinds of parts; blocks in the order in which they are offered.
KINDS: Final[Words] = {
    "section": _("Section"),
    "column": pgettext_lazy("message block", "Column"),
    "saved": _("Saved block"),
    "heading": _("Heading"),
    "text": pgettext_lazy("message block", "Text"),
    "image": _("Image"),
    "button": _("Button"),
    "divider": _("Divider"),
    "spacer": _("Spacer"),
    "list": pgettext_lazy("message block", "List"),
    "cards": _("Cards"),
    "product": _("Product"),
    "quote": _("Quote"),
    "menu": _("Menu"),
    "social": _("Social networks"),
    "header": _("Header"),
    "footer": _("Footer"),
    "code": pgettext_lazy("message block", "Code"),
    "table": pgettext_lazy("message block", "Table"),
    "video": _("Video"),
    "repeat": pgettext_lazy("message block", "Repeat"),
    "html": _("HTML"),
}

#: How the columns of a section share its width.
LAYOUTS: Final[Words] = {
    "1": _("One column"),
    "2": _("Two columns"),
    "1-2": _("Two columns, the right one wider"),
    "2-1": _("Two columns, the left one wider"),
    "3": _("Three columns"),
    "4": _("Four columns"),
}

FIELDS: Final[Words] = {
    "text": pgettext_lazy("message block", "Text"),
    "html": pgettext_lazy("message block", "Text"),
    "level": _("Level"),
    "align": _("Alignment"),
    "colour": _("Color"),
    "background": _("Background"),
    "small": _("Small print"),
    "picture": _("Image"),
    "logo": _("Logo"),
    "backdrop": _("Background image"),
    "media": _("From the library"),
    "dark_media": _("In dark mode"),
    "url": _("Image address"),
    "alt": _("Description for those who can’t see it"),
    "decorative": _("Decoration: needs no description"),
    "embed": _("Send the image inside the email"),
    "link": _("Link address"),
    "width": _("Width, pixels"),
    "bleed": _("To the edges of the section"),
    "caption": _("Caption"),
    "label": _("Label"),
    "link_label": _("Link label"),
    "look": _("Style"),
    "wide": _("Full width"),
    "thickness": _("Thickness, pixels"),
    "line": _("Line"),
    "height": _("Height, pixels"),
    "items": _("Items"),
    "title": _("Title"),
    "mark": _("Marker"),
    "across": _("Cards in a row"),
    "name": _("Name"),
    "price": _("Price"),
    "old_price": _("Old price"),
    "badge": _("Badge"),
    "picture_at": _("Image position"),
    "author": _("Author"),
    "about": _("About the author"),
    "entries": _("Links"),
    "networks": _("Networks"),
    "network": _("Network"),
    "size": _("Size, pixels"),
    "logo_width": _("Logo width, pixels"),
    "view_link": _("“View in browser” link"),
    "preferences": _("“Preferences” link"),
    "company": _("Company"),
    "address": _("Postal address"),
    "reason": _("Why the recipient gets this"),
    "value": _("Value"),
    "note": _("Note"),
    "head": _("Column headings"),
    "rows": _("Rows"),
    "source": _("List field"),
    "cells": _("Cells of a row"),
    "limit": _("Items at most"),
    "empty": _("Text when the list is empty"),
    "valign": _("Vertical alignment"),
    "full_width": _("Background from edge to edge"),
    "stack_on_phone": _("Columns below each other on a phone"),
    "reverse_on_phone": _("Last column first on a phone"),
    "padding_x": _("Space at the sides, pixels"),
    "above": _("Space above, pixels"),
    "below": _("Space below, pixels"),
    "device": _("Show on"),
}

#: Where a field is called otherwise than elsewhere.
FIELDS_OF: Final[dict[str, Words]] = {
    "footer": {"mark": _("Advertising mark")},
    "html": {"source": _("HTML")},
    "column": {"width": _("Width, percent")},
    "header": {"name": _("Company name")},
    "product": {"html": _("Description")},
    "quote": {"html": _("Quote")},
}

CHOICES: Final[dict[str, Words]] = {
    "align": {"left": _("Left"), "center": _("Center"), "right": _("Right")},
    "valign": {"top": _("Top"), "middle": _("Middle"), "bottom": _("Bottom")},
    "level": {"1": _("Level 1"), "2": _("Level 2"), "3": _("Level 3")},
    "look": {
        "filled": _("Filled"),
        "outline": _("Outline"),
        "plain": pgettext_lazy("button style", "Plain"),
        "colour": _("Color icons"),
        "words": _("Words"),
    },
    "line": {"solid": _("Solid"), "dashed": _("Dashed"), "dotted": _("Dotted")},
    "mark": {
        "none": pgettext_lazy("list marker", "None"),
        "bullet": _("Bullet"),
        "number": _("Number"),
        "check": _("Check mark"),
        "picture": _("Image"),
    },
    "across": {"1": "1", "2": "2", "3": "3"},
    "picture_at": {"top": _("Top"), "left": _("Left")},
    "device": {
        "all": _("All devices"),
        "phone": _("Phones only"),
        "desktop": _("Desktop only"),
    },
    "font": {
        "system": _("System font"),
        "arial": "Arial",
        "georgia": "Georgia",
        "verdana": "Verdana",
        "tahoma": "Tahoma",
        "trebuchet": "Trebuchet",
        "times": "Times",
        "courier": "Courier",
    },
    "match": {"all": _("all conditions"), "any": _("any condition")},
    "op": {
        "is": pgettext_lazy("condition", "is"),
        "is_not": pgettext_lazy("condition", "is not"),
        "contains": pgettext_lazy("condition", "contains"),
        "empty": pgettext_lazy("condition", "is empty"),
        "not_empty": pgettext_lazy("condition", "is not empty"),
        "more": pgettext_lazy("condition", "is more than"),
        "less": pgettext_lazy("condition", "is less than"),
        "before": pgettext_lazy("condition", "is before"),
        "after": pgettext_lazy("condition", "is after"),
    },
}
CHOICES["heading_font"] = CHOICES["font"]

#: The roles of a theme's colours.
ROLES: Final[Words] = {
    "page": _("Page background"),
    "surface": _("Section background"),
    "text": pgettext_lazy("message block", "Text"),
    "muted": _("Muted text"),
    "link": _("Links"),
    "accent": _("Accent"),
    "button": _("Button"),
    "button_text": _("Button label"),
    "line": _("Lines"),
}

NETWORKS: Final[Words] = {
    "vk": _("VK"),
    "telegram": "Telegram",
    "max": "MAX",
    "ok": _("Odnoklassniki"),
    "dzen": _("Dzen"),
    "rutube": "Rutube",
    "youtube": "YouTube",
    "whatsapp": "WhatsApp",
    "instagram": "Instagram",
    "facebook": "Facebook",
    "x": "X",
    "linkedin": "LinkedIn",
    "tiktok": "TikTok",
    "pinterest": "Pinterest",
    "threads": "Threads",
    "github": "GitHub",
    "website": _("Website"),
    "email": _("Email"),
}


def field_label(kind: str, name: str) -> str | _StrPromise:
    """What a field of this kind of part is called."""
    return FIELDS_OF.get(kind, {}).get(name) or FIELDS.get(name) or name


#: What an act was, for the buttons that take it back and do it again: "Undo: move".
ACTS: Final[Words] = {
    "insert": pgettext_lazy("act on a message", "add"),
    "remove": pgettext_lazy("act on a message", "delete"),
    "duplicate": pgettext_lazy("act on a message", "duplicate"),
    "move": pgettext_lazy("act on a message", "move"),
    "set": pgettext_lazy("act on a message", "change"),
    "layout": pgettext_lazy("act on a message", "change columns"),
    "theme": pgettext_lazy("act on a message", "change design"),
    "letter": pgettext_lazy("act on a message", "change details"),
    "language": pgettext_lazy("act on a message", "translate"),
}


def act_label(label: str) -> str:
    """A step in words: what was done, and to what kind of part."""
    act, _dot, kind = label.partition(".")
    named = [str(ACTS.get(act, act)), str(KINDS.get(kind, ""))]
    return ": ".join(filter(None, named))


#: Where in a list of parts.
PLACES: Final[Words] = {
    "alone": pgettext_lazy("place in a message", "the only one"),
    "first": pgettext_lazy("place in a message", "first"),
    "after": pgettext_lazy("place in a message", "after %(part)s"),
}
