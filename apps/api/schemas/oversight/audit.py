"""What `/api/audit` takes and answers."""

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from apps.api.schemas.common import Id, Line, Moment, PageQuery
from apps.core.audit.acting import Kind
from apps.core.audit.acts import Act


class AuditFilter(PageQuery):
    """Which entries."""

    user: Line = Field("", description="The email of a user, or the name of a command.")
    act: Line = Field("", description="Such as `created`, `changed`, `deleted`, `exported`.")
    kind: Literal["", "user", "manager", "token", "agent", "visitor", "command", "system"] = ""
    object_type: Line = Field("", description="Such as `mailings.mailing`.")
    object_id: Id | None = None
    since: Moment | None = Field(None, description="Not before this moment.")
    until: Moment | None = Field(None, description="Before this moment.")


class AuditEntryOut(Schema):
    """Who did what to what. ``changes``: each field with its value before and after."""

    id: int = Field(examples=[7])
    at: datetime
    act: str = Field(examples=[Act.CHANGED.value])
    kind: str = Field(description="As what it was done.", examples=[Kind.USER.value])
    user_id: int | None = Field(examples=[1])
    name: str = Field(examples=["anna@example.org"])
    token_id: int | None = Field(examples=[None])
    ip: str | None = Field(examples=["192.0.2.1"])
    client: str = Field(description="The kind of program.", examples=["Firefox"])
    object_type: str = Field(examples=["mailings.mailing"])
    object_id: int | None = Field(description="None: several at once, or no row.", examples=[3])
    object_name: str = Field(examples=["Spring news"])
    count: int = Field(description="How many objects.", examples=[1])
    changes: dict[str, list[Any]] = Field(examples=[{"name": ["News", "Spring news"]}])
    details: dict[str, Any] = Field(examples=[{}])
