"""What keeps a message of blocks from being sent or read, in sentences."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.content.blocks.completeness import ContentGap, complete
from apps.core.content.hints import UNSUBSCRIBE, Hint
from apps.mailings.models import Message
from apps.mailings.services.languages.translations import Written
from apps.mailings.services.letters.whole import Whole, whole_of

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
    "saved_block_gone": gettext_lazy("This saved block no longer exists. Delete it here."),
    "video_link_missing": gettext_lazy("Give the video a link."),
}


def letter_hints(message: Message) -> list[Hint]:
    """Everything that is missing, each sentence once; what is grave first."""
    found = []
    if not message.subject.strip():
        found.append(Hint(_("Give the message a subject."), grave=True))
    codes = dict.fromkeys(gap.code for gap in gaps_of(message))
    for code in codes:
        fix = UNSUBSCRIBE if code == "footer_missing" else ""
        found.append(Hint(str(GAPS.get(code, code)), fix=fix, grave=True))
    return found


def gaps_of(written: Written) -> list[ContentGap]:
    """What is missing before it may be sent, at the parts that are written in the message."""
    return gaps_in(whole_of(written))


def gaps_in(made: Whole, among: Set[str] | None = None) -> list[ContentGap]:
    """The same of what it would be; ``among``: the parts that are looked at, all without."""
    if among is not None:
        among = among | {node_id for node_id, home in made.homes.items() if home in among}
    gaps = complete(made.document, among)
    return [ContentGap(made.homes.get(gap.block, gap.block), gap.code) for gap in gaps]
