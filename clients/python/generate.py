"""Writes the typed part of the client out of an installation's OpenAPI document.

python generate.py openapi.json src/vestnik_client

Standard library alone, for the build of the package runs it (hatch_build.py).
"""

from __future__ import annotations

import json
import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

#: The folder in the package, and what is written into it.
FOLDER: Final = "_generated"
MODULES: Final = ("__init__.py", "types.py", "operations.py")

_HEAD: Final = '"""{words} Written by generate.py out of the OpenAPI document."""\n'
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_FORM: Final = "multipart/form-data"
_JSON: Final = "application/json"
_REF: Final = "#/components/schemas/"

Schema = dict[str, Any]


def name_of(schema: str) -> str:
    """`Page_RunOut_` of the document is `PageOfRunOut` here."""
    if found := re.fullmatch(r"(\w+?)_(\w+)_", schema):
        return f"{found[1]}Of{found[2]}"
    return schema


def type_of(schema: Schema, prefix: str = "") -> str:
    """The Python type of a schema. Names of other schemas get ``prefix``."""
    if "$ref" in schema:
        return prefix + name_of(schema["$ref"].removeprefix(_REF))
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _union([type_of(one, prefix) for one in schema[several]])
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(repr(value) for value in values)}]"
    return _type_by_kind(schema, prefix)


def _type_by_kind(schema: Schema, prefix: str) -> str:
    kind = schema.get("type")
    if kind == "null":
        return "None"
    if kind == "array":
        if "prefixItems" in schema:
            return f"list[{_union([type_of(one, prefix) for one in schema['prefixItems']])}]"
        return f"list[{type_of(schema.get('items', {}), prefix)}]"
    if kind == "object":
        more = schema.get("additionalProperties")
        patterns = list(schema.get("patternProperties", {}).values())
        values = [more] if isinstance(more, dict) else patterns
        return f"dict[str, {_union([type_of(one, prefix) for one in values]) or 'Any'}]"
    if schema.get("format") == "binary":
        return f"{prefix}File"
    return _PLAIN.get(str(kind), "Any")


def _union(types: list[str]) -> str:
    return "Any" if "Any" in types else " | ".join(dict.fromkeys(types))


def types_module(document: Schema) -> str:
    """One TypedDict for every schema."""
    lines = [
        _HEAD.format(words="What goes in and out."),
        "from __future__ import annotations\n",
        "from typing import Any, Literal, NotRequired, TypedDict\n",
        "File = tuple[str, bytes] | tuple[str, bytes, str]",
    ]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += ["\n", *_typed_dict(name_of(name), schema)]
    return "\n".join(lines) + "\n"


def _typed_dict(name: str, schema: Schema) -> list[str]:
    properties = schema.get("properties")
    if properties is None:
        return [f"{name} = {type_of(schema)}"]
    required = schema.get("required", ())
    fields = {
        field: kind if field in required else f"NotRequired[{kind}]"
        for field, kind in ((field, type_of(one)) for field, one in properties.items())
    }
    if any(not field.isidentifier() or keyword.iskeyword(field) for field in fields):
        inside = ", ".join(f"{field!r}: {kind!r}" for field, kind in fields.items())
        return [f"{name} = TypedDict({name!r}, {{{inside}}})"]
    words = _words(schema.get("description", ""), "    ")
    lines = [f"    {field}: {kind}" for field, kind in fields.items()]
    return [f"class {name}(TypedDict):", *words, *(lines or ([] if words else ["    pass"]))]


def _words(text: str, indent: str) -> list[str]:
    """A docstring; nothing that a text says ends it."""
    clean = text.strip().replace("\\", "\\\\").replace('"""', "'''")
    clean = re.sub(r"\n(?!\n)", f"\n{indent}", clean)
    return [f'{indent}"""{clean}{" " if clean.endswith(chr(34)) else ""}"""'] if clean else []


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of the document, as a method."""

    method: str
    path: str
    described: Schema

    @property
    def name(self) -> str:
        return str(self.described["operationId"])

    @property
    def parameters(self) -> dict[str, list[Schema]]:
        """By where they stand: ``path``, ``query`` and ``header``."""
        found: dict[str, list[Schema]] = {"path": [], "query": [], "header": []}
        for one in self.described.get("parameters", ()):
            found[one["in"]].append(one)
        return found

    @property
    def keyed(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return any(one["name"] == "Idempotency-Key" for one in self.parameters["header"])

    def body(self, kind: str) -> Schema | None:
        """The schema of its body of this media type."""
        content = self.described.get("requestBody", {}).get("content", {})
        found: Schema | None = content.get(kind, {}).get("schema")
        return found

    @property
    def answer(self) -> Schema:
        """The schema of its good answer; empty when it has no body."""
        for status, response in self.described["responses"].items():
            if str(status).startswith("2"):
                for media in response.get("content", {}).values():
                    schema: Schema = media.get("schema", {})
                    return schema
        return {}

    @property
    def media(self) -> str:
        """`json`, `bytes` for a file, or `none`."""
        if self.answer.get("format") == "binary":
            return "bytes"
        return "json" if self.answer else "none"


def operations_of(document: Schema) -> list[Operation]:
    """All routes, in the order of the document."""
    return [
        Operation(method, path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def operations_module(document: Schema) -> str:
    """One method for every route; one more that goes through a list."""
    lines = [
        _HEAD.format(words="The routes as methods."),
        "from __future__ import annotations\n",
        "from collections.abc import Iterator",
        "from typing import Any, Literal, cast\n",
        "from vestnik_client._generated import types as t",
        "from vestnik_client._calls import Calls\n\n",
        "class Operations(Calls):",
        '    """Every route of the API under its name in the document."""',
    ]
    pages = document["components"]["schemas"]
    for one in operations_of(document):
        lines += ["", *_method(one)]
        item = pages.get(str(one.answer.get("$ref", "")).removeprefix(_REF), {})
        if "items" in item.get("properties", {}) and "next" in item["properties"]:
            lines += ["", *_iterator(one, item["properties"]["items"]["items"])]
    return "\n".join(lines) + "\n"


def _method(one: Operation) -> list[str]:
    head, sent = _signature(one)
    answer = {"none": "None", "bytes": "bytes"}.get(one.media) or type_of(one.answer, "t.")
    call = f"self.{'call' if one.media == 'json' else f'call_for_{one.media}'}({', '.join(sent)})"
    words = "\n\n".join(
        filter(None, (one.described.get("summary"), one.described.get("description")))
    )
    return [
        f"    def {one.name}({', '.join(head)}) -> {answer}:",
        *_words(words, " " * 8),
        {"none": f"        {call}", "bytes": f"        return {call}"}.get(
            one.media, f"        return cast({answer!r}, {call})"
        ),
    ]


def _signature(one: Operation) -> tuple[list[str], list[str]]:
    """What the method takes, and what it hands on."""
    head, sent = ["self"], [repr(one.method.upper()), _path(one)]
    head += [f"{part['name']}: {type_of(part['schema'], 't.')}" for part in one.parameters["path"]]
    later: list[str] = []
    if body := one.body(_JSON):
        head.append(f"body: {type_of(body, 't.')}")
        sent.append("json=body")
    elif form := one.body(_FORM):
        files, fields = _form(form)
        head += [f"{name}: {kind}" for name, kind in files.items() if kind == "t.File"]
        later += [f"{name}: {kind} = None" for name, kind in files.items() if kind != "t.File"]
        later += [f"{name}: {kind} | None = None" for name, kind in fields.items()]
        sent.append(f"files={{{', '.join(f'{name!r}: {name}' for name in files)}}}")
        sent.append(f"data={{{', '.join(f'{name!r}: {name}' for name in fields)}}}")
    for query in one.parameters["query"]:
        kind = type_of(query["schema"], "t.")
        kind = kind if "None" in kind.split(" | ") or kind == "Any" else f"{kind} | None"
        later.append(f"{query['name']}: {kind} = None")
    if query_names := [query["name"] for query in one.parameters["query"]]:
        sent.append(f"params={{{', '.join(f'{name!r}: {name}' for name in query_names)}}}")
    if one.keyed:
        later.append("idempotency_key: str | None = None")
        sent.append("key=idempotency_key")
    return [*head, *(["*", *later] if later else [])], sent


def _path(one: Operation) -> str:
    return f'f"{one.path}"' if "{" in one.path else repr(one.path)


def _form(schema: Schema) -> tuple[dict[str, str], dict[str, str]]:
    """The files of a form, and its other fields, with their types."""
    kinds = {name: type_of(one, "t.") for name, one in schema["properties"].items()}
    files = {name: kind for name, kind in kinds.items() if kind.startswith("t.File")}
    return files, {name: kind for name, kind in kinds.items() if name not in files}


def _iterator(one: Operation, item: Schema) -> list[str]:
    parts = [part["name"] for part in one.parameters["path"]]
    queries = [query for query in one.parameters["query"] if query["name"] != "cursor"]
    kinds = {query["name"]: type_of(query["schema"], "t.") for query in queries}
    head = ["self"]
    head += [f"{part['name']}: {type_of(part['schema'], 't.')}" for part in one.parameters["path"]]
    head += ["*"] if kinds else []
    head += [f"{name}: {kind} | None = None" for name, kind in kinds.items()]
    given = [*parts, *(f"{name}={name}" for name in kinds), "cursor=cursor"]
    return [
        f"    def iter_{one.name.removeprefix('list_')}({', '.join(head)})"
        f" -> Iterator[{type_of(item, 't.')}]:",
        f'        """Every item of `{one.name}`, page after page."""',
        "        cursor: str | None = None",
        "        while True:",
        f"            page = self.{one.name}({', '.join(given)})",
        '            yield from page["items"]',
        '            cursor = page["next"]',
        "            if cursor is None:",
        "                return",
    ]


def write(document: Schema, package: Path) -> None:
    """Write the modules into the package."""
    texts = (_HEAD.format(words="Not written by hand."), types_module(document))
    folder = package / FOLDER
    folder.mkdir(exist_ok=True)
    for name, text in zip(MODULES, (*texts, operations_module(document)), strict=True):
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
