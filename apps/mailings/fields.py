"""The fields of a recipient, and what a template may show of them: plain strings by name.

RECIPIENT_FIELDS is the one list: the form, the import's columns and its tables, the export, the
claim and the API's rows follow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, cast

from django.db.models import Field
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.core.content.program.values import TOKEN, Values, values_of
from apps.mailings.attribute_values import lists_in, shown_text
from apps.mailings.models import Mailing, Recipient

Checker = Literal[
    "email",
    "phone",
    "messenger",
    "line",
    "text",
    "time_zone",
    "language",
    "refusal",
    "tags",
    "status",
]


class Target(StrEnum):
    """Where a column of an import goes. Everything else is an attribute, or left out."""

    EMAIL = "email"
    PHONE = "phone"
    TELEGRAM = "telegram"
    MAX = "max"
    VK = "vk"
    FULL_NAME = "full_name"
    COMMENT = "comment"
    TIME_ZONE = "time_zone"
    LANGUAGE = "language"
    UNMEASURED = "unmeasured"
    TAGS = "tags"
    STATUS = "status"
    LISTS = "lists"
    UNCONFIRMED_LISTS = "unconfirmed_lists"
    UNSUBSCRIBED_LISTS = "unsubscribed_lists"
    INACTIVE_LISTS = "inactive_lists"
    SINCE = "since"
    CONSENT_DATE = "consent_date"
    CONSENT_IP = "consent_ip"
    CONSENT_TEXT = "consent_text"
    CONFIRMED_DATE = "confirmed_date"
    UNSUBSCRIBED_DATE = "unsubscribed_date"
    UNSUBSCRIBED_REASON = "unsubscribed_reason"
    ATTRIBUTES_JSON = "attributes_json"


@dataclass(frozen=True, slots=True)
class RecipientField:
    """One field, for every form, file and API that has it.

    ``name`` is that of the model, the form, the API and the export, ``target`` that of an import.
    ``aliases`` are headers that mean it, as ``attribute_name`` writes them. ``checker`` is how an
    import checks a column of it (importing.validation), ``longest`` how much text it takes then.
    ``several`` columns may feed it. ``in_template``: letters may show it.
    """

    target: Target
    name: str
    checker: Checker
    aliases: str
    longest: int = 0
    several: bool = False
    in_template: bool = False
    in_export: bool = True

    @property
    def is_address(self) -> bool:
        """True when a channel writes to it: none is NULL, and nobody else of the owner has it."""
        return self.checker in ("email", "phone", "messenger")

    @property
    def is_text(self) -> bool:
        """True for a column of text; nothing is an empty one."""
        return self.checker in ("line", "text", "time_zone", "language")

    @property
    def label(self) -> Any:
        """What people call it."""
        if self.target is Target.STATUS:
            return _("status: who has unsubscribed is suppressed")
        field = cast("Field[Any, Any]", Recipient._meta.get_field(self.name))
        return field.verbose_name

    @property
    def heading(self) -> str:
        """What stands above its column in a table, in the language of the moment."""
        return capfirst(str(_("status") if self.target is Target.STATUS else self.label))


#: In the order in which a form, the choices of an import and an export have them.
RECIPIENT_FIELDS: Final = (
    RecipientField(
        Target.EMAIL,
        "email",
        "email",
        "email e_mail mail почта эл_почта электронная_почта эл_адрес имейл емейл email_address"
        " адрес_электронной_почты адрес_эл_почты адрес_почты",
        longest=4_000,
        several=True,
        in_template=True,
    ),
    RecipientField(
        Target.PHONE,
        "phone",
        "phone",
        "phone tel mobile телефон тел мобильный мобильный_телефон номер_телефона phone_number",
        several=True,
        in_template=True,
    ),
    RecipientField(
        Target.TELEGRAM,
        "telegram_chat_id",
        "messenger",
        "telegram telegram_id telegram_chat_id chat_id телеграм телеграмм",
        several=True,
    ),
    RecipientField(Target.MAX, "max_user_id", "messenger", "max max_user_id max_id", several=True),
    RecipientField(Target.VK, "vk_user_id", "messenger", "vk vk_user_id vk_id", several=True),
    RecipientField(
        Target.FULL_NAME,
        "full_name",
        "line",
        "full_name fullname name фио ф_и_о полное_имя имя_полностью имя_и_фамилия"
        " фамилия_имя_отчество фамилия_имя nom_complet nombre_completo display_name",
        longest=200,
        several=True,
        in_template=True,
    ),
    RecipientField(
        Target.COMMENT,
        "comment",
        "text",
        "comment comments note notes комментарий примечание заметка комментарии заметки примечания"
        " remarques commentaire commentaires notizen bemerkung bemerkungen anmerkungen notas"
        " comentario comentarios",
        longest=10_000,
        in_template=True,
    ),
    RecipientField(
        Target.TIME_ZONE,
        "time_zone",
        "time_zone",
        "time_zone timezone tz часовой_пояс таймзона временная_зона fuseau_horaire zeitzone"
        " zona_horaria",
        in_template=True,
    ),
    RecipientField(
        Target.LANGUAGE,
        "language",
        "language",
        "language lang locale язык",
        longest=10,
        in_template=True,
    ),
    RecipientField(
        Target.UNMEASURED,
        "unmeasured",
        "refusal",
        "unmeasured do_not_measure do_not_track не_измерять не_отслеживать",
    ),
    RecipientField(
        Target.TAGS,
        "tags",
        "tags",
        "tags tag labels label теги тэги тег тэг метки метка group_membership categories группы"
        " категории étiquettes etiquettes schlagwörter kategorien etiquetas",
    ),
    RecipientField(Target.STATUS, "status", "status", "status", several=True),
)
#: What a column may say beside a recipient's own fields; nobody guesses it by its name.
SAYINGS: Final = {
    Target.LISTS: _("lists"),
    Target.UNCONFIRMED_LISTS: _("lists that the person has not confirmed"),
    Target.UNSUBSCRIBED_LISTS: _("lists that the person has left"),
    Target.INACTIVE_LISTS: _("lists that the person was taken off as inactive"),
    Target.SINCE: _("subscribed since"),
    Target.CONSENT_DATE: _("date of consent"),
    Target.CONSENT_IP: _("IP address of the consent"),
    Target.CONSENT_TEXT: _("text of the consent"),
    Target.CONFIRMED_DATE: _("date of confirmation"),
    Target.UNSUBSCRIBED_DATE: _("date of unsubscribing"),
    Target.UNSUBSCRIBED_REASON: _("reason for unsubscribing"),
    Target.ATTRIBUTES_JSON: _("custom fields as JSON"),
}
#: What names lists, and how the person stands there.
LISTINGS: Final = {
    Target.LISTS: "subscribed",
    Target.UNCONFIRMED_LISTS: "unconfirmed",
    Target.UNSUBSCRIBED_LISTS: "unsubscribed",
    Target.INACTIVE_LISTS: "sunset",
}
#: The columns of text in the recipients' table that an import fills.
TEXT_COLUMNS: Final = tuple(one.name for one in RECIPIENT_FIELDS if one.is_text)
#: What a form of one recipient has, beside tags and attributes.
COLUMNS: Final = tuple(one.name for one in RECIPIENT_FIELDS if one.is_address or one.is_text)
#: Names that a template may show of every recipient, in the order of a menu: the name first.
BASIC: Final = tuple(
    one.name
    for one in sorted(RECIPIENT_FIELDS, key=lambda one: one.target is not Target.FULL_NAME)
    if one.in_template
)
#: Addresses that a letter has for each recipient.
LINKS: Final = ("unsubscribe_url", "preferences_url", "view_url")
#: Names that no attribute may take in a template; ``attributes.<name>`` always works.
TAKEN: Final = frozenset({*BASIC, *LINKS, TOKEN})

#: Stands where a confirmation has a link of its recipient: something that may stand in a link.
FOR_THE_RECIPIENT: Final = "https://•••"


def template_fields(
    basic: Iterable[str | None], attributes: Mapping[str, object]
) -> dict[str, str]:
    """The fields by name, ``basic`` in the order of BASIC.

    An attribute has two names, unless a basic field has the short one.
    """
    fields = {name: value or "" for name, value in zip(BASIC, basic, strict=True)}
    for name, value in attributes.items():
        text = value if isinstance(value, str) else shown_text(value)
        fields[f"attributes.{name}"] = text
        if name not in TAKEN:
            fields[name] = text
    return fields


def with_given(fields: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """The recipient's fields with those that were given for this one message before them."""
    given = {name: shown_text(value) for name, value in given.items()}
    named = {f"attributes.{name}": value for name, value in given.items()}
    return {**fields, **named, **given}


def shown_given(given: Mapping[str, Any], *, purpose: str) -> dict[str, Any]:
    """The given fields as a page may show them to anybody but the recipient.

    Those of a confirmation are links by which the recipient alone acts: who could read one could
    consent in another's name.
    """
    if purpose == Mailing.Purpose.CONFIRMATION:
        return dict.fromkeys(given, FOR_THE_RECIPIENT)
    return dict(given)


def fields_of(recipient: Recipient) -> dict[str, str]:
    """The same for a recipient that was read as an object."""
    return template_fields([getattr(recipient, name) for name in BASIC], recipient.attributes)


def values_for(recipient: Recipient, given: Mapping[str, Any], *, bits: int = 0) -> Values:
    """What a letter to this person is filled with, but for its links; ``given`` for it alone.

    ``bits``: which of the tags and segments that are asked about the person has.
    """
    fields = with_given(fields_of(recipient), given)
    return values_of(fields, bits, lists_in({**recipient.attributes, **given}))
