"""A lock of the operating system on an open file: it ends with the process that holds it."""

from __future__ import annotations

import sys
from typing import BinaryIO

_LOCK_AT = 1 << 40  # a byte far behind the content: Windows locks are mandatory


if sys.platform == "win32":  # pragma: no cover - the locks of Windows
    import msvcrt

    def try_lock(file: BinaryIO) -> bool:
        """Lock the file for as long as it is open. False: another process has."""
        file.seek(_LOCK_AT)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(0)
        return True

else:
    import fcntl

    def try_lock(file: BinaryIO) -> bool:
        """Lock the file for as long as it is open. False: another process has."""
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
