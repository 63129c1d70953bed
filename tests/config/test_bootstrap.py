"""bootstrap.py: what it hands to pip, what it writes, what it says."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import bootstrap

HASH = "sha256:" + "0" * 64


def package(name: str, groups: list[str], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1.2",
        "groups": groups,
        "files": [{"file": f"{name}.whl", "hash": HASH}],
        **more,
    }


class Started:
    """Stands in for `finish`: keeps what would have been started, answers with one code."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.words: list[tuple[str, ...]] = []

    def __call__(self, *args: str) -> int:
        self.words.append(args)
        return self.code


def rendered(groups: set[str], *packages: dict[str, Any]) -> list[str]:
    return bootstrap.requirements({"package": list(packages)}, groups).splitlines()


def test_a_package_is_pinned_and_hashed() -> None:
    two = package("one", ["main"], files=[{"file": "a", "hash": HASH}, {"file": "b", "hash": "x"}])
    assert rendered({"main"}, two) == [f"one==1.2  --hash={HASH} --hash=x"]


def test_only_the_wanted_groups_are_installed() -> None:
    packages = [
        package("app", ["main"]),
        package("tool", ["dev"]),
        package("both", ["dev", "main"]),
    ]
    assert [line.split("==")[0] for line in rendered({"main"}, *packages)] == ["app", "both"]
    assert [line.split("==")[0] for line in rendered({"main", "dev"}, *packages)] == [
        "app",
        "tool",
        "both",
    ]


@pytest.mark.parametrize(
    ("markers", "groups", "expected"),
    [
        ("os_name == 'nt'", {"main"}, "; (os_name == 'nt')"),
        ("os_name == 'nt'", {"main", "dev"}, "; (os_name == 'nt')"),
        ({"dev": "os_name == 'nt'"}, {"main"}, ""),
        ({"dev": "os_name == 'nt'"}, {"main", "dev"}, ""),
        ({"dev": "a == 'b'", "main": "c == 'd'"}, {"main", "dev"}, "; (a == 'b') or (c == 'd')"),
        ({"main": 'extra == "scale"'}, {"main"}, '; (extra == "scale")'),
    ],
)
def test_a_condition_is_passed_on_for_pip_to_judge(
    markers: str | dict[str, str], groups: set[str], expected: str
) -> None:
    (line,) = rendered(groups, package("one", ["main", "dev"], markers=markers))
    assert line == f"one==1.2 {expected} --hash={HASH}"


@pytest.mark.parametrize(
    ("extras", "condition"),
    [
        (set(), 'extra == "scale" or extra == "esp"'),
        ({"scale"}, 'python_version >= "3" or extra == "esp"'),
    ],
)
def test_an_extra_is_installed_when_it_is_asked_for(extras: set[str], condition: str) -> None:
    one = package("one", ["main"], markers='extra == "scale" or extra == "esp"')
    lock = {"package": [one], "extras": {"scale": ["one"], "esp": ["one"]}}
    assert bootstrap.requirements(lock, {"main"}, extras).startswith(f"one==1.2 ; ({condition}) ")


def test_an_extra_that_does_not_exist_is_refused() -> None:
    with pytest.raises(bootstrap.Failure, match="there is no extra scael"):
        bootstrap.requirements({"package": [], "extras": {"scale": []}}, {"main"}, {"scael"})


def test_the_stamp_remembers_what_was_there_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stamp = tmp_path / "stamp"
    basis = bootstrap.basis(bootstrap.LOCK.read_bytes())
    stamp.write_text(f"{basis}\ndev main\n", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    installed: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "quietly", lambda command, complaint: installed.append(command))
    for _ in range(2):
        bootstrap.prepare({"main"}, {"scale"})
    assert len(installed) == 1
    assert stamp.read_text(encoding="utf-8") == f"{basis}\ndev extra:scale main\n"


def test_the_real_lock_gives_a_hash_for_every_package() -> None:
    lock = tomllib.loads(bootstrap.LOCK.read_text(encoding="utf-8"))
    lines = bootstrap.requirements(lock, {"main"}).splitlines()
    assert any(line.startswith("django==5.2.") for line in lines)
    assert not any(line.startswith("pytest==") for line in lines)
    assert [line for line in lines if "--hash=sha256:" not in line] == []


def test_env_is_written_once_with_a_fresh_key(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("# é\nSECRET_KEY=\nDEBUG=\n", encoding="utf-8")
    bootstrap.write_env(tmp_path)
    written = (tmp_path / ".env").read_text(encoding="utf-8")
    first, key, debug = written.splitlines()
    assert (first, debug) == ("# é", "DEBUG=")
    assert len(key.removeprefix("SECRET_KEY=")) >= 50
    bootstrap.write_env(tmp_path)
    assert (tmp_path / ".env").read_text(encoding="utf-8") == written


def test_it_can_be_read_by_python_3_6() -> None:
    ast.parse(Path(bootstrap.__file__).read_text(encoding="utf-8"), feature_version=(3, 6))


def test_it_uses_the_standard_library_alone() -> None:
    tree = ast.parse(Path(bootstrap.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }
    assert imported <= sys.stdlib_module_names


def test_words_of_test_go_to_pytest_in_their_order() -> None:
    options, rest = bootstrap.options(["test", "-n", "2", "--cov", "-k", "unit"])
    assert options.command == "test"
    assert rest == ["-n", "2", "--cov", "-k", "unit"]


def test_run_knows_no_other_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        bootstrap.options(["run", "--prot", "80"])
    assert "--prot 80" in capsys.readouterr().err


def test_a_python_without_ensurepip_gets_advice_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(bootstrap, "find_spec", lambda name: None)
    assert bootstrap.main(["test"]) == 2
    assert "apt-get install python3-venv" in capsys.readouterr().err


def test_nothing_is_done_when_the_stamp_fits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text(
        f"{bootstrap.basis(bootstrap.LOCK.read_bytes())}\ndev main\n", encoding="utf-8"
    )
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    monkeypatch.setattr(bootstrap, "quietly", lambda *args: pytest.fail("pip was called"))
    started = Started(7)
    monkeypatch.setattr(bootstrap, "finish", started)
    assert bootstrap.main(["test", "-x"]) == 7
    assert started.words == [("-m", "pytest", "-x")]


@pytest.mark.parametrize(
    ("args", "commands"),
    [
        (["run"], ["demo", "send_mailing", "serve"]),
        (["run", "--once"], ["demo", "send_mailing"]),
        (["run", "--no-demo"], ["send_mailing", "serve"]),
    ],
)
def test_run_is_a_list_of_commands(
    monkeypatch: pytest.MonkeyPatch, args: list[str], commands: list[str]
) -> None:
    started = Started(0)
    monkeypatch.setattr(bootstrap, "prepare", lambda groups, extras: None)
    monkeypatch.setattr(bootstrap, "write_env", lambda root: None)
    monkeypatch.setattr(bootstrap, "quietly", lambda *_: None)
    monkeypatch.setattr(bootstrap, "finish", started)
    assert bootstrap.main(args) == 0
    assert [each[1] for each in started.words] == commands


def test_what_a_failed_program_said_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(bootstrap.Failure, match="pip failed:\nno such wheel"):
        bootstrap.quietly(
            [sys.executable, "-c", "import sys; sys.exit('no such wheel')"], "pip failed"
        )
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to pass on")
def test_a_sigterm_reaches_the_program_that_runs(tmp_path: Path) -> None:
    script = (
        "import bootstrap, sys\n"
        "from pathlib import Path\n"
        "bootstrap.PYTHON = Path(sys.executable)\n"
        "code = 'import signal, sys; signal.signal(15, lambda *_: sys.exit(5));'\n"
        "code += 'print(1, flush=True); signal.pause()'\n"
        "bootstrap.finish('-c', code)\n"
        "print('something else was started')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=bootstrap.ROOT, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    process.terminate()
    output, _ = process.communicate(timeout=20)
    assert (output, process.returncode) == ("", 5)
