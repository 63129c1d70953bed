"""Bots of these tests write to one chat over and over."""

from __future__ import annotations

import pytest

from apps.delivery.channels.telegram import pacing


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "pace" not in request.path.name:
        monkeypatch.setattr(pacing, "TO_A_PERSON", 0.0)
        monkeypatch.setattr(pacing, "TO_A_GROUP", 0.0)
