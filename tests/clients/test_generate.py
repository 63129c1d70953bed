"""What is written out of the document: a method for every route, a type for every schema."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from tests.clients.conftest import document, script

generate = script("generate")


def test_every_route_is_a_method_and_every_list_can_be_gone_through(client_package: Any) -> None:
    routes = {
        operation["operationId"]: operation
        for methods in document()["paths"].values()
        for operation in methods.values()
    }
    missing = [name for name in routes if not hasattr(client_package.Vestnik, name)]
    assert len(routes) > 100 and not missing
    assert hasattr(client_package.Vestnik, "iter_deliveries")


def test_every_annotation_means_something(client_package: Any) -> None:
    from vestnik_client._generated import types as made

    for name in document()["components"]["schemas"]:
        shape = getattr(made, generate.name_of(name))
        assert typing.is_typeddict(shape), name
        typing.get_type_hints(shape)
    calls = vars(client_package.Vestnik)
    methods = [one for name, one in calls.items() if not name.startswith("_")]
    assert all(typing.get_type_hints(one)["return"] is not Any for one in methods)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "int | None"),
        ({"anyOf": [{"type": "integer"}, {}]}, "Any"),
        ({"enum": ["a", "b"], "type": "string"}, "Literal['a', 'b']"),
        ({"const": 1}, "Literal[1]"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/RunOut"}}, "list[t.RunOut]"),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]},
            "list[str | float]",
        ),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "dict[str, bool]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"type": "string", "format": "binary"}, "t.File"),
        ({"$ref": "#/components/schemas/Page_RunOut_"}, "t.PageOfRunOut"),
    ],
)
def test_a_schema_becomes_a_type(schema: dict[str, Any], kind: str) -> None:
    assert generate.type_of(schema, "t.") == kind


def test_no_name_and_no_word_of_the_document_breaks_the_module() -> None:
    schemas = {
        "Odd": {"properties": {"from": {"type": "string"}}, "required": ["from"]},
        "Said": {"properties": {"a": {"type": "string"}}, "description": 'A """\n\\ and "b"'},
        "Empty": {"properties": {}},
        "Name": {"type": "string"},
    }
    space: dict[str, Any] = {}
    exec(generate.types_module({"components": {"schemas": schemas}}), space)
    assert space["Odd"].__annotations__.keys() == {"from"}
    assert space["Said"].__doc__.endswith('and "b" ')
    assert space["Name"] is str
