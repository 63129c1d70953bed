"""Brings files in processes that may be killed: ``python -m … DATABASE STORE``.

DATABASE is JSON, STORE the folder of private files. For each line of its standard input a child is
forked that unpacks and stages what there is; its number is printed, and ``ended`` when it is gone,
for whatever reason.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    from django.conf import settings

    for name, value in json.loads(sys.argv[1]).items():
        settings.DATABASES["default"][name] = value

    storages: dict[str, Any] = settings.STORAGES
    storages["private"]["OPTIONS"]["location"] = sys.argv[2]

    import django

    django.setup()

    from django.db import connections

    from apps.core.http import outbound
    from apps.delivery.engine.staging import stager
    from apps.mailings.services.personal_files import unpacking

    # In small steps, so that kills meet every one of them; the test has a server here.
    stager.CHUNK = unpacking.CHUNK = 7  # type: ignore[misc]
    stager.ASKED = 60  # type: ignore[misc]
    outbound.is_public = lambda address: True
    connections.close_all()
    for _line in sys.stdin:
        pid = os.fork()
        if not pid:
            unpacking.unpack_all(lambda: False)
            stager.stage_all(lambda: False)
            os._exit(0)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
