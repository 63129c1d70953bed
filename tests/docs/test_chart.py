"""The chart in deploy/chart: the same as the manifests, and nothing taken that it does not know."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from django.core.management import get_commands

from config import environment
from tests.docs.test_deploy import DEPLOY, ROOT, pods

CHART = DEPLOY / "chart"
TEMPLATES = sorted((CHART / "templates").iterdir())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES}
#: One action of a template, without its marks for blanks.
ACTION = re.compile(r"\{\{-?\s*(/\*.*?\*/|.*?)\s*-?\}\}", re.S)
#: What has an end of its own.
OPENING = {"if", "range", "with", "define"}


def actions(text: str) -> list[str]:
    return [found for found in ACTION.findall(text) if not found.startswith("/*")]


def used_values() -> set[str]:
    """The paths of values that the templates name."""
    found: set[str] = set()
    for text in TEXTS.values():
        for action in actions(text):
            found |= set(re.findall(r"\.Values\.([\w.]+)", action))
    return found


def leaves(values: dict[str, Any], above: str = "") -> Iterator[str]:
    """The paths of everything that values.yaml says."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def changed(path: str, value: Any) -> dict[str, Any]:
    """The values with another one at this path."""
    values = copy.deepcopy(VALUES)
    *above, last = path.split(".")
    reduce(lambda found, name: found[name], above, values)[last] = value
    return values


def is_taken(values: dict[str, Any]) -> bool:
    return jsonschema_rs.is_valid(SCHEMA, values)


def test_its_own_values_are_taken() -> None:
    jsonschema_rs.validate(SCHEMA, VALUES)


# What stands in annotations is the ingress controller's own.
@pytest.mark.parametrize(
    "path", [path for path in leaves(VALUES) if not path.startswith("ingress.annotations")]
)
def test_each_value_is_checked(path: str) -> None:
    assert not is_taken(changed(path, {"not": "this"}))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("web.replica", 2),
        ("nonsense", "x"),
        ("settings.SECRET_KEY", "s" * 50),
        ("settings.ACCOUNTS__NEWS__PASSWORD", "hunter2"),
        ("settings.DB_HOST", "elsewhere"),
        ("settings.LIMIT_TESTS_PER_HOUR", 5),
        ("settings.EMAIL_HOST", "smtp.example.org\nSECRET_KEY=x"),
        ("redis.cacheUrl", "redis://:hunter2@redis.example.org/1"),
        ("worker.replicas", -1),
        ("host", "https://mail.example.org"),
    ],
)
def test_what_would_do_harm_is_refused(path: str, value: Any) -> None:
    assert not is_taken(changed(path, value))


def test_every_value_that_is_named_is_there_and_every_one_that_is_there_is_named() -> None:
    named = used_values()
    assert len(named) > 25
    for path in named:
        reduce(lambda found, name: found[name], path.split("."), VALUES)
    for path in leaves(VALUES):
        above = [path.rsplit(".", count)[0] for count in range(path.count(".") + 1)]
        assert named & set(above), f"{path} is used nowhere"


@pytest.mark.parametrize("name", TEXTS)
def test_every_action_is_closed(name: str) -> None:
    text = TEXTS[name]
    assert text.count("{{") == text.count("}}") == len(ACTION.findall(text))
    opened: list[str] = []
    for action in actions(text):
        assert action.count("(") == action.count(")") and action.count('"') % 2 == 0
        word = action.split()[0]
        if word in OPENING:
            opened.append(word)
        elif word == "end":
            assert opened.pop()
    assert opened == []


def test_what_is_included_is_defined_and_the_other_way_round() -> None:
    every = "\n".join(TEXTS.values())
    defined = re.findall(r'\{\{-? define "([\w.]+)"', every)
    assert len(defined) == len(set(defined))
    assert set(defined) == set(re.findall(r'include "([\w.]+)"', every))


def test_it_is_the_version_of_the_project() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == project["project"]["version"]


def test_its_settings_are_taken_and_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = re.findall(r"^([A-Z_]+)=(.*)$", TEXTS["_parts.tpl"], re.M)
    fixed = {key: value for key, value in lines if "{{" not in value}
    given = {
        "SITE_URL": f"https://{VALUES['host']}",
        "ALLOWED_HOSTS": VALUES["host"],
        "TRUSTED_PROXIES": VALUES["trustedProxies"],
        **{f"DB_{name.upper()}": value for name, value in VALUES["database"].items()},
        "CACHE_URL": VALUES["redis"]["cacheUrl"],
    }
    assert {key for key, _value in lines} == {*fixed, *given}
    keys = {**fixed, **given, **VALUES["settings"], "SECRET_KEY": "s" * 50}
    text = "".join(f"{key}={value}\n" for key, value in keys.items())
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    monkeypatch.setattr(environment, "ENV_FILE", tmp_path / ".env")
    found = environment.load()
    assert (found.db_engine, found.db_port, found.scheduler_enabled) == ("postgresql", 5432, False)
    explained = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert [key for key in keys if f"\n{key}=" not in explained] == []
    refused = set(SCHEMA["properties"]["settings"]["propertyNames"]["not"]["anyOf"][1]["enum"])
    assert refused == {*fixed, *given, "VAR_DIR"}


def test_the_page_of_the_chart_names_what_exists() -> None:
    text = (CHART / "README.md").read_text(encoding="utf-8") + TEXTS["NOTES.txt"]
    assert set(re.findall(r"manage\.py (\w+)", text)) <= set(get_commands())
    for path in re.findall(r"`([a-zA-Z]+\.[\w.]+)`", text):
        if path.split(".")[0] in VALUES:
            reduce(lambda found, name: found[name], path.split("."), VALUES)


def rendered() -> list[Any]:
    """What Helm makes of it with its own values."""
    helm = shutil.which("helm")
    if helm is None:
        pytest.skip("needs the program helm")
    done = subprocess.run(
        [helm, "template", "vestnik", str(CHART), "--namespace", "vestnik"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def of_kind(objects: list[Any], kind: str) -> list[Any]:
    return [one for one in objects if one["kind"] == kind]


def manifests(kind: str) -> list[Any]:
    paths = sorted((DEPLOY / "k8s").glob("*.yaml"))
    every = [one for path in paths for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]
    return of_kind(every, kind)


#: Of a container, what the chart says as the manifests do.
ALIKE = ("image", "args", "ports", "resources", "securityContext")


def test_helm_makes_the_pods_of_the_manifests() -> None:
    objects = rendered()
    made = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for kind in ("Job", "Deployment", "StatefulSet")
        for one in of_kind(objects, kind)
    }
    assert set(made) == {name for name, _pod in pods()}
    for name, pod in pods():
        ours = made[name]
        assert ours["securityContext"] == pod["securityContext"]
        assert ours["automountServiceAccountToken"] is False
        assert ours.get("terminationGracePeriodSeconds") == pod.get("terminationGracePeriodSeconds")
        (container,), (expected,) = ours["containers"], pod["containers"]
        assert [container.get(key) for key in ALIKE] == [expected.get(key) for key in ALIKE]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container.get(probe) == expected.get(probe)
        mounts = {one["mountPath"]: one for one in container["volumeMounts"]}
        assert mounts == {one["mountPath"]: one for one in expected["volumeMounts"]}
        sizes = {one["name"]: one.get("emptyDir") for one in ours["volumes"]}
        assert sizes.pop("settings") == {"medium": "Memory", "sizeLimit": "1Mi"}
        assert sizes.pop("secret") is None
        expected_sizes = {one["name"]: one.get("emptyDir") for one in pod["volumes"]}
        assert sizes == {key: size for key, size in expected_sizes.items() if key != "settings"}
        (first,) = ours["initContainers"]
        assert first["securityContext"] == expected["securityContext"]


def test_helm_makes_the_rest_of_the_manifests() -> None:
    objects = rendered()
    (ingress,), (expected,) = of_kind(objects, "Ingress"), manifests("Ingress")
    assert ingress["spec"] == expected["spec"]
    assert ingress["metadata"]["annotations"] == expected["metadata"]["annotations"]
    for kind in ("Deployment", "StatefulSet"):
        (one,), (other,) = of_kind(objects, kind), manifests(kind)
        assert one["spec"]["replicas"] == other["spec"]["replicas"]
        assert one["spec"].get("volumeClaimTemplates") == other["spec"].get("volumeClaimTemplates")
    (claim,), (other,) = (
        of_kind(objects, "PersistentVolumeClaim"),
        manifests("PersistentVolumeClaim"),
    )
    assert claim["spec"] == other["spec"]
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
        names = [one["metadata"]["name"] for one in of_kind(objects, kind)]
        assert sorted(names) == sorted(one["metadata"]["name"] for one in manifests(kind))
    ours, theirs = of_kind(objects, "NetworkPolicy"), manifests("NetworkPolicy")
    assert ours[1]["spec"]["ingress"] == theirs[1]["spec"]["ingress"]
    assert ours[2]["spec"]["egress"] == theirs[2]["spec"]["egress"]
