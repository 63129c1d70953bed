"""The build writes the typed modules out of `openapi.json` before anything is packed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # a build looks for nothing beside its script

from generate import FOLDER, write  # noqa: E402
from hatchling.builders.hooks.plugin.interface import BuildHookInterface  # noqa: E402

MISSING = (
    "There is no openapi.json: fetch it from an installation first, "
    "curl -fsS $VESTNIK/api/openapi.json -o openapi.json"
)


class GeneratedModules(BuildHookInterface[Any]):
    """An archive of the source has them already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        package, document = root / "src" / "vestnik_client", root / "openapi.json"
        if document.exists():
            write(json.loads(document.read_text(encoding="utf-8")), package)
        elif not (package / FOLDER).exists():
            raise SystemExit(MISSING)
        build_data["artifacts"].append(f"src/vestnik_client/{FOLDER}/")
