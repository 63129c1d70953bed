"""Acts on the translations of a draft: words of a language, and the whole of one that goes.

``{"op": "language", "language": "en", "texts": {key: text}}`` is what a page asks for; kept are the
entries (``strings``), so that a step played again is not judged by what the base has become.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.operations import PlaceUnfit
from apps.core.content.translation import Entries, Translations, check_size, entries_of
from apps.core.errors import gettext_noop
from apps.mailings.models import MessageDraft
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import further_language, merged

OP: Final = "language"

Act = dict[str, Any]


def plain(draft: MessageDraft, asked: Mapping[str, Any]) -> Act:
    """The act that is kept. Raises LanguageUnknown, PlaceUnfit, DocumentInvalid."""
    code = str(asked.get("language"))
    if asked.get("gone"):
        return {"op": OP, "language": code, "gone": True}
    texts = asked.get("texts", {})
    if not isinstance(texts, dict) or not all(isinstance(one, str) for one in texts.values()):
        raise PlaceUnfit(gettext_noop("This block can’t be put there or changed like this."))
    code = further_language(draft, code)
    entries = entries_of(content_of(draft), texts)
    return {"op": OP, "language": code, "strings": {key: entries.get(key) for key in texts}}


def apply(draft: MessageDraft, one: Act) -> Act:
    """Apply the act to the draft. Returns the act that takes it back. Raises DocumentTooBig."""
    code = one["language"]
    before: Entries | None = draft.translations.get(code)
    back: dict[str, Any]
    if one.get("gone"):
        others = {name: kept for name, kept in draft.translations.items() if name != code}
        draft.translations = others
        back = {"strings": dict(before)} if before is not None else {"gone": True}
    else:
        draft.translations = merged(draft.translations, code, one["strings"])
        check_size(draft.translations)
        earlier = {key: (before or {}).get(key) for key in one["strings"]}
        back = {"strings": earlier} if before is not None else {"gone": True}
    return {"op": OP, "language": code, **back}


def copied(
    draft: MessageDraft, asked: Mapping[str, Any], made: Act, carried: Translations
) -> list[Act]:
    """The acts that give the copy of a part the translations of the part.

    ``carried``: those of a part that is put in from elsewhere.
    """
    place = places.find(draft.document or {}, str(asked.get("id")))
    if asked.get("op") == "duplicate" and place is not None:
        source, translations = place.node, draft.translations
    elif asked.get("op") == "insert" and carried:
        source, translations = asked["node"], dict(carried)
    else:
        return []
    ids = dict(zip(_ids(source), _ids(made["node"]), strict=True))
    acts: list[Act] = []
    for code, entries in translations.items():
        strings = {
            f"{ids[node]}.{rest}": entry
            for key, entry in entries.items()
            for node, _dot, rest in [key.partition(".")]
            if node in ids
        }
        if strings:
            acts.append({"op": OP, "language": code, "strings": strings})
    return acts


def _ids(node: places.Node) -> list[str]:
    """Of the part and of those in it, in the order in which they lie."""
    inner = (*node.get("columns", ()), *node.get("blocks", ()))
    return [str(node["id"]), *(one for part in inner for one in _ids(part))]
