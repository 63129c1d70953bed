"""How a source is to be read, where a person knows better than a guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from apps.mailings.importing.errors import NotATable
from apps.mailings.importing.files.encoding import known_encoding

#: The first that fits as well as any other is guessed.
DELIMITERS: Final = ",;\t|"
_WORDS: Final = {
    **{"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t"},
    **{"pipe": "|", "bar": "|", "space": " "},
}
_LAST_HEADER_ROW: Final = 1000


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Every empty field is guessed.

    ``header_row`` is the line of the header, counted from 1; 0 says that there is none. With
    ``filtered`` the rows that a filter hides are read, too.
    """

    sheet: str = ""
    header_row: int | None = None
    delimiter: str = ""
    encoding: str = ""
    filtered: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ReadOptions:
        """From a form, a command or what was kept. Raises NotATable for what cannot be."""
        row = values.get("header_row")
        if row is not None and not 0 <= row <= _LAST_HEADER_ROW:
            raise NotATable(_("The header row is a number from 1 to 1000, or 0 for none."))
        encoding = values.get("encoding") or ""
        return cls(
            sheet=values.get("sheet") or "",
            header_row=row,
            delimiter=_delimiter(values.get("delimiter") or ""),
            encoding=known_encoding(encoding) if encoding else "",
            filtered=bool(values.get("filtered")),
        )

    def kept(self) -> dict[str, Any]:
        """As JSON can keep it."""
        return asdict(self)


def delimiter_word(delimiter: str) -> str:
    """The delimiter for people: a single comma among commas is not seen."""
    labels = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("vertical bar")}
    return labels.get(delimiter, f"“{delimiter}”")


def _delimiter(word: str) -> str:
    delimiter = _WORDS.get(word.lower(), word)
    if len(delimiter) > 1 or delimiter in '"\r\n' and delimiter:
        raise NotATable(_("The delimiter is one character, or a word such as tab."))
    return delimiter
