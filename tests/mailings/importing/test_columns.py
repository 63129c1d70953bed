from __future__ import annotations

import pytest

from apps.core.content.template_language import parse
from apps.mailings.fields import RECIPIENT_FIELDS, Target
from apps.mailings.importing.columns import OWN_COLUMNS, export_header, map_columns
from apps.mailings.importing.errors import NoAddressColumn, UnknownColumn


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("E-mail", Target.EMAIL),
        ("ПОЧТА", Target.EMAIL),
        ("Электронная почта", Target.EMAIL),
        ("Эл. почта", Target.EMAIL),
        ("адрес", Target.EMAIL),
        ("Телефон", Target.PHONE),
        ("phone", Target.PHONE),
        ("Telegram", Target.TELEGRAM),
    ],
)
def test_it_knows_address_columns_by_name(header: str, target: Target) -> None:
    assert map_columns([header], {}).fields == {target: [0]}


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("ФИО", Target.FULL_NAME),
        ("Имя", Target.FULL_NAME),
        ("Name", Target.FULL_NAME),
        ("Часовой пояс", Target.TIME_ZONE),
        ("timezone", Target.TIME_ZONE),
        ("Comment", Target.COMMENT),
        ("Примечание", Target.COMMENT),
        ("Tags", Target.TAGS),
        ("Метки", Target.TAGS),
    ],
)
def test_it_knows_other_columns_by_name(header: str, target: Target) -> None:
    assert map_columns(["email", header], {}).fields[target] == [1]


def test_a_name_in_parts_is_put_together() -> None:
    columns = map_columns(["email", "Фамилия", "Имя", "Отчество"], {})
    assert columns.fields[Target.FULL_NAME] == [1, 2, 3]
    assert columns.attributes == {}


def test_parts_beside_a_whole_name_are_attributes() -> None:
    columns = map_columns(["email", "Имя", "ФИО"], {})
    assert columns.fields[Target.FULL_NAME] == [2]
    assert columns.attributes == {"имя": 1}


def test_an_address_beside_an_email_is_a_street() -> None:
    assert map_columns(["Адрес", "Email"], {}).attributes == {"адрес": 0}


def test_the_rest_become_attributes_with_usable_names() -> None:
    header = ["email", "Дата рождения", "2-й взнос", "скидка, %", "", "Город", "ГОРОД"]
    assert map_columns(header, {}).attributes == {
        "дата_рождения": 1,
        "n2_й_взнос": 2,
        "скидка": 3,
        "город": 5,
        "город_2": 6,
    }


def test_a_file_of_rejected_rows_can_be_imported_again() -> None:
    header = ["rejected_line", "rejected_code", "rejected_reason", "email"]
    columns = map_columns(header, {})
    assert columns.fields == {Target.EMAIL: [3]} and columns.attributes == {}


def test_the_mapping_has_the_last_word() -> None:
    mapping = {"Kontakt": "email", "email": "-", "NAME": "прозвище", "тел": "phone"}
    columns = map_columns(["email", "Kontakt", "name", "тел"], mapping)
    assert columns.fields == {Target.EMAIL: [1], Target.PHONE: [3]}
    assert columns.attributes == {"прозвище": 2}


@pytest.mark.parametrize(
    "mapping",
    [
        {"nothing": "email"},
        {"a": "comment", "b": "comment"},
        {"a": "city", "b": "city"},
        {"a": "!!!"},
    ],
)
def test_it_refuses_a_mapping_that_cannot_be(mapping: dict[str, str]) -> None:
    with pytest.raises(UnknownColumn):
        map_columns(["a", "b"], mapping)


def test_without_an_address_there_is_nobody_to_import() -> None:
    with pytest.raises(NoAddressColumn, match="Имя"):
        map_columns(["Имя", "Город"], {})


GOOGLE_2015 = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,"
    "Family Name Yomi,Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,Birthday,"
    "Gender,Location,Billing Information,Directory Server,Mileage,Occupation,Hobby,Sensitivity,"
    "Priority,Subject,Notes,Language,Photo,Group Membership,E-mail 1 - Type,E-mail 1 - Value,"
    "E-mail 2 - Type,E-mail 2 - Value,Phone 1 - Type,Phone 1 - Value,Organization 1 - Name"
)
GOOGLE_2024 = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,"
    "Phonetic Last Name,Name Prefix,Name Suffix,Nickname,File As,Organization Name,"
    "Organization Title,Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,"
    "E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value"
)
OUTLOOK = (
    "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,"
    "Business Fax,Business Phone,Business Phone 2,Home Phone,Mobile Phone,Other Phone,Pager,"
    "Primary Phone,Account,Birthday,Categories,E-mail Address,E-mail Type,E-mail Display Name,"
    "E-mail 2 Address,E-mail 2 Type,Notes,Web Page"
)
MAILCHIMP = (
    "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,"
    "OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,"
    "LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
UNISENDER = (
    "email,phone,Name,email_status,email_availability,email_add_time,email_confirm_time,"
    "email_list_ids,email_subscribe_times,email_unsubscribed_list_ids,tags"
)
BITRIX24 = (
    "ID;Обращение;Имя;Отчество;Фамилия;Дата рождения;Рабочий телефон;Мобильный телефон;Номер факса;"
    "Домашний телефон;Рабочий e-mail;Частный e-mail;Тип контакта;Комментарий;Участвует в рассылке"
)
ONE_C = "Код;Наименование;Полное наименование;ИНН;Телефон;E-mail адрес;Комментарий"
BREVO = (
    "CONTACT ID;EMAIL;FIRSTNAME;LASTNAME;SMS;WHATSAPP;EXT_ID;DOUBLE_OPT-IN;OPT_IN;"
    "EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME"
)
ACTIVECAMPAIGN = "ID,First Name,Last Name,Email,Phone,Date Created,IP Address,Tags,Lists"
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,"
    "deleted_at,labels,tiers"
)
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"
KEILA = "Email,First name,Last name,Data,Status,External ID"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (GOOGLE_2015, {"email": "E-mail 1 - Value", "phone": "Phone 1 - Value",
                       "full_name": "Name", "tags": "Group Membership", "comment": "Notes"}),
        (GOOGLE_2024, {"email": "E-mail 1 - Value", "phone": "Phone 1 - Value",
                       "full_name": "First Name,Middle Name,Last Name", "tags": "Labels"}),
        (OUTLOOK, {"email": "E-mail Address", "phone": "Mobile Phone", "tags": "Categories",
                   "full_name": "First Name,Middle Name,Last Name", "comment": "Notes"}),
        (MAILCHIMP, {"email": "Email Address", "phone": "Phone Number", "comment": "NOTES",
                     "full_name": "First Name,Last Name", "tags": "TAGS",
                     "time_zone": "TIMEZONE"}),
        (UNISENDER, {"email": "email", "phone": "phone", "full_name": "Name", "tags": "tags"}),
        (BITRIX24, {"email": "Рабочий e-mail", "phone": "Мобильный телефон",
                    "full_name": "Имя,Отчество,Фамилия", "comment": "Комментарий"}),
        (ONE_C, {"email": "E-mail адрес", "phone": "Телефон", "full_name": "Наименование"}),
        (BREVO, {"email": "EMAIL", "phone": "SMS", "full_name": "FIRSTNAME,LASTNAME"}),
        (ACTIVECAMPAIGN, {"email": "Email", "phone": "Phone", "tags": "Tags",
                          "full_name": "First Name,Last Name"}),
        (GHOST, {"email": "email", "full_name": "name", "tags": "labels", "comment": "note"}),
        (LISTMONK, {"email": "email", "full_name": "name"}),
        (KEILA, {"email": "Email", "full_name": "First name,Last name"}),
        ("Prénom;Nom;E-mail;Téléphone", {"email": "E-mail", "phone": "Téléphone",
                                         "full_name": "Prénom,Nom"}),
        ("Nom;E-mail", {"email": "E-mail", "full_name": "Nom"}),
        ("Vorname;Name;E-Mail-Adresse;Handy", {"email": "E-Mail-Adresse", "phone": "Handy",
                                               "full_name": "Vorname,Name"}),
        ("Vorname;Nachname;E-Mail;Telefonnummer", {"email": "E-Mail", "phone": "Telefonnummer",
                                                   "full_name": "Vorname,Nachname"}),
        ("Nombre;Apellidos;Correo electrónico;Teléfono móvil;Etiquetas",
         {"email": "Correo electrónico", "phone": "Teléfono móvil", "tags": "Etiquetas",
          "full_name": "Nombre,Apellidos"}),
        ("Adresse e-mail;Prénom", {"email": "Adresse e-mail", "full_name": "Prénom"}),
        ("Контактное лицо;Электронная почта директора;Мобильный",
         {"email": "Электронная почта директора", "phone": "Мобильный",
          "full_name": "Контактное лицо"}),
        ("Name;Work Phone;City", {"phone": "Work Phone", "full_name": "Name"}),
    ],
)  # fmt: skip
def test_it_knows_the_exports_of_other_systems(header: str, found: dict[str, str]) -> None:
    names = header.split(";" if ";" in header else ",")
    fields = map_columns(names, {}).fields
    for target, wanted in found.items():
        places = fields[Target(target)]
        used = places if target == "full_name" else places[:1]
        assert [names[at] for at in used] == wanted.split(","), target


def test_of_google_only_what_says_something_of_the_person_is_kept() -> None:
    header = (
        "First Name,Middle Name,Last Name,Nickname,Organization Name,Birthday,Notes,Labels,"
        "E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value"
    ).split(",")
    assert map_columns(header, {}).attributes == {
        "nickname": 3,
        "organization_name": 4,
        "birthday": 5,
    }


def test_a_second_address_is_a_spare_and_an_attribute() -> None:
    columns = map_columns(["Частный e-mail", "Рабочий e-mail", "Имя"], {})
    assert columns.fields[Target.EMAIL] == [0, 1]
    assert columns.attributes == {"рабочий_e_mail": 1}
    chosen_ones = map_columns(["a", "b"], {"a": "email", "b": "email"})
    assert chosen_ones.fields[Target.EMAIL] == [0, 1] and chosen_ones.attributes == {"b": 1}


@pytest.mark.parametrize(
    "header",
    [
        "1 взнос", "2-й телефон", "_private", "true", "nil", "empty", "size", "first", "limit",
        "a.b", "a-b", "a b", "x" * 200, "взнос, %", "٣ три", "№ договора", "and", "null",
    ],
)  # fmt: skip
def test_every_column_gets_a_name_that_templates_take(header: str) -> None:
    (name,) = map_columns(["email", header], {}).attributes
    for source in (
        "{{ %s }}",
        "{{ attributes.%s }}",
        "{%% if attributes.%s == 'M' %%}M{%% endif %%}",
    ):
        fields = {name: "M", f"attributes.{name}": "M"}
        assert parse(source % name).render(fields) == "M", source
    assert len(name) <= 64


def test_names_stay_apart_when_they_become_alike() -> None:
    header = ["email", *["x" * 200] * 12, "a b", "a-b", "a.b", "nil", "nil_"]
    names = list(map_columns(header, {}).attributes)
    assert len(names) == 17 and len(set(names)) == 17
    assert max(map(len, names)) <= 64


def test_ones_own_export_comes_back_as_what_it_was() -> None:
    attributes = ["город", "phone", "email_address", "имя", "notes", "id", "status", "e_mail_2"]
    header = export_header(attributes)
    columns = map_columns(header, {})
    width = len(OWN_COLUMNS)
    assert columns.attributes == {name: width + at for at, name in enumerate(attributes)}
    assert columns.fields == {one.target: [at] for at, one in enumerate(RECIPIENT_FIELDS, 1)}
    assert header[width] == "город"
