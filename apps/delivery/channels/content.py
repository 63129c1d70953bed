"""What a run's letters have in common, whatever they go over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from apps.core.content.html_contexts import BadText
from apps.core.content.program import Program, Values, values_of
from apps.core.content.template_language import RenderRefused, TemplateFailed, TemplateRefused
from apps.core.contracts import Claimed, Letter, StagedFile

Address = Callable[[int], str]
#: By the delivery's id: where its recipient unsubscribes, where a browser shows the letter or
#: nothing, and the token of its tracked links.
Links = Callable[[int], tuple[str, str, str]]
#: File name, MIME type, content.
File = tuple[str, str, bytes]


class TextEmpty(RenderRefused):
    """For this recipient there is nothing left to say."""

    code = "text_empty"


@dataclass(frozen=True, slots=True)
class Measured:
    """The bodies of an email with tracked links.

    ``readable``: the HTML that a text is made of where there is none, whose links may be plain.
    """

    text: Program
    html: Program
    readable: Program


@dataclass(frozen=True, slots=True)
class Content:
    """The frozen message of a run, and where its links lead.

    ``channel`` is the kind of address it is written to, ``domain`` and ``run_key`` are for
    Message-IDs, ``now`` is the moment by the clock that counts. ``bounce_sender`` gives each letter
    an envelope sender by the delivery's id. ``is_list``: left by a link; ``is_bulk``: to
    many at once. ``list_id``, ``feedback_id`` and ``list_archive`` are header values.
    ``server_host`` is the account's server. ``account_email`` is the account's own address, to
    which bounces go; empty: ``from_email``. ``sign`` puts signatures before a whole email.
    ``pictures`` are shown by the HTML: content id, type, content. ``open_file`` gives the
    bytes of a recipient's own file. ``measured``: the bodies for those who may be measured; None:
    nobody is.
    """

    subject: str
    text: Program
    html: Program
    links: Links
    now: datetime
    channel: str = ""
    mailing_id: int = 0
    run_key: str = ""
    domain: str = ""
    bounce_sender: Address | None = None
    is_list: bool = True
    is_bulk: bool = True
    list_id: str = ""
    feedback_id: str = ""
    list_archive: str = ""
    server_host: str = ""
    from_email: str = ""
    from_name: str = ""
    reply_to: str = ""
    account_email: str = ""
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    pictures: tuple[tuple[str, str, bytes], ...] = ()
    sign: Callable[[bytes], bytes] | None = None
    open_file: Callable[[StagedFile], bytes] | None = None
    measured: Measured | None = None

    def values_for(self, claimed: Claimed) -> Values:
        """What is filled in for one recipient."""
        values = values_of(claimed.fields, claimed.condition_bits, claimed.lists)
        values["unsubscribe_url"], values["view_url"], _token = self.links(claimed.delivery_id)
        values["preferences_url"] = values["unsubscribe_url"]  # one page for both
        return values


def personal_files(
    claimed: Claimed, open_file: Callable[[StagedFile], bytes] | None
) -> tuple[File, ...]:
    """The files that this recipient alone gets. Raises RenderRefused when one is gone."""
    if open_file is None:
        return ()
    return tuple((one.name, one.content_type, open_file(one)) for one in claimed.files)


class Compiled(Protocol):
    """A run's message, ready to be filled in for one recipient after the other."""

    def fill(self, claimed: Claimed) -> Letter:
        """The letter. Raises RenderRefused when there can be none for this recipient."""


def filled(fill: Callable[[Values], str], values: Values) -> bytes:
    """UTF-8, or the RenderRefused that says why there can be no letter for this recipient."""
    try:
        text = fill(values)
        body = text.encode()
    except UnicodeEncodeError as error:
        raise BadText from error
    except TemplateRefused as refusal:
        raise TemplateFailed.by(refusal) from refusal
    if not text.strip():
        raise TextEmpty
    return body
