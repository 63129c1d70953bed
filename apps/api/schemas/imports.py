"""Lists brought in from files."""

from datetime import datetime

from ninja import Schema
from pydantic import ConfigDict, Field

from apps.api.schemas.common import Given, Text
from apps.core.permissions import LARGEST
from apps.mailings.fields import Target
from apps.mailings.models import RecipientImport

_FIELDS = ", ".join(f"`{one}`" for one in Target if one is not Target.STATUS)


class ImportOut(Schema):
    """One import: `reading`, `uploaded`, `queued`, `running`, `done`, `failed` or `undone`."""

    id: int = Field(examples=[4])
    source: str = Field(examples=["customers.csv"])
    state: str = Field(examples=["done"])
    dry_run: bool
    total_rows: int = Field(description="0 until it is known.")
    done_rows: int
    added: int
    updated: int
    rejected: int = Field(description="Their lines and reasons: `…/rejects/`.")
    warned: int = Field(
        description="Values that were not taken of rows that were; listed there, too."
    )
    suppressed: int = Field(
        description="Rows that suppressed an address. `total_rows = added + updated + unchanged + "
        "suppressed + rejected`."
    )
    unchanged: int = Field(description="Rows of known recipients that say nothing new.")
    kept: int = Field(
        description="Rows whose people stay off the list: they had left, or are suppressed."
    )
    read_as: str = Field(
        description="How the file was read: encoding and delimiter, or the sheet.",
        examples=["cp1251, semicolon"],
    )
    error: str = Field(description="Why it failed, in words.")
    error_code: str = Field(description="Why it failed.", examples=[""])
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @staticmethod
    def resolve_read_as(found: RecipientImport) -> str:
        return str(found.preview.get("form", ""))


class ImportForm(Given):
    """How to import. A form has only text."""

    model_config = ConfigDict(strict=False)

    tags: Text = Field("", max_length=1000, description="For everybody, separated by commas.")
    update: bool = Field(False, description="Change recipients who are in the list already.")
    dry_run: bool = Field(False, description="Check everything, change nothing.")
    list: int | None = Field(
        None, ge=1, le=LARGEST, description="The list of one's own to which the rows subscribe."
    )
    statement: Text = Field(
        "",
        max_length=500,
        description="How these people agreed; demanded for rows without a date of consent: 422 "
        "`statement_missing`.",
    )
    mapping: Text = Field(
        "",
        max_length=10_000,
        description="Where columns go when their names do not say it: a JSON object, column to "
        f"field ({_FIELDS}, the "
        "name of an attribute, `attribute` for one called like the column, `status` for a column "
        "that says who has left, whose addresses are then suppressed, or `-` to leave it out). A "
        "column that says so and is not named here: 422 `import_status_undecided`. A column is a "
        "name, `Name#2` for the second of that name, or `#3` for the third column.",
        examples=['{"Mail": "email"}'],
    )
    sheet: Text = Field(
        "", max_length=200, description="Which sheet. Empty: the first visible one with people."
    )
    header_row: int | None = Field(
        None,
        ge=0,
        le=1000,
        description="The line of the header; 0: there is none. Without it, it is found.",
    )
    delimiter: Text = Field(
        "", max_length=20, description="One character, or a word such as `tab`."
    )
    encoding: Text = Field("", max_length=40, examples=["cp1251"], description="Found if empty.")
    filtered: bool = Field(False, description="Import the hidden rows of a sheet, too.")
