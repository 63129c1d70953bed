"""What one recipient's file is called, and where it is looked for: templates of the fields.

ContentRefused
└─ PersonalFileRefused    file_refused    a pattern cannot be used, or a channel takes no files
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from apps.core.content.template_language import Template, TemplateRefused, parse
from apps.core.content.time_budget import OverLimit
from apps.core.errors import ContentRefused, gettext_noop
from apps.mailings.models import Channel, PersonalFile
from apps.mailings.personal_files.archives import key_of

_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
_LONGEST_NAME: Final = 150
_LONGEST_ADDRESS: Final = 2000


class PersonalFileRefused(ContentRefused):
    """A pattern of a name or an address cannot be used, or a channel takes no such files."""

    code = "file_refused"


@dataclass(frozen=True, slots=True)
class Found:
    """The name of one recipient's file, and where it lies: a key, an address, or nothing."""

    name: str
    origin: str


class Wanted:
    """One file that a run wants for each of its recipients, as the run has kept it."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        """Raises TemplateRefused."""
        self.file_id, self.source = int(kept["id"]), str(kept["source"])
        self.required = bool(kept["required"])
        self._name, self._origin = parse(kept["name"]), parse(kept["origin"])

    def of(self, fields: Mapping[str, str]) -> Found:
        """The file of the recipient with these fields. Without a usable value it has no origin."""
        try:
            name = clean_name(self._name.render(fields))
            if self.source == PersonalFile.Source.URL:
                return Found(name, _address(self._origin, fields))
            entry = self._origin.render(fields) or name
        except (TemplateRefused, OverLimit):
            return Found("file", "")
        return Found(name, key_of(entry)[:500])


def kept(file: PersonalFile) -> dict[str, Any]:
    """What a run keeps of it."""
    about = {"id": file.pk, "name": file.name, "required": file.required}
    return {**about, "source": file.source, "origin": file.origin}


def check_patterns(file: PersonalFile) -> None:
    """Raise the refusal that says what is wrong with the templates of a file, if anything is."""
    name, origin = parse(file.name), parse(file.origin)
    if file.source != PersonalFile.Source.URL:
        return
    if not origin.is_plain:
        raise PersonalFileRefused(gettext_noop("An address may hold placeholders, but no logic."))
    literal = origin.literals[0]
    if literal and not _SCHEME.match(literal):
        raise PersonalFileRefused(gettext_noop("An address begins with https:// or http://."))
    del name


def check_channels(files: Sequence[PersonalFile], channels: Sequence[str], shared: int) -> None:
    """Raise PersonalFileRefused when a channel of a mailing cannot bring the files.

    ``shared``: files that everybody gets.
    """
    if not files:
        return
    if Channel.PHONE in channels:
        text = gettext_noop("A text message carries no file: remove the file, or the channel.")
        raise PersonalFileRefused(text)
    if Channel.MAX in channels or Channel.VK in channels:
        text = gettext_noop("MAX and VK carry no file: remove the file, or the channel.")
        raise PersonalFileRefused(text)
    if Channel.TELEGRAM in channels and len(files) + shared > 1:
        raise PersonalFileRefused(gettext_noop("A message for Telegram can have one attachment."))


def clean_name(name: str) -> str:
    """The name of a file without folders, control characters or anything invisible."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(
        char for char in last if unicodedata.category(char)[0] not in "CZ" or char == " "
    )
    return " ".join(shown.split())[-_LONGEST_NAME:] or "file"


def _address(template: Template, fields: Mapping[str, str]) -> str:
    """The address with each value as a part of it; a value that begins it must be an address.

    Empty when a value is missing, for it would be somebody else's address, or nobody's.
    """
    parts = []
    for at, (name, fallback) in enumerate(zip(template.slots, template.fallbacks, strict=True)):
        value = fields.get(name) or fallback
        before = "".join(template.literals[: at + 1]) if at == 0 else "-"
        if not value:
            return ""
        parts += [template.literals[at], value if not before else quote(value, safe="")]
    whole = "".join([*parts, template.literals[-1]]).strip()
    return whole if _is_address(whole) else ""


def _is_address(text: str) -> bool:
    if len(text) > _LONGEST_ADDRESS or not _SCHEME.match(text) or not text.isprintable():
        return False
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False
