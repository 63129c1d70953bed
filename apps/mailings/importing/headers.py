"""What the headers of lists mean: Russian, English, French, German and Spanish names, and those of
Google, Outlook, Mailchimp, UniSender, Bitrix24, 1C, Brevo, ActiveCampaign, Ghost, listmonk, Keila.

A name has been through ``attribute_name``: «E-mail 1 - Value» comes as ``e_mail_1_value``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from apps.mailings.fields import RECIPIENT_FIELDS, Target

BY_NAME: Final = {name: one.target for one in RECIPIENT_FIELDS for name in one.aliases.split()}

#: A header with one of these words holds e-mail addresses …
_MAIL: Final = re.compile(
    r"(?:^|_)(?:e_?mails?|mail|почта|почты|почте|имейл|емейл|мейл|мыло|courriel|correo|mél)(?:_|$)"
)
#: … unless another word says that it holds something about them.
_ABOUT_MAIL: Final = frozenset(
    "label type display name status state date time consent opt optin optout count id ids list"
    " lists subject client clients domain verified validated valid opened opens clicks clicked sent"
    " hash bounce bounced bounces unsubscribed subscribed unsubscribe blacklisted marketing"
    " permission format availability error reason template campaign score quality frequency source"
    " тип статус состояние дата время согласие подписка подписан отписан рассылка код имя индекс"
    " отделение direct html text postal рассылке".split()
)
_PHONES: Final = frozenset(
    "phone phones tel telephone telefon telefono teléfono téléphone телефон телефоны тел".split()
)
_MOBILES: Final = frozenset(
    "mobile cell cellphone cellular handy sms мобильный мобильного сотовый моб сотового gsm"
    " portable móvil movil celular mobil mobiltelefon mobilnummer mobiltel".split()
)
_PHONE_WORDS: Final = (
    _PHONES
    | _MOBILES
    | frozenset(
        "number numbers value номер primary main preferred основной контактный контакта клиента"
        " contact customer client no nr numéro numero nummer número de du telefonnummer 1".split()
    )
)
#: Telephones that several people share: taken when a list has no other address.
_SHARED: Final = frozenset(
    "рабочий работа домашний work business home office company организации компании"
    " professionnel geschäftlich privat trabajo городской".split()
)
_FIRST_NAMES: Final = frozenset(
    "имя first_name firstname given_name forename prénom prenom vorname nombres subscriber_name"
    " contact_first_name fname".split()
)
_OTHER_NAMES: Final = frozenset(
    "фамилия отчество last_name lastname surname family_name middle_name middlename"
    " additional_name nachname familienname apellido apellidos nom_de_famille lname"
    " contact_last_name primer_apellido segundo_apellido".split()
)
#: A family name beside a first name, and the whole name alone.
_NAMES_ALONE: Final = frozenset("nom name nombre".split())
_WHOLE_NAMES: Final = (
    "наименование полное_наименование клиент контакт контактное_лицо контрагент покупатель"
    " имя_клиента имя_контакта получатель имя_фамилия contact customer_name contact_name"
    " client nom nombre ansprechpartner kunde"
).split()
#: What address books write beside a value: its kind, not the person's.
_NOISE: Final = re.compile(
    r"(?:e_?mail|phone|address|website|relation|event|custom_field|im|organization)"
    r"(?:_\d+)?_(?:label|type|display_name)"
)
_STREETS: Final = {"адрес": Target.EMAIL, "address": Target.EMAIL}


def is_noise(name: str) -> bool:
    """True for a column that says of which kind the value beside it is."""
    return _NOISE.fullmatch(name) is not None


def emails(names: Sequence[str], left: Sequence[int]) -> list[int]:
    """The columns with e-mail addresses: the one that is called just so, then as they stand."""
    found = [at for at in left if _holds_emails(names[at])]
    return sorted(found, key=lambda at: (BY_NAME.get(names[at]) is not Target.EMAIL, at))


def _holds_emails(name: str) -> bool:
    if BY_NAME.get(name) is Target.EMAIL:
        return True
    rest = _MAIL.sub("_", name).split("_")
    return _MAIL.search(name) is not None and _ABOUT_MAIL.isdisjoint(rest) and not is_noise(name)


def phone(names: Sequence[str], left: Sequence[int], *, shared: bool) -> int | None:
    """The column with phones: a mobile one before others. ``shared``: rather one of an office."""
    words = {at: frozenset(names[at].split("_")) for at in left if not is_noise(names[at])}
    allowed = _PHONE_WORDS | _SHARED if shared else _PHONE_WORDS
    kinds = _PHONES | _MOBILES | {"telefonnummer"}
    found = [at for at, parts in words.items() if parts & kinds and parts <= allowed]
    return min(
        found,
        key=lambda at: (
            bool(words[at] & _SHARED),
            not words[at] & _MOBILES,
            BY_NAME.get(names[at]) is not Target.PHONE,
            at,
        ),
        default=None,
    )


def full_name(names: Sequence[str], left: Sequence[int]) -> list[int]:
    """The columns that make up the name: the whole one, else its parts as they stand."""
    first = [at for at in left if names[at] in _FIRST_NAMES]
    others = [at for at in left if names[at] in _OTHER_NAMES]
    alone = [at for at in left if names[at] in _NAMES_ALONE]
    # «Name» beside «Vorname», and «Nom» beside «Prénom», is the family's.
    halves = [at for at in first if names[at] in ("prénom", "prenom", "vorname")]
    if halves and alone and not others:
        return sorted([*halves, *alone])
    if (others or first) and [names[at] for at in alone] == ["nombre"]:
        return sorted([*first, *others, *alone])
    whole = [at for at in left if BY_NAME.get(names[at]) is Target.FULL_NAME]
    if whole:
        return whole[:1]
    if first or others:
        return sorted([*first, *others])
    return next(([at] for name in _WHOLE_NAMES for at in left if names[at] == name), [])


def street(names: Sequence[str], left: Sequence[int]) -> int | None:
    """«Адрес» is often a street: taken for an e-mail address when nothing better is there."""
    return next((at for at in left if names[at] in _STREETS), None)
