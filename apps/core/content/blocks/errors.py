"""Why a document is refused.

ContentRefused
├─ DocumentInvalid   document_invalid   a part of it is not what may be stored; says which
├─ DocumentNewer     document_newer     it was written by a newer Vestnik
└─ DocumentTooBig    document_too_big   too many parts, or too many bytes
"""

from __future__ import annotations

from apps.core.errors import ContentRefused, gettext_noop


class DocumentInvalid(ContentRefused):
    """A part of the document is not what may be stored. ``node`` and ``field`` say which one.

    Both are empty when it is about the document as a whole. ``reason`` is for programs: it is in
    English, and no page shows it.
    """

    code = "document_invalid"

    def __init__(self, reason: str, node: str = "", field: str = "") -> None:
        self.reason, self.node, self.field = reason, node, field
        super().__init__(
            gettext_noop("The email’s document is not valid: %(place)s."),
            place=".".join(filter(None, (node, field))) or "-",
        )


class DocumentNewer(ContentRefused):
    """It was written by a newer Vestnik, whose schema this one does not know."""

    code = "document_newer"


class DocumentTooBig(ContentRefused):
    """It has more than 300 parts, more than 400 kB, or becomes more than 500 kB of HTML."""

    code = "document_too_big"
