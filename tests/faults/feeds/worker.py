"""A command of the program, for which the feed's server on this machine is a public one."""

from __future__ import annotations


def command(*args: str) -> None:
    """``manage.py`` with these arguments; a feed that fails is tried again almost at once."""
    from django.core.management import execute_from_command_line

    from apps.core.http import outbound
    from apps.core.values.backoff import Backoff
    from apps.mailings.services.feeds import keeping

    setattr(outbound, "is_public", lambda address: True)
    setattr(keeping, "BACKOFF", Backoff(first=0.2, longest=0.4))
    execute_from_command_line(["manage.py", *args])
