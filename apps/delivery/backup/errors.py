"""Why there is no backup, or no restoring."""

from __future__ import annotations

from apps.core.errors import Refused


class BackupExists(Refused):
    """There is a file of this name already."""

    code = "backup_exists"


class BackupDamaged(Refused):
    """The archive is cut short, was changed, or is none."""

    code = "backup_damaged"


class BackupNewer(Refused):
    """The archive was made by a newer version."""

    code = "backup_newer"


class BackupOlder(Refused):
    """The archive was made before the last migrations."""

    code = "backup_older"


class BackupUnfit(Refused):
    """The database does not take a row of the archive."""

    code = "backup_unfit"


class NotEmpty(Refused):
    """The database has rows, or a folder has files."""

    code = "not_empty"


class RestoreRunning(Refused):
    """Another process is restoring into this installation."""

    code = "restore_running"


class WorkersOfAnotherVersion(Refused):
    """Workers of another version are running."""

    code = "other_version_runs"
