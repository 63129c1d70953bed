"""Text that a spreadsheet would run: marked where a table is written, bare again where it is read.

Excel and its kin take a cell that begins with one of a few signs for a formula (OWASP: CSV
injection). An apostrophe in front says that it is text. Where the list separator is a semicolon or
a tab, a line is cut there as well, whatever the quotation marks say: so each part gets its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: What begins nothing but a formula; a phone may begin with the other two, and a name may.
_EQUALS_OR_AT: Final = "=@＝＠"
_SIGN: Final = f"[+\\-＋－{_EQUALS_OR_AT}]"
#: Blanks in front are overlooked by some spreadsheets; line ends and tabs begin a new cell.
_BLANKS: Final = "(?:[^\\S\\t\\r\\n]|\ufeff)*"
_FORMULA: Final = f"'*{_BLANKS}{_SIGN}"
_START: Final = re.compile(f"(?={_FORMULA}|'*[\\t\\r\\n])")
_AFTER: Final = re.compile(f"([;\\t\\r\\n])(?={_FORMULA})")
_MARKED_START: Final = re.compile(f"'(?={_FORMULA}|'*[\\t\\r\\n])")
_MARKED_AFTER: Final = re.compile(f"([;\\t\\r\\n])'(?={_FORMULA})")

_ONLY_A_FORMULA: Final = f"[\\s\ufeff]*[{_EQUALS_OR_AT}]"
_IS_FORMULA: Final = re.compile(_ONLY_A_FORMULA)
_AMONG_LINES: Final = re.compile(f"\n{_ONLY_A_FORMULA}")


def is_formula(text: str) -> bool:
    """True for text that can be nothing but a formula: plus and minus may begin a value."""
    return _IS_FORMULA.match(text) is not None


def any_formula(texts: Iterable[str]) -> bool:
    """True when one of them may be one: a whole column at one stroke."""
    return _AMONG_LINES.search("\n" + "\n".join(texts)) is not None


def guarded(text: str, *, whole: bool = False) -> str:
    """The text as it may stand in a table that a spreadsheet opens: no part of it is a formula.

    ``whole``: nothing cuts it into cells, as in a workbook.
    """
    marked = text if whole else _AFTER.sub(r"\1'", text)
    return f"'{marked}" if _START.match(marked) else marked


def bare(text: str) -> str:
    """What was meant by the text of a cell: without the marks that ``guarded`` and Excel make."""
    if "'" not in text:
        return text
    start = 1 if _MARKED_START.match(text) else 0
    return _MARKED_AFTER.sub(r"\1", text[start:])
