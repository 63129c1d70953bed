"""What messages share: the brand, saved blocks, templates."""

from __future__ import annotations

from typing import Any

from apps.core.content.blocks.editing.places import blank_document, new_node
from apps.mailings.models import MessageTemplate, SavedBlock
from apps.mailings.services.letters.reuse.saved_blocks import keep_section
from apps.mailings.services.letters.reuse.templates import About, make_template
from tests.access.rules.recipients import FORM
from tests.access.rules.types import (
    ACT_GET,
    ACT_POST,
    LOGIN,
    NO_WRITING,
    SEE,
    SEE_OWN,
    Answers,
    Endpoint,
)
from tests.mailings.services.letters.letters import a_letter
from tests.people import Cast


def block(cast: Cast) -> dict[str, Any]:
    name = f"Контакты {SavedBlock.objects.count()}"
    return {"pk": keep_section(owner=cast.owner, name=name, section=new_node("section")).pk}


def version(cast: Cast) -> dict[str, Any]:
    return {**block(cast), "number": 1}


def template(cast: Cast) -> dict[str, Any]:
    name = f"Дайджест {MessageTemplate.objects.count()}"
    content = {"subject": "s", "preheader": "", "language": "", "document": blank_document()}
    return {"pk": make_template(author=cast.owner, about=About(name), content=content).pk}


def letter(cast: Cast) -> dict[str, Any]:
    return {"pk": a_letter(cast.owner).pk}


#: A form of one's own that is not filled in.
_UNFILLED: Answers = (LOGIN, LOGIN, 422, 422, 422)
#: Of what has an owner.
_UNSAID: Answers = (LOGIN, LOGIN, 404, 422, 403)

ENDPOINTS = {
    "brand:edit": Endpoint(get=SEE, post=_UNFILLED),
    "brand:frame": Endpoint(get=SEE, post=SEE),
    "blocks:list": Endpoint(get=SEE, post=NO_WRITING),
    "blocks:detail": Endpoint(get=SEE_OWN, post=ACT_POST, kwargs=block),
    "blocks:edit": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=block),
    "blocks:frame": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=block),
    "blocks:delete": Endpoint(get=FORM, post=ACT_POST, kwargs=block),
    "blocks:restore": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=block),
    "templates:list": Endpoint(get=SEE, post=NO_WRITING),
    "templates:edit": Endpoint(get=SEE_OWN, post=_UNSAID, kwargs=template),
    "templates:content": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=template),
    "templates:frame": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=template),
    "templates:delete": Endpoint(get=FORM, post=ACT_POST, kwargs=template),
    "templates:save": Endpoint(get=FORM, post=_UNSAID, kwargs=letter),
    "blocks:version": Endpoint(get=SEE_OWN, post=ACT_POST, kwargs=version),
}

COUNTS = {"/brand/": 5, "/blocks/": 4, "/templates/": 4}
