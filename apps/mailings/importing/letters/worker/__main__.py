"""The program ``python -m <this package> JOB``: JOB and the findings it prints are JSON."""

from __future__ import annotations

import sys
from typing import Any

from apps.core.files.limited_process import serve
from apps.mailings.importing.letters.worker.job import CannotRead, Job


def work(job: Job) -> dict[str, Any]:
    from apps.mailings.importing.letters.worker.letters import read

    return read(job).as_dict()


if __name__ == "__main__":
    sys.exit(serve(Job.read, work, CannotRead))
