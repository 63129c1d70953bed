"""`/api/messages/{pk}/translations/`."""

from typing import Any

from django.http import Http404
from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.translations import TranslationHead, TranslationIn, TranslationOut
from apps.core.content.translation import standings
from apps.core.values.languages import language as code_of
from apps.mailings.models import Message
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import (
    languages_of,
    progress_in_all,
    translations_of,
)
from apps.mailings.services.letters.translating import write_language
from apps.mailings.services.messages import MessageService

router = Router(tags=["Messages"])


def messages_of(request: ApiRequest) -> MessageService:
    return MessageService(request.auth.user)


@router.get(
    "/{int:pk}/translations/",
    response=answers({200: list[TranslationHead]}, 404),
    summary="Its languages",
)
def list_translations(request: ApiRequest, pk: int) -> list[dict[str, Any]]:
    """Beside its own, which is `language` of the message."""
    message = messages_of(request).visible_or_404(pk)
    return [
        {
            "language": code,
            "total": one.total,
            "missing": one.missing,
            "stale": one.stale,
        }
        for code, _name, one in languages_of(message)
    ]


@router.get(
    "/{int:pk}/translations/{language}/",
    response=answers({200: TranslationOut}, 404),
    summary="One of its languages",
)
def get_translation(request: ApiRequest, pk: int, language: str) -> dict[str, Any]:
    return _shown(messages_of(request).visible_or_404(pk), language)


@router.put(
    "/{int:pk}/translations/{language}/",
    response=answers({200: TranslationOut}, 404, 409),
    summary="Translate it",
)
def replace_translation(
    request: ApiRequest, pk: int, language: str, given: TranslationIn
) -> dict[str, Any]:
    """What is left out is missing then. A language that is not there yet is begun."""
    return _written(request, pk, language, given, whole=True)


@router.patch(
    "/{int:pk}/translations/{language}/",
    response=answers({200: TranslationOut}, 404, 409),
    summary="Change a translation",
)
def change_translation(
    request: ApiRequest, pk: int, language: str, given: TranslationIn
) -> dict[str, Any]:
    """What is left out stays as it is."""
    return _written(request, pk, language, given, whole=False)


@router.delete(
    "/{int:pk}/translations/{language}/",
    response=answers({204: None}, 404),
    summary="Remove a translation",
)
def delete_translation(request: ApiRequest, pk: int, language: str) -> Status[None]:
    """Versions keep it; runs under way still send it."""
    message = messages_of(request).editable_or_403(pk)
    code = code_of(language) or language
    if code not in translations_of(message):
        raise Http404
    write_language(message, request.auth.user, code, None)
    return Status(204, None)


def _written(
    request: ApiRequest, pk: int, language: str, given: TranslationIn, *, whole: bool
) -> dict[str, Any]:
    message = messages_of(request).editable_or_403(pk)
    write_language(
        message,
        request.auth.user,
        language,
        given.strings,
        base_revision=given.revision,
        whole=whole,
    )
    return _shown(message, language)


def _shown(message: Message, language: str) -> dict[str, Any]:
    """The language with every text. Http404 when the message is not written in it."""
    code = code_of(language) or language
    entries = translations_of(message).get(code)
    if entries is None:
        raise Http404
    content, progress = content_of(message), progress_in_all(message)[code]
    return {
        "language": code,
        "total": progress.total,
        "missing": progress.missing,
        "stale": progress.stale,
        "revision": message.revision,
        "strings": [
            {
                "key": one.base.key,
                "kind": one.base.kind,
                "base": one.base.text,
                "text": one.text,
                "state": one.state.value,
            }
            for one in standings(content, entries)
        ],
    }
