"""The tests' settings over a real PostgreSQL on this machine.

``TEST_DATABASE`` names the database, so that two checkouts can be tested side by side.
"""

import os

from tests.settings import *  # noqa: F401, F403

DATABASES = {
    "default": {
        "ENGINE": "tests.postgresql",
        "NAME": "postgres",
        "USER": "postgres",
        "HOST": "127.0.0.1",
        "PORT": "5432",
        # No commit waits for the disk: tests kill processes, which the system's cache outlives.
        "OPTIONS": {"options": "-c synchronous_commit=off"},
        "TEST": {"NAME": os.environ.get("TEST_DATABASE", "vestnik_test")},
    }
}
