"""A message for a messenger: the HTML it knows, its limits kept, one file at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.core.content.program import Text, Values, html_steps, pieces_of, text_steps
from apps.core.content.template_language import RenderRefused
from apps.core.contracts import Claimed, Letter
from apps.core.errors import ContentRefused
from apps.delivery.channels.content import Content, filled, personal_files
from apps.delivery.channels.messengers.markup import Dialect, Marked, chat_html, chat_text


@dataclass(frozen=True, slots=True)
class Limits:
    """What one messenger takes: characters of a text, and beside a file (0: it takes none).

    ``measure``: the length of a text as the messenger counts it. ``too_long``: the refusal for one
    recipient, with the length and the limit. ``refused``: the refusals for everybody, by what is
    wrong: ``length`` (with ``length``, ``most`` and ``caption``) or ``files``.
    """

    dialect: Dialect
    most: int
    caption: int
    measure: Callable[[Marked], int]
    too_long: Callable[[int, int], RenderRefused]
    refused: Callable[..., ContentRefused]


class CompiledChat:
    """Fills in the message for one recipient after the other."""

    def __init__(self, content: Content, limits: Limits) -> None:
        self._content, self._limits = content, limits
        html = content.html
        self._html = None if html.is_empty else pieces_of(html_steps(html), Text())
        self._text = pieces_of(text_steps(content.text), Text())
        self.most = limits.caption if content.attachments else limits.most

    def fill(self, claimed: Claimed) -> Letter:
        """The letter: its body is the messenger's HTML. Raises RenderRefused when there is none."""
        most = self._limits.caption if claimed.files else self.most
        body = filled(lambda values: self._marked(values, most), self._content.values_for(claimed))
        files, own = self._content.attachments, personal_files(claimed, self._content.open_file)
        return Letter(claimed.delivery_id, "", claimed.address, body, files, own)

    def written(self, values: Values) -> Marked:
        """The message for these values, however long."""
        if self._html is not None:
            return chat_html(self._html.fill(values), self._limits.dialect)
        return chat_text(self._text.fill(values))

    def length(self, values: Values) -> int:
        """The length of that as the messenger counts it."""
        return self._limits.measure(self.written(values))

    def _marked(self, values: Values, most: int) -> str:
        marked = self.written(values)
        length = self._limits.measure(marked)
        if length > most:
            raise self._limits.too_long(length, most)
        return marked.html


def compile_chat(content: Content, limits: Limits) -> CompiledChat:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    if len(content.attachments) > (1 if limits.caption else 0):
        raise limits.refused("files")
    compiled = CompiledChat(content, limits)
    length = compiled.length(Values())
    if length > compiled.most:
        raise limits.refused("length", length=length, most=limits.most, caption=limits.caption)
    return compiled
