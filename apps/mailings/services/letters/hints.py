"""What keeps a message of blocks from being sent or read, in sentences."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.content.blocks.completeness import complete
from apps.core.content.blocks.document import read
from apps.core.content.hints import UNSUBSCRIBE, Hint
from apps.mailings.models import Message

#: What a block lacks before it may be sent, by the code of its gap.
GAPS: Final = {
    "alt_missing": gettext_lazy("Describe the image, or mark it as decoration."),
    "button_link_missing": gettext_lazy("Give the button a link."),
    "button_label_missing": gettext_lazy("Give the button a label."),
    "heading_empty": gettext_lazy("The heading is empty."),
    "picture_missing": gettext_lazy("Choose an image."),
    "repeat_source_missing": gettext_lazy("Choose the list that is repeated."),
    "footer_missing": gettext_lazy("No footer with the unsubscribe link. Add one."),
    "footer_address_missing": gettext_lazy("Enter company and postal address in the footer."),
    "placeholder_broken": gettext_lazy("A placeholder is not complete."),
    "video_link_missing": gettext_lazy("Give the video a link."),
}


def letter_hints(message: Message) -> list[Hint]:
    """Everything that is missing, each sentence once; what is grave first."""
    found = []
    if not message.subject.strip():
        found.append(Hint(_("Give the message a subject."), grave=True))
    codes = dict.fromkeys(gap.code for gap in complete(read(message.document or {})))
    for code in codes:
        fix = UNSUBSCRIBE if code == "footer_missing" else ""
        found.append(Hint(str(GAPS.get(code, code)), fix=fix, grave=True))
    return found
