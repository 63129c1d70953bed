"""What import contracts cannot see: sizes, encodings, the one way outward, leftovers."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("apps", "config", "tests", "benchmarks", "scripts", "clients")

#: Signatures that somebody else laid down: an override, or the fields of a form of the field.
FOREIGN_SIGNATURES: frozenset[str] = frozenset()

#: Packages that speak to the world. Only a channel may import one.
TRANSPORTS = frozenset(
    "smtplib aiosmtplib httpx requests urllib3 aiohttp telnetlib ftplib imaplib poplib "
    "http.client urllib.request django.core.mail".split()
)
CHANNELS = "apps/delivery/channels/"
#: Fetches what a user asks to be read; it sends nothing.
FETCHING = "apps/core/http/outbound.py"
#: Calls the API of this very process, past every socket.
TOOLS = "apps/api/agents/calls.py"
#: Django's own backend for the site's mails, which goes by the channel for e-mail.
SITE_MAIL = "apps/delivery/email_backend.py"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*folders: str) -> list[Path]:
    """Our Python files, without migrations. No git: a released archive has none."""
    own = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    single = [ROOT / "bootstrap.py", ROOT / "manage.py"] if folders == FOLDERS else []
    return sorted(path for path in own + single if "migrations" not in path.parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def found(check: Callable[[ast.AST], bool], *folders: str) -> list[str]:
    """Where in these folders a node is what the function looks for."""
    return [
        f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
        for path in files(*folders)
        for node in ast.walk(tree_of(path))
        if check(node)
    ]


def length(node: Function | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def parameters(node: Function) -> int:
    """How many a caller may give, without self."""
    names = [argument.arg for argument in node.args.posonlyargs + node.args.args]
    own = names[1:] if names[:1] in (["self"], ["cls"]) else names
    return len(own) + len(node.args.kwonlyargs)


def called(node: ast.AST) -> tuple[str, ast.Call] | None:
    """The last word of what is called, and the call."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute):
        return node.func.attr, node
    return (node.func.id, node) if isinstance(node.func, ast.Name) else None


def imported(node: ast.AST) -> Iterator[str]:
    """The modules a statement imports, a ``from`` import as module and as module.name."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def opens_text_without_encoding(node: ast.AST) -> bool:
    call = called(node)
    if call is None or any(keyword.arg == "encoding" for keyword in call[1].keywords):
        return False
    name, expression = call
    if name in ("read_text", "write_text"):
        return True
    if name in ("run", "Popen", "check_output"):
        return any(keyword.arg in ("text", "universal_newlines") for keyword in expression.keywords)
    return name == "open" and _is_a_file(expression) and not _is_binary(expression)


def _is_a_file(call: ast.Call) -> bool:
    """The built-in, and Path.open, known by its mode or by its owner's name."""
    if isinstance(call.func, ast.Name):
        return True
    if call.args:
        return _is_mode(call.args[0])
    owner = ast.unparse(call.func).removesuffix(".open")
    return owner.endswith(("path", "file"))


def _is_mode(word: ast.expr) -> bool:
    return isinstance(word, ast.Constant) and bool(re.fullmatch(r"[rwxabt+]{1,3}", str(word.value)))


def _is_binary(call: ast.Call) -> bool:
    place = 1 if isinstance(call.func, ast.Name) else 0
    modes = [*call.args[place : place + 1], *(w.value for w in call.keywords if w.arg == "mode")]
    return any(_is_mode(mode) and "b" in ast.unparse(mode) for mode in modes)


def test_no_module_is_longer_than_400_lines() -> None:
    sizes = {name_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in files(*FOLDERS)}
    assert {name: size for name, size in sizes.items() if size > 400} == {}


def test_no_folder_has_more_than_15_modules_side_by_side() -> None:
    sizes = Counter(
        name_of(path.parent)
        for path in files(*FOLDERS)
        if path.parent != ROOT and path.name != "__init__.py"
    )
    assert {folder: size for folder, size in sizes.items() if size > 15} == {}


def test_no_line_of_a_template_is_longer_than_160_characters() -> None:
    long = [
        f"{name_of(path)}:{number}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 160
    ]
    assert long == []


def test_no_function_is_longer_than_40_lines() -> None:
    assert found(lambda node: isinstance(node, Function) and length(node) > 40, *FOLDERS) == []


def test_no_class_is_longer_than_250_lines() -> None:
    assert found(lambda node: isinstance(node, ast.ClassDef) and length(node) > 250, *FOLDERS) == []


def test_no_function_takes_more_than_6_parameters() -> None:
    def too_many(node: ast.AST) -> bool:
        return (
            isinstance(node, Function)
            and parameters(node) > 6
            and node.name not in FOREIGN_SIGNATURES
        )

    assert found(too_many, "apps", "config") == []


def test_nothing_but_a_channel_imports_a_transport() -> None:
    """Everything that goes out goes through the dispatch service, whose hands the channels are."""
    guilty = [
        f"{name_of(path)}: {module}"
        for path in files("apps", "config")
        if not name_of(path).startswith((CHANNELS, FETCHING, SITE_MAIL, TOOLS))
        for node in ast.walk(tree_of(path))
        for module in imported(node)
        if module in TRANSPORTS or module.split(".")[0] in TRANSPORTS
    ]
    assert guilty == []


def test_every_text_file_is_opened_with_its_encoding() -> None:
    assert found(opens_text_without_encoding, *FOLDERS) == []


def test_models_are_imported_not_looked_up() -> None:
    """apps.get_model would pass under the import contracts; migrations need it, nobody else."""

    def looks_up(node: ast.AST) -> bool:
        call = called(node)
        return call is not None and call[0] == "get_model"

    assert found(looks_up, "apps", "config") == []


def test_only_the_services_of_mailings_write_consents() -> None:
    """A consent is written with the act that it proves, in one transaction."""

    def writes(node: ast.AST) -> bool:
        call = called(node)
        if call is None:
            return False
        text = ast.unparse(call[1].func)
        return text == "Consent" or bool(re.match(r"Consent\.objects\..*(create|update)\b", text))

    guilty = [place for place in found(writes, "apps") if "/mailings/services/" not in place]
    assert guilty == []
    assert found(writes, "apps") != []


def test_nothing_prints() -> None:
    """A command writes to self.stdout, everything else to the log."""

    def prints(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"

    assert found(prints, "apps", "config") == []


def test_every_model_field_says_its_type() -> None:
    def silent(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
            and isinstance(node.value.func.value, ast.Name)
            and node.value.func.value.id == "models"
            and node.value.func.attr.endswith(("Field", "ForeignKey"))
        )

    assert found(silent, "apps") == []


@pytest.mark.parametrize("mark", ["type: ignore", "noqa"])
def test_an_exception_from_a_check_names_what_it_excepts(mark: str) -> None:
    named = re.compile(rf"# {mark}(?!\[[a-z, -]+\]|: [A-Z][0-9]+)")
    guilty = [
        f"{name_of(path)}:{number}"
        for path in files(*FOLDERS)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if named.search(line)
    ]
    assert guilty == []


@pytest.mark.parametrize(
    ("source", "guilty"),
    [
        ("open('a')", True),
        ("open('a', 'rb')", False),
        ("open('a', mode='wb')", False),
        ("open('b', 'w')", True),
        ("open('a', encoding='utf-8')", False),
        ("path.open('rb')", False),
        ("path.open('w')", True),
        ("path.read_text()", True),
        ("path.write_text('b', encoding='utf-8')", False),
        ("os.open(name, 0)", False),
        ("path.open()", True),
        ("session.open()", False),
        ("run(words, text=True)", True),
        ("run(words, text=True, encoding='utf-8')", False),
    ],
)
def test_the_check_of_encodings_sees_what_it_should(source: str, guilty: bool) -> None:
    nodes = ast.walk(ast.parse(source))
    assert any(opens_text_without_encoding(node) for node in nodes) is guilty


def test_whatever_is_kept_from_coverage_says_why() -> None:
    marks = [
        line.strip()
        for folder in ("apps", "config")
        for file in (ROOT / folder).rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "pragma: no cover" in line
    ]
    assert [line for line in marks if not re.search(r"pragma: no cover *[-:(,] *\w+", line)] == []
