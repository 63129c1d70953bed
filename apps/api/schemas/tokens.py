"""Tokens."""

from ninja import Schema
from pydantic import ConfigDict, Field

from apps.api.schemas.common import Given, Text


class Credentials(Given):
    """What the sign-in page asks for."""

    model_config = ConfigDict(str_strip_whitespace=False)

    email: Text = Field(max_length=254, examples=["anna@example.org"])
    password: Text = Field(max_length=1024, examples=["correct horse battery staple"])


class AccessToken(Schema):
    """Send it with every call: `Authorization: Bearer <access_token>`."""

    access_token: str = Field(examples=["vst_0rQ3kq8Y…"])
    token_type: str = Field(examples=["Bearer"])
    expires_in: int = Field(description="Seconds until it ends.", examples=[86400])
