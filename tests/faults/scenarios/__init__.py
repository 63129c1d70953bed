"""Every fault that the rounds inject, by name."""

from __future__ import annotations

from tests.faults.scenarios import crashes, databases, people, receivers
from tests.faults.scenarios.registry import Scenario, every

__all__ = ["Scenario", "crashes", "databases", "every", "people", "receivers"]
