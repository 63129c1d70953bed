"""Recipients."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from ninja import Schema
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from apps.api.schemas.common import PARTIAL, Given, Line, TagName, Text
from apps.core.content.program.parts import MOST_ITEMS
from apps.core.values import addresses
from apps.core.values.languages import language
from apps.core.values.time_zones import time_zone
from apps.mailings.attribute_values import LARGEST_LIST, MOST_KEYS, as_text
from apps.mailings.models import Tag


def _known_zone(zone: str) -> str:
    found = time_zone(zone)
    if found is None:
        raise ValueError("write a time zone such as Europe/Moscow")
    return found


def _digits(given: Any) -> Any:
    """JSON knows phones as numbers, too."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _normal_phone(given: str) -> str:
    found = addresses.phone(given)
    if found is None:
        raise ValueError("write a phone with the code of its country, such as +79161234567")
    return addresses.written_phone(found)


def _written(stored: Any) -> Any:
    return addresses.written_phone(stored) if isinstance(stored, str) else stored


def _known_language(code: str) -> str:
    found = language(code)
    if found is None:
        raise ValueError("write a language such as en or pt-br")
    return found


Language = Annotated[Line, AfterValidator(_known_language)]
Zone = Annotated[Line, AfterValidator(_known_zone)]
EmailAddress = Annotated[Line, StringConstraints(max_length=1000)]
Phone = Annotated[
    str,
    BeforeValidator(_digits, json_schema_input_type=str | int),
    StringConstraints(max_length=40),
    AfterValidator(_normal_phone),
]
PhoneOut = Annotated[str, BeforeValidator(_written)]
PersonId = Annotated[int, Field(ge=1, le=9_223_372_036_854_775_807)]
TelegramId = Annotated[int, Field(ge=-9_223_372_036_854_775_808, le=9_223_372_036_854_775_807)]
AttributeName = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w{0,49}$")]
AttributeText = Annotated[Text, StringConstraints(max_length=1000)]
AttributeNumber = (
    Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]
    | Annotated[float, Field(strict=True, ge=-1e15, le=1e15, allow_inf_nan=False)]
)
AttributeValue = AttributeText | bool | AttributeNumber


def _small(given: list[Any]) -> list[Any]:
    if len(as_text(given).encode()) > LARGEST_LIST:
        raise ValueError(f"a list may have {LARGEST_LIST // 1000} kB")
    return given


ListItem = Annotated[
    dict[AttributeName, AttributeValue | None], Field(min_length=1, max_length=MOST_KEYS)
]
ListField = Annotated[list[ListItem], Field(max_length=MOST_ITEMS), AfterValidator(_small)]


class RecipientIn(Given):
    """A recipient has at least one address: `email`, `phone`, `telegram_chat_id`, `max_user_id`
    or `vk_user_id`.
    """

    email: EmailAddress | None = Field(None, examples=["anna@example.org"])
    phone: Phone | None = Field(
        None,
        description="With the code of its country, as text or a number.",
        examples=["79161234567"],
    )
    telegram_chat_id: TelegramId | None = Field(None, examples=[None])
    max_user_id: PersonId | None = Field(None, examples=[None])
    vk_user_id: PersonId | None = Field(None, examples=[None])
    full_name: Line = Field("", examples=["Anna Example"])
    comment: Annotated[Text, StringConstraints(max_length=10_000)] = ""
    operator_code: str = Field(
        "", pattern=r"^([0-9]{3})?$", description="Empty: taken from the phone.", examples=["916"]
    )
    time_zone: Zone = Field("", description="A name of the IANA database.", examples=["Asia/Omsk"])
    language: Language = Field("", description="A code of ISO 639.", examples=["en"])
    unmeasured: bool | None = Field(
        None,
        description="True: openings and clicks are not to be measured, which only the recipient"
        " takes back. Left out: it stays.",
        examples=[None],
    )
    attributes: dict[AttributeName, AttributeValue | ListField] = Field(
        {},
        max_length=100,
        examples=[{"city": "Omsk", "age": 30, "vip": True}],
        description=(
            "For `{{ city }}` in messages: text, number or boolean, as its kind says; or a list of"
            " objects, for a block that is repeated for each of them."
        ),
    )
    tags: list[TagName] = Field(
        [], max_length=100, description="Names; new ones are made.", examples=[["vip"]]
    )


class RecipientChanges(RecipientIn):
    """Only what is to be changed; what is left out stays as it is."""

    model_config = PARTIAL


#: Where a row that is to be shown has its tags: asking a hundred managers for them costs a quarter
#: of the whole answer.
TAGS_OF: Final = "tags_read"


def _names(tags: Iterable[Tag]) -> list[str]:
    return sorted(tag.name for tag in tags)


class RecipientOut(BaseModel):
    """A recipient as it is kept. Its row comes with ``TAGS_OF``."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[17])
    email: str | None
    phone: PhoneOut | None
    telegram_chat_id: int | None
    max_user_id: int | None
    vk_user_id: int | None
    full_name: str
    comment: str
    operator_code: str
    time_zone: str
    language: str
    source: str = Field(description="How it came: `manual`, `import`, `form`, `api`, or empty.")
    attributes: dict[str, Any]
    tags: Annotated[list[str], BeforeValidator(_names)] = Field(validation_alias=TAGS_OF)
    unmeasured: bool = Field(description="Openings and clicks are not to be measured.")
    is_suppressed: bool = Field(description="An address must not be written to any more.")
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class RecipientFilter(Schema):
    """Which recipients."""

    search: Text = Field("", max_length=200, description="The beginning of an address, or a name.")
    tag: Line = Field("", description="The name of a tag.")
    operator_code: str = Field("", pattern=r"^([0-9]{3})?$")
    channel: Literal["", "email", "phone", "telegram", "max", "vk"] = Field(
        "", description="Only those who have an address of this kind."
    )
    state: Literal["active", "suppressed", "archived"] = "active"


class BulkRow(BaseModel):
    """One recipient, checked by the rules of the import: phones in any usual form, for instance."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: str = Field("", examples=["anna@example.org"])
    phone: Annotated[str, BeforeValidator(_digits, json_schema_input_type=str | int)] = Field(
        "", examples=["+7 (916) 123-45-67"]
    )
    telegram_chat_id: int | None = Field(None, examples=[None])
    max_user_id: int | None = Field(None, examples=[None])
    vk_user_id: int | None = Field(None, examples=[None])
    full_name: str = Field("", examples=["Anna Example"])
    comment: str = Field("", examples=[""])
    time_zone: str = Field("", examples=["Asia/Omsk"])
    language: str = Field("", examples=["en"])
    unmeasured: bool = Field(False, description="False: it stays.")
    attributes: dict[AttributeName, AttributeValue] = Field({}, examples=[{"city": "Omsk"}])
    tags: list[TagName] = Field([], max_length=100, examples=[["vip"]])


class Bulk(BaseModel):
    """Many recipients at once, all good ones in one transaction."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: list[BulkRow] = Field(min_length=1, max_length=10_000)
    update: bool = Field(
        True, description="Change a recipient who has the address already, or reject the row."
    )
    tags: list[TagName] = Field([], max_length=100, description="For every good row.")


class BulkWarning(BaseModel):
    """A value that was not taken of a row that was."""

    code: str = Field(examples=["phone_not_taken"])
    detail: str = Field(examples=["Taken without this phone: +44 …"])


class BulkResult(BaseModel):
    """What became of one row."""

    index: int = Field(description="Its place in `items`, from 0.", examples=[0])
    status: Literal["created", "updated", "rejected"] = Field(examples=["created"])
    id: int | None = Field(examples=[17])
    code: str = Field("", description="Why it was rejected.", examples=[""])
    detail: str = Field("", examples=[""])
    warnings: list[BulkWarning] = Field(
        [], description="Values that were not taken, such as a phone that is none.", examples=[[]]
    )


class BulkDone(BaseModel):
    """What became of all rows, in their order."""

    created: int = Field(examples=[1])
    updated: int = Field(examples=[0])
    rejected: int = Field(examples=[0])
    results: list[BulkResult]
