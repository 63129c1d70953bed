"""`/api/templates/`."""

from typing import Any

from django.core.exceptions import PermissionDenied
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, answers
from apps.api.schemas.content.templates import (
    TemplateChanges,
    TemplateIn,
    TemplateOut,
    TemplateQuery,
)
from apps.api.schemas.messages import MessageOut
from apps.core.content.translation import entries_in_all
from apps.core.permissions import visible_or_404
from apps.mailings.models import Message, MessageTemplate
from apps.mailings.selectors.letters.templates import (
    shown_templates,
    templates_like,
    templates_to_begin_from,
)
from apps.mailings.services.letters.reuse.templates import (
    About,
    begin_from_template,
    describe_template,
    make_template,
    may_change,
    remove_template,
)

router = Router(tags=["Messages"])


@router.get("/", response=answers({200: Page[TemplateOut]}), summary="List templates")
def list_templates(request: ApiRequest, query: Query[TemplateQuery]) -> dict[str, Any]:
    """One's own and those for everybody, newest first; for managers all."""
    rows = shown_templates().defer(None).visible_to(request.auth.user)
    return page_of(templates_like(rows, query.search), query)


@router.post("/", response=answers({201: TemplateOut}, 400), summary="Add a template")
def add_template(request: ApiRequest, given: TemplateIn) -> Status[MessageTemplate]:
    """One for everybody has copies of your saved blocks in it."""
    values = given.dict()
    about = About(
        values.pop("name"),
        values.pop("description"),
        values.pop("category"),
        values.pop("for_everybody"),
    )
    translations = entries_in_all(values, values.pop("translations"))
    author = request.auth.user
    made = make_template(author=author, about=about, content=values, translations=translations)
    return Status(201, made)


@router.get("/{int:pk}/", response=answers({200: TemplateOut}, 404), summary="One template")
def get_template(request: ApiRequest, pk: int) -> MessageTemplate:
    found: MessageTemplate = visible_or_404(MessageTemplate.objects.all(), request.auth.user, pk=pk)
    return found


@router.patch(
    "/{int:pk}/", response=answers({200: TemplateOut}, 400, 404), summary="Describe it anew"
)
def change_template(request: ApiRequest, pk: int, given: TemplateChanges) -> MessageTemplate:
    """What is left out stays as it is."""
    template = _changeable(request, pk)
    said = {name: getattr(template, name) for name in ("name", "description", "category")}
    said |= given.dict(exclude_unset=True)
    return describe_template(actor=request.auth.user, template=template, **said)


@router.delete("/{int:pk}/", response=answers({204: None}, 404), summary="Remove it")
def delete_template(request: ApiRequest, pk: int) -> Status[None]:
    """Messages that were begun with it stay."""
    remove_template(actor=request.auth.user, template=_changeable(request, pk))
    return Status(204, None)


@router.post(
    "/{int:pk}/messages/", response=answers({201: MessageOut}, 404, 413), summary="Begin a message"
)
def begin_message(request: ApiRequest, pk: int) -> Status[Message]:
    """A copy; pictures of a template for everybody are added to your library."""
    owner = request.auth.user
    rows = templates_to_begin_from(owner).defer(None)
    template = visible_or_404(rows, owner, pk=pk)
    return Status(201, begin_from_template(author=owner, template=template))


def _changeable(request: ApiRequest, pk: int) -> MessageTemplate:
    """One to be changed: one's own, or one for everybody by the right to publish."""
    actor = request.auth.user
    template: MessageTemplate = visible_or_404(MessageTemplate.objects.all(), actor, pk=pk)
    if template.owner_id is not None and not may_change(template, actor):
        raise PermissionDenied
    return template
