"""Files that each recipient gets for itself."""

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, field_validator

from apps.api.schemas.common import Given, Id, Line, Text
from apps.mailings.models import FileArchive, FileArchiveEntry
from apps.mailings.services.personal_files.given import GivenFile

Pattern = Annotated[Text, Field(min_length=1, max_length=200)]


class PersonalFileIn(Given):
    """A file for each recipient. `name` and `origin` hold placeholders of the recipient."""

    name: Pattern = Field(examples=["Invoice {{ number }}.pdf"])
    source: Literal["archive", "url", "api"] = Field("archive", examples=["archive"])
    origin: Text = Field(
        "",
        max_length=1000,
        description="The name in the archive (left out: that of the file), or the address.",
        examples=["{{ number }}.pdf"],
    )
    required: bool = Field(True, description="Without it nothing is sent to the recipient.")


class PersonalFileOut(Schema):
    """A file for each recipient of a message."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["Invoice {{ number }}.pdf"])
    source: str = Field(examples=["archive"])
    origin: str = Field(examples=["{{ number }}.pdf"])
    required: bool
    created_at: datetime


class ArchiveIn(Given):
    """How an archive is taken. It comes as a form, whose fields are texts."""

    model_config = {**Given.model_config, "strict": False}

    add: bool = Field(False, description="Beside the archives that are there, else in their place.")


class ArchiveOut(Schema):
    """An archive of files; it is whole once `unpacked_at` says when."""

    id: int = Field(examples=[5])
    name: str = Field(examples=["invoices.zip"])
    files: int = Field(examples=[2000])
    unpacked_at: datetime | None
    created_at: datetime

    @staticmethod
    def resolve_files(archive: FileArchive) -> int:
        return archive.entries.count()


class FileIn(Given):
    """One file for one recipient, at most 7 MB together in one call."""

    name: Line = Field(min_length=1, description="As the recipient sees it.", examples=["A-17.pdf"])
    content: str = Field(description="The bytes in base64.", examples=["JVBERi0xLjQKJcOkw7w="])
    file: Id | None = Field(
        None,
        description="Which of the message’s files. Left out: the only one, or the next.",
        examples=[None],
    )

    @field_validator("content")
    @classmethod
    def _is_base64(cls, value: str) -> str:
        try:
            b64decode(value, validate=True)
        except (Base64Error, ValueError) as error:
            raise ValueError("write the bytes in base64") from error
        return value

    def given(self) -> GivenFile:
        """The same for the service."""
        return GivenFile(self.name, b64decode(self.content, validate=True), self.file)


class FileOut(Schema):
    """A file that is kept for one recipient of a mailing."""

    file: int = Field(examples=[3])
    recipient: int = Field(examples=[12])
    name: str = Field(examples=["A-17.pdf"])
    size: int = Field(description="In bytes.", examples=[81_920])
    sha256: str = Field(
        examples=["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
    )

    @staticmethod
    def of(entry: FileArchiveEntry) -> dict[str, Any]:
        """What is said of the row."""
        return {
            "file": entry.archive.file_id,
            "recipient": int(entry.key),
            "name": entry.name,
            "size": entry.size,
            "sha256": entry.sha256,
        }
