"""Parts of a letter in OpenAPI: described there, and judged by the domain.

A strict part takes tuples, and JSON has lists: so routes take plain dictionaries and lists.
"""

from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

from apps.core.content.blocks.document import Section
from apps.core.content.blocks.schema import Network
from apps.core.content.blocks.values import Theme


class Shape:
    """Describes a dictionary as the part that it becomes."""

    part: type[BaseModel]

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(cls.part.__pydantic_core_schema__)


class ThemeShape(Shape):
    part = Theme


class NetworkShape(Shape):
    part = Network


class SectionShape(Shape):
    part = Section
