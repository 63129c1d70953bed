"""Pictures of letters."""

from datetime import datetime

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import PARTIAL, Given, PageQuery, Text
from apps.mailings.models import MediaFile
from apps.mailings.services.media.renditions import address


class MediaIn(Given):
    """What is said of a picture that is added."""

    alt: Text = Field(
        "", max_length=300, description="What it shows, in words.", examples=["A cup"]
    )


class MediaChanges(Given):
    """Only what is to be changed; what is left out stays as it is."""

    model_config = PARTIAL

    name: Text = Field("", min_length=1, max_length=200, examples=["Summer menu"])
    alt: Text = Field("", max_length=300, examples=["A cup of coffee on a table"])


class MediaOut(Schema):
    """A picture. `url` is public: letters show it."""

    id: int = Field(examples=[8])
    name: str = Field(examples=["Summer menu"])
    alt: str
    kind: str = Field(description="`jpeg`, `png` or `gif`.", examples=["jpeg"])
    width: int = Field(examples=[1200])
    height: int = Field(examples=[800])
    size: int = Field(description="In bytes.", examples=[81_920])
    animated: bool
    url: str = Field(examples=["https://mail.example.org/m/abcdefghijklmnopqrstuvwx/1200.jpg"])
    used: int = Field(description="How many messages show it.", examples=[2])
    sent_at: datetime | None = Field(description="When letters with it went out first.")
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_url(media: MediaFile) -> str:
        return address(media, media.width)


class MediaQuery(PageQuery):
    """Which pictures."""

    search: Text = Field("", max_length=200, description="A part of the name or the alt text.")
    hidden: bool = Field(False, description="The hidden ones instead of the others.")


class MediaRemoval(Schema):
    """How a picture is removed."""

    for_good: bool = Field(False, description="Also when letters with it were sent.")
