"""The program ``python -m <this package> JOB``: JOB and the findings it prints are JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from apps.core.files.limited_process import serve
from apps.mailings.importing.files.spreadsheet_worker.job import CannotConvert, Findings, Job


def converter(kind: str) -> Callable[[Job], Findings]:
    """Imported only now: the limits hold for the libraries, too."""
    if kind == "vcard":
        from apps.mailings.importing.files.spreadsheet_worker.cards import convert
    elif kind == "html":
        from apps.mailings.importing.files.spreadsheet_worker.pages import convert
    else:
        from apps.mailings.importing.files.spreadsheet_worker.workbooks import convert
    return convert


def work(job: Job) -> dict[str, Any]:
    return converter(job.kind)(job).as_dict()


if __name__ == "__main__":
    sys.exit(serve(Job.read, work, CannotConvert))
