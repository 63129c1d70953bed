"""The quick start of docs/api.md, run as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from apps.mailings.models import Run
from apps.mailings.services.reach import audience_of
from tests.api import powershell
from tests.factories import PASSWORD, UserFactory, confirmed

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def example(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert found is not None
    return found[1]


def surroundings(live_server: Any) -> dict[str, str]:
    """What the page asks to be set."""
    confirmed(UserFactory.create(email="anna@example.org"))
    return {
        "VESTNIK": live_server.url,
        "VESTNIK_EMAIL": "anna@example.org",
        "VESTNIK_PASSWORD": PASSWORD,
    }


def run(args: list[str], live_server: Any) -> str:
    """What the example printed."""
    found = subprocess.run(
        args,
        env={**os.environ, **surroundings(live_server)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


def check(printed: str) -> None:
    """Both runs are there, made by the API, and the example has reported them."""
    made, single = Run.objects.select_related("mailing__owner").order_by("pk")
    assert (single.urgent, single.pending) == (True, 1)
    assert single.content["fields"] == {"full_name": "Bob"}
    assert (made.trigger, made.mailing.owner.email) == ("api", "anna@example.org")
    assert audience_of(made.mailing).people().count() == 1
    assert "pending" in printed


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_curl(live_server: Any) -> None:
    check(run(["bash", "-euo", "pipefail", "-c", example("bash")], live_server))


def test_python(live_server: Any) -> None:
    check(run([sys.executable, "-c", example("python")], live_server))


def test_powershell(live_server: Any) -> None:
    """By PowerShell itself where there is one, else word by word, with the same calls."""
    if shutil.which("pwsh") is None:
        check(powershell.run(example("powershell"), surroundings(live_server)))
        return
    args = ["pwsh", "-NoProfile", "-NonInteractive", "-Command"]
    check(run([*args, "$ErrorActionPreference = 'Stop'\n" + example("powershell")], live_server))


@pytest.mark.parametrize(
    "script",
    [
        "Invoke-WebRequest 'x'",
        "Get-Date",
        '$a = @{ b = @{ c = @{ d = @{ e = "x" } } } } | ConvertTo-Json',
        '$a = @{ b = "x" } + @{ b = "y" }',
        'Invoke-RestMethod "http://127.0.0.1:9/" -SkipCertificateCheck "x"',
        '$a = @{ b = "x" c = "y" }',
        "if ($a) { }",
    ],
)
def test_what_is_not_understood_is_no_success(script: str) -> None:
    with pytest.raises((powershell.NotUnderstood, KeyError, TypeError)):
        powershell.run(script, {})
