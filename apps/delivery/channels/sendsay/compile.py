"""A letter as Sendsay's API takes it: the ``letter`` of ``issue.send``, as JSON."""

from __future__ import annotations

from apps.core.content.program import Values
from apps.core.content.rules import CONTROLS
from apps.core.content.template_language import parse
from apps.core.contracts import Claimed, Letter
from apps.delivery.channels.content import Content, filled, personal_files
from apps.delivery.channels.http.channel import as_json
from apps.delivery.channels.plain_text import html_text, plain_text


class CompiledSendsay:
    """Fills in the letter for one recipient after the other."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._subject = parse(content.subject)
        self._text = plain_text(content.text, content.html)
        self._html = None if content.html.is_empty else html_text(content.html)
        self._common = {"from.email": content.from_email}
        if content.from_name:
            self._common["from.name"] = content.from_name

    def fill(self, claimed: Claimed) -> Letter:
        """The letter. Raises RenderRefused when there can be none for this recipient."""
        body = filled(self._written, self._content.values_for(claimed))
        files, own = self._content.attachments, personal_files(claimed, self._content.open_file)
        return Letter(claimed.delivery_id, "", claimed.address, body, files, own)

    def _written(self, values: Values) -> str:
        message = {"text": self._text.fill(values)}
        if self._html is not None:
            message["html"] = self._html.fill(values)
        subject = " ".join(CONTROLS.sub(" ", self._subject.render(values)).split())
        return as_json({**self._common, "subject": subject, "message": message}).decode()


def compile_sendsay(content: Content) -> CompiledSendsay:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    return CompiledSendsay(content)
