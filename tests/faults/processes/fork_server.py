"""Processes that start in 20 ms: `python -m tests.faults.processes.fork_server [MODULE ...]` forks.

One JSON object per line comes in (see children.Order) and asks for a child; ``{"born": pid}`` and
``{"gone": pid, "status": n}`` go out. A child is a process like any other, with a database
connection of its own, and dies as really; only the loading of the program is done before.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import sys
from typing import Any

import django


def main() -> None:
    django.setup()
    _preload()
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    _report({"ready": os.getpid()})
    children: set[int] = set()
    pending = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        _bury(children)
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                order = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    _live(order)
                    return
                children.add(pid)
                _report({"born": pid})
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _preload() -> None:
    """All that a command would load, so that no child has to."""
    for package in ("apps.delivery", "apps.mailings"):
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    for name in sys.argv[1:]:
        importlib.import_module(name)


def _bury(children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        children.discard(pid)
        _report({"gone": pid, "status": os.waitstatus_to_exitcode(status)})


def _report(event: dict[str, int]) -> None:
    os.write(1, json.dumps(event).encode("ascii") + b"\n")


def _live(order: dict[str, Any]) -> None:
    """The child: its settings, its faults, then a command, a function or a press of a button."""
    from django.conf import settings
    from django.core.management import execute_from_command_line
    from django.db import connections

    from tests.faults import actions
    from tests.faults.processes import points

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, target)
    connections.settings["default"].update(order["database"])
    for name, value in order["settings"].items():
        setattr(settings, name, value)
    declared = settings.ACCOUNTS["sink"]
    settings.ACCOUNTS = {
        name: declared.model_copy(update=order[key])
        for name, key in (("sink", "account"), ("spare", "spare"))
        if order[key]
    }
    for name, value in order["constants"].items():
        module, _, constant = name.partition(":")
        setattr(importlib.import_module(module), constant, value)
    os.environ.update(order["environment"])
    points.arm_from_environment()
    if order["words"][0] == "press":
        actions.press(*order["words"][1:])
    elif order["words"][0] == "call":
        module, name, *args = order["words"][1:]
        getattr(importlib.import_module(module), name)(*args)
    else:
        execute_from_command_line(["manage.py", *order["words"]])


if __name__ == "__main__":
    main()
    sys.exit()
