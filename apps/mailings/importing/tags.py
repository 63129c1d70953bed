"""Tags in one cell of a table, as other programs part them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from apps.core.exports.formulas import bare
from apps.mailings.importing.reject_reasons import Reason

_LONGEST_TAG = 80
_MOST_TAGS = 100
_TAG_BREAK = re.compile(r"[,|;]|\s:::\s|:::")
#: Google's own groups, which everybody is in.
_NO_TAG = re.compile(r"\* (?:my ?contacts|starred|friends|family|coworkers)", re.IGNORECASE)
#: What no name and no address may hold.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def split_tags(value: str) -> list[str]:
    """The tags of one cell, without the empty ones and without repetitions."""
    names = map(str.strip, _cut(bare(value.strip())))
    return list(dict.fromkeys(name for name in names if name and not _NO_TAG.fullmatch(name)))


def _cut(value: str) -> Iterable[str]:
    """A name between quotation marks may hold what else would cut it, as Mailchimp writes them."""
    if '"' not in value:
        return _TAG_BREAK.split(value)
    rest, quoted = "", []
    for at, part in enumerate(re.split(r'"((?:[^"]|"")*)"', value)):
        if at % 2:
            quoted.append(part.replace('""', '"'))
            part = ","
        rest += part
    return [*quoted, *_TAG_BREAK.split(rest)]


def joined_tags(names: Iterable[str]) -> str:
    """The tags in one cell, from which ``split_tags`` reads them again."""
    return ", ".join(
        (
            '"{}"'.format(name.replace('"', '""'))
            if '"' in name or split_tags(name) != [name]
            else name
        )
        for name in names
    )


def tag_list(value: str) -> str | Reason:
    """The tags of one cell as JSON, or why they cannot be."""
    tags = split_tags(value)
    if any(map(CONTROL.search, tags)):
        return Reason.CONTROL_CHARACTERS
    if len(tags) > _MOST_TAGS or any(len(tag) > _LONGEST_TAG for tag in tags):
        return Reason.TOO_LONG
    return json.dumps(tags, ensure_ascii=False)
