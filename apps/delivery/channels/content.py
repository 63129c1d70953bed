"""What a run's letters have in common, for channels that are no e-mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.core.content.html_contexts import BadText
from apps.core.content.template_language import RenderRefused, TemplateFailed, TemplateRefused
from apps.core.contracts import Claimed

Address = Callable[[int], str]


class TextEmpty(RenderRefused):
    """For this recipient there is nothing left to say."""

    code = "text_empty"


@dataclass(frozen=True, slots=True)
class Content:
    """The frozen message of a run, and where its links lead."""

    subject: str
    text: str
    html: str
    unsubscribe_url: Address
    from_email: str = ""
    from_name: str = ""
    attachments: tuple[tuple[str, str, bytes], ...] = ()

    def fields_for(self, claimed: Claimed) -> dict[str, str]:
        """What a template may show of one recipient."""
        links = {"unsubscribe_url": self.unsubscribe_url(claimed.delivery_id), "view_url": ""}
        return {**claimed.fields, **links}


def filled(fill: Callable[[dict[str, str]], str], fields: dict[str, str]) -> bytes:
    """UTF-8, or the RenderRefused that says why there can be no letter for this recipient."""
    try:
        text = fill(fields)
        body = text.encode()
    except UnicodeEncodeError as error:
        raise BadText from error
    except TemplateRefused as refusal:
        raise TemplateFailed.by(refusal) from refusal
    if not text.strip():
        raise TextEmpty
    return body
