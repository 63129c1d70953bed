"""What a reader sees of a link, and whether its tag says that it is not to be tracked."""

from __future__ import annotations

import re
from typing import Final

from apps.core.content.program.queries import plain

#: Characters behind an address in which its text is looked for.
FAR: Final = 4_000
#: Characters of a label.
LONGEST: Final = 200
_END: Final = re.compile(r"</(?:a|v:\w+)\b", re.IGNORECASE)
_TAGS: Final = re.compile(r"<!--.*?-->|<!\[[^>]*>|<[^>]*>", re.DOTALL)
_ALT: Final = re.compile(r"<img\b[^>]*?\balt=(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_OFF: Final = re.compile(r"\bdata-track\s*=\s*[\"']?off\b", re.IGNORECASE)


def label_in(behind: str) -> str:
    """The text of a link, or what its picture shows. ``behind``: what follows its address."""
    end = _END.search(behind)
    inside = behind[: end.start()] if end else behind
    _tag, _end, inside = inside.partition(">")
    text = " ".join(plain(_TAGS.sub(" ", inside)).split())
    if not text and (alt := _ALT.search(inside)):
        text = " ".join(plain(alt[1] or alt[2] or "").split())
    return text[:LONGEST]


def is_off(before: str, behind: str) -> bool:
    """True if the tag around an address says so. ``before``: all that is known in front of it."""
    tag = before[before.rfind("<") + 1 :] + " " + behind.partition(">")[0]
    return bool(_OFF.search(tag))
