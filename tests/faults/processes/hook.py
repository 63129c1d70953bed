"""The last of the installed apps of a fault test's installation: it arms the fault points."""

from __future__ import annotations

from django.apps import AppConfig

from tests.faults.processes.points import arm_from_environment


class FaultHook(AppConfig):
    name = "tests.faults"
    label = "fault_hook"

    def ready(self) -> None:
        arm_from_environment()
