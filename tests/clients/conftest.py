"""The Python client, written out of the document of this very site."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from apps.api.urls import api
from apps.users.models import User
from tests.api.conftest import voice_of
from tests.factories import UserFactory, confirmed

SOURCE = Path(__file__).resolve().parents[2] / "clients" / "python"


def script(name: str) -> ModuleType:
    """A file of clients/python that is not a part of the package."""
    spec = importlib.util.spec_from_file_location(f"client_{name}", SOURCE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


def document() -> dict[str, Any]:
    """What `/api/openapi.json` answers."""
    text = json.dumps(api.get_openapi_schema(), cls=DjangoJSONEncoder)
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="session")
def client_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module `vestnik_client`, built into a directory of its own."""
    folder = tmp_path_factory.mktemp("client")
    skip = shutil.ignore_patterns("_generated", "__pycache__")
    shutil.copytree(SOURCE / "src" / "vestnik_client", folder / "vestnik_client", ignore=skip)
    script("generate").write(document(), folder / "vestnik_client")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("vestnik_client")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "vestnik_client"]:
        del sys.modules[name]


@pytest.fixture
def anna(transactional_db: None) -> User:
    return confirmed(UserFactory.create(email="anna@example.org"))


@pytest.fixture
def token(anna: User) -> str:
    return voice_of(anna).secret
