"""Reads one spreadsheet in a process of its own: ``python sheet_child.py SOURCE TARGET MEGABYTES``.

A hostile file of a few kilobytes can eat all memory or crash the library; here it takes only this
process with it. Imports nothing of the project.
"""

from __future__ import annotations

import csv
import sys
from datetime import date, datetime, time
from pathlib import Path


def bound_memory(megabytes: int) -> None:
    """Let the system end this process when it grows too big (not on Windows)."""
    if sys.platform != "win32":
        import resource

        limit = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def text_of(cell: object) -> str:
    """A cell as people read it: 79120000000.0 is a phone number, not a fraction."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return " ".join(str(cell).split()) if cell is not None else ""


def convert(source: Path, target: Path) -> None:
    """Write the first sheet as CSV, one line a row."""
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(str(source)).get_sheet_by_index(0)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in sheet.iter_rows():
            writer.writerow([text_of(cell) for cell in row])


if __name__ == "__main__":
    bound_memory(int(sys.argv[3]))
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
