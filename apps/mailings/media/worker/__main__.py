"""The program ``python -m <this package> JOB``: JOB and the findings it prints are JSON."""

from __future__ import annotations

import json
import sys

from apps.mailings.media.worker.job import CannotDecode, Job


def bound(megabytes: int, seconds: int) -> None:
    """Let the system end this process when it grows too big or works too long (not on Windows)."""
    if sys.platform != "win32":
        import resource

        limit = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


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
