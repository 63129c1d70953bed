"""Automations: their pages, the editor, their people."""

from tests.access.rules.automations.pages import COUNTS, ENDPOINTS

__all__ = ["COUNTS", "ENDPOINTS"]
