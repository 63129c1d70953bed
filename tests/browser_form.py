"""What a browser sends of a form that nobody has typed into."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

from apps.users.form_submissions.keys import FIELD


class _Form(HTMLParser):
    """Collects the fields of the one form whose fields are many: the page's own."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._select = self._text = ""
        self._typed: list[str] = []

    def _add(self, name: str, value: str) -> None:
        if self.forms and name:
            self.forms[-1].setdefault(name, []).append(value)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.forms.append({})
        elif "disabled" in given:
            return
        elif tag == "textarea":
            self._text, self._typed = name, []
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            self._add(self._select, value)
        elif tag == "input" and given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                self._add(name, given.get("value") or "on")
        elif tag == "input" and given.get("type") not in ("submit", "button", "file"):
            self._add(name, value)

    def handle_data(self, data: str) -> None:
        if self._text:
            self._typed.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # As HTML has it: one line end right behind the tag is not part of the text.
            self._add(self._text, "".join(self._typed).removeprefix("\n"))
            self._text = ""


def opened(client: Client, url: str, *, keyed: bool = False) -> dict[str, Any]:
    """The fields of the largest form at this address, without its key unless ``keyed``."""
    return fields_of(client.get(url).content.decode(), keyed=keyed)


def fields_of(page: str, *, keyed: bool = False) -> dict[str, Any]:
    """The fields of the largest form of a page, without its key unless ``keyed``."""
    parser = _Form()
    parser.feed(page)
    form: dict[str, Any] = max(parser.forms, key=len)
    if not keyed:
        form.pop(FIELD)
    return form
