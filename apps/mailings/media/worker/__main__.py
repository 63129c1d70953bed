"""The program ``python -m <this package> JOB``: JOB and the findings it prints are JSON."""

from __future__ import annotations

import json
import sys

from apps.core.files.limited_process import bound
from apps.mailings.media.worker.job import CannotDecode, Job


def main() -> int:
    job = Job.read(sys.argv[1])
    bound(job.megabytes, job.seconds)
    try:
        # Imported only now: the limits hold for the library, too.
        from apps.mailings.media.worker.pictures import convert

        found = convert(job).as_dict()
    except CannotDecode as error:
        found = {"error": str(error)}
    except MemoryError:
        found = {"error": "too_big"}
    sys.stdout.write(json.dumps(found))
    return 1 if "error" in found else 0


if __name__ == "__main__":
    sys.exit(main())
