#!/usr/bin/env python
"""Django's command line."""

import io
import os
import sys

from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError

from apps.core.audit.acting import act_as_command


def speak_utf8() -> None:
    """Write UTF-8 wherever the output goes: a Windows code page has no place for most names."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def main() -> None:
    speak_utf8()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    act_as_command(sys.argv)
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, InterfaceError) as error:
        if "--traceback" in sys.argv:
            raise
        reason = str(error).strip().partition("\n")[0]
        sys.exit(f"The database cannot be used: {reason}")


if __name__ == "__main__":
    main()
