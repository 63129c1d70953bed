"""What deploy/ says must be true: its settings are known, its commands and its files exist."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from config import environment

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "k8s").glob("*.yaml"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def compose() -> Any:
    return documents(DEPLOY / "compose.yaml")[0]


def pods() -> list[tuple[str, Any]]:
    """Name and pod of everything that runs in the cluster."""
    found = []
    for path in MANIFESTS:
        for one in documents(path):
            if one["kind"] in ("Job", "Deployment", "StatefulSet"):
                found.append((one["metadata"]["name"], one["spec"]["template"]["spec"]))
    return found


def settings_of_the_cluster() -> str:
    (secret,) = documents(DEPLOY / "k8s" / "10-settings.example.yaml")
    text: str = secret["stringData"][".env"]
    return text


SAMPLES = {
    "compose": (DEPLOY / "env.example").read_text(encoding="utf-8"),
    "kubernetes": settings_of_the_cluster(),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_settings_are_taken_once_the_secrets_are_filled_in(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = SAMPLES[name].replace("SECRET_KEY=", f"SECRET_KEY={'s' * 50}")
    filled = filled.replace("DB_PASSWORD=", "DB_PASSWORD=hunter2")
    (tmp_path / ".env").write_text(filled, encoding="utf-8")
    monkeypatch.setattr(environment, "ENV_FILE", tmp_path / ".env")
    found = environment.load()
    assert (found.db_engine, found.scheduler_enabled, found.log_format) == (
        "postgresql",
        False,
        "json",
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_every_setting_that_is_named_is_explained(name: str) -> None:
    explained = (ROOT / ".env.example").read_text(encoding="utf-8")
    keys = re.findall(r"^([A-Z_]+)=", SAMPLES[name], re.M)
    assert len(keys) > 8
    assert [key for key in keys if f"\n{key}=" not in explained] == []


def test_one_command_starts_database_migrations_site_and_worker() -> None:
    services = compose()["services"]
    assert set(services) == {"postgres", "migrate", "web", "worker"}
    for name in ("web", "worker"):
        waits = services[name]["depends_on"]["migrate"]["condition"]
        assert waits == "service_completed_successfully"
        assert "./.env:/app/.env:ro" in services[name]["volumes"]
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_compose_takes_from_the_settings_only_what_they_have() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"(?<!\$)\$\{(\w+)", text))
    assert wanted == {"DB_NAME", "DB_USER", "DB_PASSWORD"}
    assert [key for key in wanted if f"\n{key}=" not in SAMPLES["compose"]] == []


def test_every_command_that_is_started_exists() -> None:
    started = [
        service["command"][0] for service in compose()["services"].values() if "command" in service
    ]
    started += [container["args"][0] for _, pod in pods() for container in pod["containers"]]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        started += re.findall(r"manage\.py (\w+)", unit.read_text(encoding="utf-8"))
    for page in (ROOT / "docs" / "deployment.md", DEPLOY / "k8s" / "README.md"):
        started += re.findall(r"manage\.py (\w+)", page.read_text(encoding="utf-8"))
    assert {"serve", "run_scheduler", "migrate", "doctor"} <= set(started)
    assert set(started) - set(get_commands()) == set()


def celery_commands() -> list[str]:
    """Everything that deploy/ and its page give to ``celery -A config``."""
    services = documents(DEPLOY / "compose.scale.yaml")[0]["services"].values()
    found = [" ".join(one["command"]) for one in services if "entrypoint" in one]
    pages = [*(DEPLOY / "systemd").glob("*.service"), ROOT / "docs" / "scaling.md"]
    for page in pages:
        found += re.findall(r"celery -A config ([^`\n]+)", page.read_text(encoding="utf-8"))
    return found


def test_celery_is_started_with_queues_that_exist() -> None:
    commands = celery_commands()
    assert {command.split()[0] for command in commands} == {"worker", "beat"}
    queues = {name for command in commands for name in re.findall(r"-Q (\S+)", command)}
    assert queues == {"%i", "clock", "urgent", "work"}
    compose = documents(DEPLOY / "compose.scale.yaml")[0]["services"].values()
    served = {one["command"][2] for one in compose if one.get("command", [""])[0] == "worker"}
    assert served == {"clock", "urgent", "work"}
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    assert served == set(re.findall(r"vestnik-celery@(\w+)", page))


def test_celery_runs_over_the_same_files_and_an_image_with_its_extra() -> None:
    several = documents(DEPLOY / "compose.scale.yaml")[0]["services"]
    for name, service in several.items():
        if name != "redis":
            assert service["build"]["args"] == {"EXTRAS": "scale"}
        if "entrypoint" in service:
            assert service["volumes"] == compose()["services"]["worker"]["volumes"]
            assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert {"migrate", "web", "worker"} <= set(compose()["services"]) & set(several)
    assert "\nARG EXTRAS=\n" in DOCKERFILE


@pytest.mark.parametrize(("name", "pod"), pods(), ids=[name for name, _ in pods()])
def test_nothing_in_the_cluster_is_root_or_writes_beside_its_volumes(name: str, pod: Any) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert str(pod["securityContext"]["runAsUser"]) in DOCKERFILE
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        assert {"/app/.env", "/app/var", "/tmp"} <= set(mounts)
        assert mounts["/app/.env"]["readOnly"] is True
        assert {mount["name"] for mount in mounts.values()} <= {
            *(volume["name"] for volume in pod["volumes"]),
            "journal",
        }


def test_the_cluster_runs_one_version_and_probes_pages_that_exist() -> None:
    containers = [container for _, pod in pods() for container in pod["containers"]]
    assert len({container["image"] for container in containers}) == 1
    hosts = re.findall(r"^ALLOWED_HOSTS=(.*)$", SAMPLES["kubernetes"], re.M)[0].split(",")
    probes = [one for box in containers for key, one in box.items() if key.endswith("Probe")]
    assert len(probes) == 3
    for probe in probes:
        assert resolve(probe["httpGet"]["path"])
        assert probe["httpGet"]["httpHeaders"][0]["value"] in hosts


def test_what_strangers_may_fill_has_a_size() -> None:
    scale = documents(DEPLOY / "compose.scale.yaml")[0]["services"]
    for service in (*compose()["services"].values(), *scale.values()):
        for place in service.get("tmpfs", []):
            assert ":size=" in place
    for _name, pod in pods():
        assert all(
            "sizeLimit" in volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume
        )
        for container in pod["containers"]:
            assert "ephemeral-storage" in container["resources"]["limits"]


def test_redis_asks_for_a_password_and_pods_for_who_comes() -> None:
    redis = documents(DEPLOY / "compose.scale.yaml")[0]["services"]["redis"]
    assert redis["command"][-2:] == ["--requirepass", "${DB_PASSWORD:?}"]
    policies = documents(DEPLOY / "k8s" / "70-network.yaml")
    assert {one["kind"] for one in policies} == {"NetworkPolicy"}
    assert policies[0]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


@pytest.mark.parametrize("name", SAMPLES)
def test_behind_the_proxy_visitors_are_distinguished(name: str) -> None:
    assert re.search(r"^TRUSTED_PROXIES=\S+$", SAMPLES[name], re.M)


def test_every_manifest_is_named_in_the_instructions() -> None:
    text = (DEPLOY / "k8s" / "README.md").read_text(encoding="utf-8")
    named = [path.name.replace(".example", "") for path in MANIFESTS]
    assert [name for name in named if f"deploy/k8s/{name}" not in text] == []


def test_pipelines_call_the_commands_of_the_readme() -> None:
    for path in (DEPLOY / "ci").glob("*.yml"):
        assert documents(path)
        text = path.read_text(encoding="utf-8")
        assert "python bootstrap.py test" in text
        assert ".ci/run" in text
    assert (ROOT / ".ci" / "run").exists()


#: What GitLab reads as a setting of the whole pipeline, or keeps for itself ("CI/CD Jobs", names).
NO_JOBS = {
    *("image", "services", "stages", "types", "before_script", "after_script", "variables"),
    *("cache", "include", "true", "false", "nil", "pages:deploy", "default", "workflow", "spec"),
}
#: What a job may say, of what these pipelines have use for.
OF_A_JOB = {"stage", "image", "services", "variables", "cache", "script", "parallel", "rules"}


def test_every_job_of_gitlabs_pipeline_is_one() -> None:
    (pipeline,) = documents(DEPLOY / "ci" / "gitlab-ci.yml")
    stages = pipeline.pop("stages")
    jobs = {name: job for name, job in pipeline.items() if name not in NO_JOBS}
    assert set(pipeline) - set(jobs) == set()
    assert len(jobs) == 3
    assert [job["stage"] for job in jobs.values()] == [stages[0], stages[0], stages[1]]
    for job in jobs.values():
        assert {"stage", "script", "image"} <= set(job) <= OF_A_JOB
        assert all(isinstance(step, str) for step in job["script"])


def test_every_job_of_githubs_pipeline_is_one() -> None:
    (pipeline,) = documents(DEPLOY / "ci" / "github-workflow.yml")
    assert {"name", "permissions", "jobs"} <= set(map(str, pipeline))
    for job in pipeline["jobs"].values():
        assert "runs-on" in job
        assert all(len({"uses", "run"} & set(step)) == 1 for step in job["steps"])


def test_the_image_is_small_has_no_root_and_no_secret() -> None:
    bases = re.findall(r"^FROM python:(3\.\d+)-slim", DOCKERFILE, re.M)
    assert set(bases) == {"3.13"}
    user = DOCKERFILE.rindex("\nUSER 10001")
    assert DOCKERFILE.rindex("\nRUN ") < user < DOCKERFILE.index("\nENTRYPOINT")
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split("\n")
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert set(sources()) <= kept
    assert not kept & {".env", "var", ".git"}


def sources() -> list[str]:
    """What the Dockerfile copies from the project."""
    found: list[str] = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M):
        found += shlex.split(line)[:-1]
    return found


def test_what_the_image_holds_is_enough_to_run(tmp_path: Path) -> None:
    skip = shutil.ignore_patterns("__pycache__")
    for name in sources():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=skip)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".env").write_text(f"SECRET_KEY={'s' * 50}\n", encoding="utf-8")
    manage(tmp_path, "migrate", "--noinput")
    assert "no issues" in manage(tmp_path, "check")
    assert (tmp_path / "var" / "vestnik.sqlite3").exists()


def manage(place: Path, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=place,
        capture_output=True,
        encoding="utf-8",
        env={key: value for key, value in os.environ.items() if not key.startswith("DJANGO")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
