"""As much of PowerShell as the example of docs/api.md is written in, for machines without it.

Every word has PowerShell's own meaning or is an error: names in any case, ``ConvertTo-Json`` with
its depth of two, ``Invoke-RestMethod`` with the parameters that are known here and its failure at
any status that is no success, what is not assigned is printed. The calls are really made.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

import httpx

_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t]+)|(?P<end>\n|;)|(?P<string>"[^"`]*")
    |(?P<open>@\{|@\(|\(|\{)|(?P<close>\)|\})|(?P<variable>\$(?:env:)?\w+)|(?P<guid>\[guid\]::NewGuid\(\))|(?P<member>\.\w+(?:\(\))?)
    |(?P<parameter>-[A-Za-z]+)|(?P<word>[A-Za-z][\w-]*)|(?P<sign>[=,|+])""",
    re.VERBOSE,
)
_IN_STRING: Final = re.compile(r"\$\((?P<inner>[^()]*)\)|(?P<variable>\$(?:env:)?\w+)")
#: Objects within objects that ConvertTo-Json writes out without -Depth; deeper ones become text.
_DEPTH: Final = 2

Token = tuple[str, str]


class NotUnderstood(Exception):
    """A word that PowerShell may know and this does not."""


def run(script: str, environment: Mapping[str, str]) -> str:
    """What the script prints. Raises NotUnderstood, and httpx.HTTPStatusError."""
    shell = _Shell(_tokens(script), {f"$env:{name}": value for name, value in environment.items()})
    return "\n".join(_printed(value) for value in shell.statements())


def _tokens(script: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(script):
        match = _TOKEN.match(script, at)
        if match is None or match.lastgroup is None:
            raise NotUnderstood(script[at : at + 40])
        at = match.end()
        if match.lastgroup != "blank":
            found.append((match.lastgroup, match[0]))
    return found


def _printed(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name} : {each}" for name, each in value.items())
    return str(value)


class _Shell:
    """Reads tokens and does what they say. ``names``: variables and functions, in lower case."""

    def __init__(self, tokens: list[Token], names: dict[str, Any]) -> None:
        self._tokens = tokens
        self._at = 0
        self._names = {name.lower(): value for name, value in names.items()}

    def statements(self) -> list[Any]:
        """Do all of them. Returns what was not assigned."""
        printed: list[Any] = []
        while self._at < len(self._tokens):
            if self._skipped("end"):
                continue
            if self._peek() == ("word", "function"):
                self._define()
            elif self._peek()[0] == "variable" and self._peek(1) == ("sign", "="):
                name = self._next()[1].lower()
                self._next()
                self._names[name] = self._pipeline()
            else:
                printed.append(self._pipeline())
            if self._at < len(self._tokens) and not self._skipped("end"):
                raise NotUnderstood(str(self._peek()))
        return [value for value in printed if value is not None]

    def _peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ("", "")

    def _next(self, *expected: str) -> Token:
        token = self._peek()
        if not token[0] or (expected and token[1] not in expected):
            raise NotUnderstood(f"{token[1]!r} instead of {expected}")
        self._at += 1
        return token

    def _skipped(self, kind: str) -> bool:
        begun = self._at
        while self._peek()[0] == kind:
            self._at += 1
        return self._at > begun

    def _define(self) -> None:
        self._next()
        name = self._next()[1].lower()
        self._next("(")
        parameters: list[str] = []
        while self._peek()[1] != ")":
            parameters.append(self._next()[1].lower())
            if self._peek()[1] == ",":
                self._next()
        self._next(")")
        self._next("{")
        begun, depth = self._at, 1
        while depth:
            kind, text = self._next()
            depth += (kind == "open" and "{" in text) - (text == "}")
        self._names[name] = (parameters, self._tokens[begun : self._at - 1])

    def _pipeline(self) -> Any:
        value = self._command([]) if self._peek()[0] == "word" else self._expression()
        while self._peek()[1] == "|":
            self._next()
            value = self._command([value])
        return value

    def _command(self, positional: list[Any]) -> Any:
        name = self._next()[1].lower()
        named: dict[str, Any] = {}
        while self._peek()[0] not in ("end", "close", "") and self._peek()[1] != "|":
            if self._peek()[0] == "parameter":
                parameter = self._next()[1].lower()
                word = self._peek()[0] == "word"
                named[parameter] = self._next()[1] if word else self._primary()
            else:
                positional.append(self._primary())
        if name == "invoke-restmethod":
            return _invoke(*positional, **{key[1:]: value for key, value in named.items()})
        if named:
            raise NotUnderstood(f"{name} {named}")
        if name == "convertto-json":
            return _json(*positional)
        parameters, body = self._names[name]
        given = dict(zip(parameters, positional, strict=True))
        printed = _Shell(body, self._names | given).statements()
        return printed[0] if len(printed) == 1 else printed

    def _expression(self) -> Any:
        value = self._primary()
        while self._peek()[1] == "+":
            self._next()
            more = self._primary()
            if set(value) & set(more):
                raise NotUnderstood("two hash tables with the same name in both")
            value = {**value, **more}
        return value

    def _primary(self) -> Any:
        kind, text = self._next()
        if kind == "variable":
            value = self._names[text.lower()]
        elif kind == "string":
            value = self._expanded(text[1:-1])
        elif kind == "guid":
            value = uuid.uuid4()
        elif text == "@{":
            value = self._table()
        elif text == "@(":
            value = self._list()
        elif text == "(":
            value = self._pipeline()
            self._next(")")
        else:
            raise NotUnderstood(text)
        while self._peek()[0] == "member":
            value = _member(value, self._next()[1][1:])
        return value

    def _table(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._skipped("end")
        while self._peek()[1] != "}":
            kind, text = self._next()
            name = text[1:-1] if kind == "string" else text
            self._next("=")
            found[name] = self._expression()
            if not self._skipped("end") and self._peek()[1] != "}":
                raise NotUnderstood(str(self._peek()))
        self._next("}")
        return found

    def _list(self) -> list[Any]:
        found: list[Any] = []
        while self._peek()[1] != ")":
            found.append(self._primary())
            if self._peek()[1] == ",":
                self._next()
        self._next(")")
        return found

    def _expanded(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match["inner"] is None:
                return str(self._names[match["variable"].lower()])
            return str(_Shell(_tokens(match["inner"]), self._names).statements()[0])

        return _IN_STRING.sub(value, text)


def _member(value: Any, name: str) -> Any:
    if name == "ToString()" and isinstance(value, uuid.UUID):
        return str(value)
    return value[name]  # PowerShell would give nothing for what is not there


def _json(value: Any) -> str:
    if not isinstance(value, dict) or _depth(value) > _DEPTH:
        raise NotUnderstood(f"ConvertTo-Json would not write this out: {value}")
    return json.dumps(value)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    nested = [each for each in inner if isinstance(each, (dict, list))]
    return 1 + max(map(_depth, nested)) if nested else 0


def _invoke(
    uri: str,
    *,
    method: str = "Get",
    headers: Mapping[str, str] | None = None,
    contenttype: str | None = None,
    body: str | None = None,
) -> Any:
    kind = {} if contenttype is None else {"Content-Type": contenttype}
    content = None if body is None else body.encode()
    answer = httpx.request(
        method.upper(), uri, headers={**(headers or {}), **kind}, content=content, trust_env=False
    )
    return answer.raise_for_status().json()
