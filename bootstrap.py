"""From a fresh clone to a running site, or to a tested one, with nothing but Python 3.11 or newer.

    python bootstrap.py run     install into .venv, write .env, migrate, send the demo, serve
    python bootstrap.py test    the same with the tools for tests, then the whole test suite

What is installed stands in poetry.lock and nowhere else; whoever has Poetry needs no bootstrap.
"""

import sys

if sys.version_info < (3, 11):  # this far, the file must be readable for Python 3.6
    sys.exit("Vestnik needs Python 3.11 or newer, and this is %d.%d." % sys.version_info[:2])

import argparse
import hashlib
import os
import platform
import re
import secrets
import signal
import subprocess
import tempfile
import tomllib
import venv
from collections.abc import Set
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
#: Says what is installed: the lock's hash, Python's version, groups and extras. Written last.
STAMP = VENV / "bootstrap.stamp"
LOCK = ROOT / "poetry.lock"


class Failure(Exception):
    """Something that a person must mend; the message says how."""


def main(words: list[str]) -> int:
    """Do what the command line says; the exit code."""
    chosen, rest = options(words)
    try:
        if chosen.command == "test":
            prepare({"main", "dev"})
            return finish("-m", "pytest", *rest)
        prepare({"main"}, set(chosen.extra))
        write_env(ROOT)
        return run(chosen)
    except Failure as failure:
        print(f"bootstrap: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def run(chosen: argparse.Namespace) -> int:
    """Everything that manage.py does, in order."""
    quietly([str(PYTHON), "manage.py", "migrate", "--verbosity", "0"], "The migrations failed")
    code = 0 if chosen.no_demo else finish("manage.py", "demo", "--if-empty")
    if code:
        return code
    code = finish("manage.py", "send_mailing", "--due")
    if chosen.once:
        return code
    return finish("manage.py", "serve", "--port", str(chosen.port))


def prepare(groups: set[str], extras: Set[str] = frozenset()) -> None:
    """Make sure that .venv holds what poetry.lock pins for these groups and extras."""
    lock = LOCK.read_bytes()
    wanted = basis(lock)
    stamp = STAMP.read_text(encoding="utf-8") if STAMP.is_file() else ""
    installed, _, held = stamp.partition("\n")
    parts = groups | {f"extra:{name}" for name in extras}
    if installed == wanted and parts <= set(held.split()):
        return
    inside = Path(sys.prefix) == VENV  # then it cannot be cleared, and need not
    if not (inside or installed == wanted or (not stamp and _has_pip_for_this_python())):
        _make_venv()
    text = requirements(tomllib.loads(lock.decode("utf-8")), groups, extras)
    print(f"Installing {len(text.splitlines())} packages into {VENV.name} (once) ...", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "requirements.txt"
        file.write_text(text, encoding="utf-8")
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--no-deps"]
        quietly([*pip, "--require-hashes", "--requirement", str(file)], "pip failed")
    if installed == wanted:
        parts |= set(held.split())
    STAMP.write_text(f"{wanted}\n{' '.join(sorted(parts))}\n", encoding="utf-8")


def basis(lock: bytes) -> str:
    """What an installation stands on: it is made anew when either changes."""
    return f"{hashlib.sha256(lock).hexdigest()} {platform.python_version()}"


def requirements(lock: dict[str, Any], groups: set[str], extras: Set[str] = frozenset()) -> str:
    """The lock's packages of these groups as pip's requirements: pinned, hashed, with markers.

    Raises Failure for an extra that the lock does not know.
    """
    unknown = extras - set(lock.get("extras", {}))
    if unknown:
        raise Failure(f"there is no extra {', '.join(sorted(unknown))}")
    lines = []
    for package in lock["package"]:
        wanted = sorted(groups & set(package["groups"]))
        if not wanted:
            continue
        marker = _with_extras(_marker(package.get("markers", ""), wanted), extras)
        hashes = [f"--hash={file['hash']}" for file in package["files"]]
        lines.append(" ".join([f"{package['name']}=={package['version']}", marker, *hashes]))
    return "\n".join(lines) + "\n"


def write_env(root: Path) -> None:
    """Write .env from .env.example with fresh keys, unless there is one."""
    text = (root / ".env.example").read_text(encoding="utf-8")
    for name in ("SECRET_KEY", "ERASURE_KEYS"):
        text = re.sub(rf"(?m)^{name}=.*$", f"{name}={secrets.token_urlsafe(50)}", text)
    try:
        descriptor = os.open(root / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def finish(*words: str) -> int:
    """Run .venv's Python to its end, its exit code. Ctrl-C and SIGTERM are for it to obey.

    When one of them came, this script ends with that code, too: nothing else is started.
    """
    process = subprocess.Popen([str(PYTHON), *words], cwd=ROOT, env=_environment())
    stopped = False

    def pass_on(*_: object) -> None:
        nonlocal stopped
        stopped = True
        process.terminate()

    signal.signal(signal.SIGTERM, pass_on)
    while process.returncode is None:
        try:
            process.wait()
        except KeyboardInterrupt:  # the terminal has sent it to the child as well
            stopped = True
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    if stopped:
        sys.exit(code)
    return code


def quietly(command: list[str], complaint: str) -> None:
    """Run a command without a word; show what it said when it failed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise Failure(f"{complaint}:\n{done.stdout.strip()}")


def options(words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The command line, and the words that are left for pytest."""
    parser = argparse.ArgumentParser(prog="bootstrap.py", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="install, migrate, send the demo's mailing, serve")
    run.add_argument("--port", type=int, default=8000, help="of the site (default: 8000)")
    run.add_argument(
        "--extra", action="append", default=[], metavar="NAME", help="install that, too: esp, scale"
    )
    run.add_argument("--no-demo", action="store_true", help="load no demo data")
    run.add_argument("--once", action="store_true", help="send what is due and leave")
    commands.add_parser("test", help="install, run the tests; more words go to pytest")
    chosen, rest = parser.parse_known_args(words)
    if rest and chosen.command != "test":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return chosen, rest


def _marker(markers: str | dict[str, str], wanted: list[str]) -> str:
    """The condition under which any of the wanted groups needs the package, for pip to judge."""
    each = [markers if isinstance(markers, str) else markers.get(group, "") for group in wanted]
    if not all(each):
        return ""
    return "; " + " or ".join(f"({marker})" for marker in dict.fromkeys(each))


def _with_extras(marker: str, extras: Set[str]) -> str:
    """A file of requirements has no extras: those that are wanted become true, others are false."""
    for name in extras:
        marker = marker.replace(f'extra == "{name}"', 'python_version >= "3"')
    return marker


def _has_pip_for_this_python() -> bool:
    """Whether a .venv without our stamp (Poetry's, or an interrupted one) can be built upon."""
    try:
        done = subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True)
    except OSError:
        return False
    return f"(python {sys.version_info[0]}.{sys.version_info[1]})".encode() in done.stdout


def _make_venv() -> None:
    if find_spec("ensurepip") is None:
        raise Failure(
            "this Python cannot make virtual environments: ensurepip is missing. "
            "On Debian and Ubuntu: apt-get install python3-venv"
        )
    print(f"Making {VENV} ...", flush=True)
    try:
        venv.create(VENV, clear=True, symlinks=os.name != "nt", with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"{VENV} cannot be made ({error}). Is a program still using it?") from error


def _environment() -> dict[str, str]:
    """UTF-8 wherever the output goes: a Russian line must not end a program on Windows."""
    return {**os.environ, "PYTHONUTF8": "1"}


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
