"""A command of the program whose claims of automations end soon, so that the dead are replaced."""

from __future__ import annotations

from datetime import timedelta


def command(*args: str) -> None:
    """``manage.py`` with these arguments."""
    from django.core.management import execute_from_command_line

    from apps.automations.moving import batch, claiming
    from apps.automations.services import people

    setattr(claiming, "LEASE", timedelta(seconds=2))
    setattr(claiming, "MOST", 250)
    setattr(people, "CHUNK", 500)
    setattr(batch, "_SOONEST", timedelta(seconds=0.3))
    setattr(batch, "_LATEST", timedelta(seconds=1))
    execute_from_command_line(["manage.py", *args])
