"""The letter that shows everything at once: blocks, ten tracked links, and two languages."""

from __future__ import annotations

from typing import Any, Final

from django.db.models.functions import Mod

from apps.core.content.translation import base_strings, entries_of
from apps.mailings.models import Message, Recipient
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import keep_translations
from apps.mailings.services.letters.beginning import begin_letter
from apps.users.models import User

LINKS: Final = 10


def block_letter(owner: User) -> Message:
    """The message, written in Russian and translated; every second recipient reads English."""
    message = begin_letter(
        author=owner,
        document={"schema": 1, "body": [_section()]},
        name="Benchmark",
        subject="Новости для {{ full_name }}",
        language="ru",
    )
    content = content_of(message)
    texts = {one.key: one.text for one in base_strings(content)}
    keep_translations(message, {"en": entries_of(content, texts)})
    mine = Recipient.objects.filter(owner=owner)
    mine.annotate(odd=Mod("pk", 2)).filter(odd=1).update(language="en")
    return message


def _section() -> dict[str, Any]:
    number = 0

    def node(**fields: Any) -> dict[str, Any]:
        nonlocal number
        number += 1
        return {"id": f"node{number:05}", **fields}

    links = " ".join(
        f'<a href="https://shop.example/item/{at}">{at}</a>' for at in range(LINKS - 1)
    )
    blocks = [
        node(type="heading", text="{{ full_name }}, что нового"),
        node(type="text", html=f"<p>Three stories and nine offers: {links}</p>"),
        node(type="button", label="Читать", link="https://shop.example/all"),
        node(type="footer", company="House", address="Tula"),
    ]
    return node(type="section", columns=[node(blocks=blocks)])
