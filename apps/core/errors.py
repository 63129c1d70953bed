"""The domain's errors: a short tree with stable codes. docs/errors.md explains each.

DomainError
└─ Refused               not allowed, or not now: nothing was changed
   ├─ ContentRefused     the message cannot be sent as it is written
   └─ …                  one small class per reason, beside the code that raises it
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class DomainError(Exception):
    """Root of every error with a meaning in the domain. ``code`` is stable, the words are not."""

    code: ClassVar[str] = "error"


class Refused(DomainError):
    """What was asked is not allowed, or not now. Nothing was changed.

    ``words``, where they are kept, are a text of the catalogues with ``params`` for its places: so
    the refusal can be said again in another language.
    """

    code = "refused"
    words: str = ""
    params: Mapping[str, object] = MappingProxyType({})


class ContentRefused(Refused):
    """The message's subject, text or template cannot be sent as it is written.

    ``words`` are a text of the catalogues with ``params`` for its places: who raises it may
    know no language, and who shows it translates it (apps.core.text.formatting.refusal_text).
    """

    code = "content"

    def __init__(self, text: str, **params: object) -> None:
        self.words, self.params = text, params
        super().__init__(text % params if params else text)


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogues, as Django's does, where Django is not to be imported."""
    return text
