"""The program ``python -m <this package> JOB``: JOB and the findings it prints are JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from apps.core.files.limited_process import bound
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


def main() -> int:
    job = Job.read(sys.argv[1])
    bound(job.megabytes, job.seconds)
    try:
        found = converter(job.kind)(job).as_dict()
    except CannotConvert as error:
        found = {"error": str(error)}
    except MemoryError:
        found = {"error": "too_big"}
    sys.stdout.write(json.dumps(found))
    return 1 if "error" in found else 0


if __name__ == "__main__":
    sys.exit(main())
