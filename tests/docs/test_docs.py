"""Documents that can be wrong are tested like code."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

import apps
from apps.automations.services.preflight.findings import FindingCode
from apps.core.errors import DomainError
from apps.mailings.models import Delivery, Run

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def every(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every(child)


def codes() -> set[str]:
    """The code of every error of our apps, after importing all of their modules."""
    for module in pkgutil.walk_packages(apps.__path__, "apps."):
        if ".migrations." not in module.name:
            importlib.import_module(module.name)
    return {error.code for error in every(DomainError) if error.__module__.startswith("apps.")}


def test_the_findings_about_an_automation_are_explained_in_both_languages() -> None:
    for page in ("docs/automations.md", "docs/ru/automations.md"):
        assert {code for code in FindingCode if f"| `{code}` |" not in read(page)} == set()


def machine(name: str) -> str:
    """The diagram of one machine in docs/states.md."""
    found = re.search(
        rf"<!-- machine: {name} -->\n```mermaid\n(.*?)```", read("docs/states.md"), re.S
    )
    assert found is not None
    return found[1]


def states_of(diagram: str) -> set[str]:
    """Every state that an arrow begins or ends at."""
    arrows = re.findall(r"^ *(\S+) --> (\w+|\[\*\])", diagram, re.M)
    return {end for arrow in arrows for end in arrow} - {"[*]"}


def blocks(page: str) -> list[str]:
    return re.findall(r"^```\n(.*?)^```", read(page), re.M | re.S)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_no_file_holds_the_marks_of_a_merge() -> None:
    """In files of git's, and in those that are about to be."""
    marks = "^(<{7}|[|]{7}|>{7}) "
    found = subprocess.run(
        ["git", "grep", "--untracked", "-I", "-l", "-E", marks],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert found.stdout == ""
    assert found.returncode == 1, found.stderr  # 1: nothing was found


def test_every_error_code_is_explained() -> None:
    text = read("docs/errors.md")
    assert {code for code in codes() if f"| `{code}` |" not in text} == set()


def test_no_error_code_is_explained_that_does_not_exist() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", read("docs/errors.md"), re.M)) - codes() == set()


@pytest.mark.parametrize(
    ("name", "states"), [("run", Run.State.values), ("delivery", Delivery.State.values)]
)
def test_the_diagrams_show_the_states_of_the_code(name: str, states: list[str]) -> None:
    assert states_of(machine(name)) == set(states)


def words_of_others() -> dict[str, str]:
    """What docs/states.md says of the words of other systems: each with the delivery's state."""
    table = read("docs/states.md").partition("## Words of other systems")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]*`\w+`[^|]*) \|", table, re.M)
    return {word.strip("` "): ours for there, ours in rows for word in there.split(",")}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PENDING", "pending"),
        ("PROCESSING", "sending"),
        ("SENT", "sent"),
        ("EXPIRED", "expired"),
        ("ERROR", "failed"),
        ("delivered", "delivered"),
        ("error", "failed"),
        ("refused", "bounced"),
        ("timed out", "unknown"),
        ("unsubscribed", "suppressed"),
        ("success", "sent"),
    ],
)
def test_the_words_of_other_systems_lead_to_ours(word: str, state: str) -> None:
    assert words_of_others()[word].startswith(f"`{state}`")


def test_no_word_of_others_leads_to_a_state_that_does_not_exist() -> None:
    named = re.findall(r"`(\w+)`", " ".join(words_of_others().values()))
    assert set(named) == set(Delivery.State.values)


def test_every_reason_and_outcome_of_a_run_is_named() -> None:
    text = read("docs/states.md")
    names = [*Run.Reason.values, *Run.Outcome.values]
    assert [word for word in names if f"`{word}`" not in text] == []


def test_every_runtime_dependency_has_its_line() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    needed = [re.split(r"[\[<>= ]", line)[0] for line in project["dependencies"]]
    assert re.findall(r"^\| ([\w-]+) \|", read("docs/libraries.md"), re.M)[1:] == needed


@pytest.mark.parametrize(
    "page", ["README.md", "README.ru.md", "CHANGELOG.md", "docs/commands.md", "docs/logs.md"]
)
def test_every_command_that_is_named_exists(page: str) -> None:
    named = set(re.findall(r"manage\.py ([a-z]\w+)", read(page)))
    assert named - set(get_commands()) == set()


def test_both_readmes_say_the_same_commands() -> None:
    assert blocks("README.ru.md") == blocks("README.md") != []
    for pattern in (r"^\| `([^`]+)`", r"^(#+) ", r"\]\(((?!README|docs/ru/README)[^)]+)\)"):
        russian, english = (
            re.findall(pattern, read(n), re.M) for n in ("README.ru.md", "README.md")
        )
        assert [found.replace("docs/ru/", "docs/") for found in russian] == english


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    local = [link for link in links if not re.match(r"\w+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_picture_is_a_picture_and_nothing_else() -> None:
    for picture in (DOCS / "images").glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "prefers-color-scheme: dark" in text
        assert re.findall(r"(?:href|src|url)\s*[=(]\s*[\"']?(?!#)https?:", text) == []
