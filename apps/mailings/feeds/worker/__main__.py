"""The program ``python -m <this package> JOB``: JOB and the findings it prints are JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from apps.core.files.limited_process import bound
from apps.mailings.feeds.worker.job import CannotRead, Job


def main() -> int:
    job = Job.read(sys.argv[1])
    bound(job.megabytes, job.seconds)
    found: dict[str, Any]
    try:
        # Imported only now: the limits hold for the library, too.
        from apps.mailings.feeds.worker.parsing import parse

        found = parse(job).as_dict()
    except CannotRead as error:
        found = {"error": str(error)}
    except (MemoryError, RecursionError):
        found = {"error": "too_big"}
    sys.stdout.write(json.dumps(found))
    return 1 if "error" in found else 0


if __name__ == "__main__":
    sys.exit(main())
