"""Lists of other systems come in whole: nobody who left comes back, no good address is lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from apps.mailings.importing.errors import StatusUndecided
from apps.mailings.importing.json_columns import unfolded
from apps.mailings.models import Recipient, Suppression
from apps.users.models import User
from tests.factories import RecipientFactory
from tests.mailings.importing.conftest import ImportRows

pytestmark = pytest.mark.django_db

MAILCHIMP_LEFT = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,TIMEZONE,'
    "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID,EUID,"
    'NOTES,TAGS\ngone@example.org,Vera,Petrova,2,"2020-02-03 04:05:06","2020-02-03 04:06:00",,'
    '"2023-03-03 10:00:00","March news",ab12,"NORMAL: no longer want",,125,abe,,\n'
)
MAILCHIMP_CLEANED = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,CONFIRM_TIME,CLEAN_TIME,'
    "CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES,TAGS\n"
    'bounced@example.org,Oleg,,1,"2020-02-03 04:06:00","2023-03-03 10:00:00","March news",ab12,126,'
    "abf,,\n"
)
UNISENDER = (
    "email,name,email_status,email_availability,email_add_time,email_confirm_time,email_list_ids,"
    "email_subscribe_times,email_unsubscribed_list_ids,tags\n"
    'anna@example.org,Анна,active,available,2020-01-01 10:00:00,2020-01-01 10:05:00,"1,2",'
    '"2020-01-01 10:00:00,2020-01-01 10:00:00",,"vip,клиент"\n'
    "gone@example.org,Вера,unsubscribed,available,2020-01-01 10:00:00,,1,2020-01-01 10:00:00,1,\n"
    "bad@example.org,Олег,inactive,unreachable,2020-01-01 10:00:00,,1,2020-01-01 10:00:00,,\n"
)
GHOST = (
    "id,email,name,note,subscribed_to_emails,created_at,deleted_at,labels\n"
    "1,anna@example.org,Anna,,true,2024-01-01,,vip\n"
    "2,gone@example.org,Vera,,false,2024-01-01,,\n"
    "3,away@example.org,Oleg,,true,2024-01-01,2024-02-01,\n"
)


def suppressed() -> dict[str, str]:
    return dict(Suppression.objects.values_list("address", "reason"))


def one(address: str) -> Recipient:
    return Recipient.objects.get(email=address)


@pytest.mark.parametrize(
    ("source", "mapping", "left"),
    [
        (MAILCHIMP_LEFT, {"UNSUB_TIME": "status"}, {"gone@example.org": "unsubscribed"}),
        (MAILCHIMP_CLEANED, {"CLEAN_TIME": "status"}, {"bounced@example.org": "bounced"}),
        (
            UNISENDER,
            {"email_status": "status", "email_availability": "status"},
            {"gone@example.org": "unsubscribed", "bad@example.org": "bounced"},
        ),
        (
            GHOST,
            {"subscribed_to_emails": "status", "deleted_at": "status"},
            {"gone@example.org": "unsubscribed", "away@example.org": "unsubscribed"},
        ),
    ],
)
@pytest.mark.engine
def test_who_left_is_asked_about_and_then_suppressed(
    import_rows: ImportRows, source: str, mapping: dict[str, str], left: dict[str, str]
) -> None:
    with pytest.raises(StatusUndecided):
        import_rows(source)
    assert not Recipient.objects.exists() and not Suppression.objects.exists()
    dry = import_rows(source, mapping=mapping, dry_run=True)
    assert dry.suppressed == len(left) and not Suppression.objects.exists()
    report = import_rows(source, mapping=mapping)
    assert (report.rejected, report.suppressed) == (0, len(left))
    assert report.added == source.count("\n") - 1 - len(left)
    assert suppressed() == left
    again = import_rows(source, mapping=mapping, update=True)  # a second import lifts nothing
    assert again.unchanged == again.rows == report.rows
    assert suppressed() == left


def test_one_decided_column_does_not_decide_another(import_rows: ImportRows) -> None:
    with pytest.raises(StatusUndecided, match="email_availability"):
        import_rows(UNISENDER, mapping={"email_status": "status"})


def test_a_status_that_is_to_be_ignored_stays_an_attribute(import_rows: ImportRows) -> None:
    mapping = {"email_status": "attribute", "email_availability": "-"}
    assert import_rows(UNISENDER, mapping=mapping).suppressed == 0
    assert one("gone@example.org").attributes["email_status"] == "unsubscribed"
    assert "email_availability" not in one("gone@example.org").attributes
    assert not Suppression.objects.exists()


def test_the_one_who_left_may_stand_anywhere_in_the_file(import_rows: ImportRows) -> None:
    rows = "".join(f"a{number}@example.org,enabled\n" for number in range(60_000))
    with pytest.raises(StatusUndecided, match="blocklisted"):
        import_rows(f"email,status\n{rows}last@example.org,blocklisted\n")
    assert not Recipient.objects.exists()


@pytest.mark.engine
def test_who_left_stays_away_though_the_row_is_a_duplicate(
    import_rows: ImportRows, owner: User
) -> None:
    RecipientFactory(owner=owner, email="gone@example.org")
    report = import_rows(
        "email,phone,status\ngone@example.org,,unsubscribed\n"
        "b@example.org,+7 916 000-00-01,unsubscribed\nc@example.org,,active\n",
        mapping={"status": "status"},
    )
    assert (report.added, report.rejected, report.suppressed) == (1, 1, 1)
    assert suppressed() == dict.fromkeys(
        ("gone@example.org", "b@example.org", "79160000001"), "unsubscribed"
    )


@pytest.mark.engine
def test_a_bad_phone_does_not_cost_a_good_address(import_rows: ImportRows, tmp_path: Path) -> None:
    report = import_rows(
        "email,phone\na@example.org,+44 20 7946\nb@example.org,+7 916 000-00-02 доб. 12\n"
        'c@example.org,"+7 916 000-00-03, +7 916 000-00-04"\nd@example.org,7.91612E+10\n'
        'e@example.org,"7,91612E+10"\nf@example.org,+44 20 7946 0000\n,5\n'
    )
    assert (report.added, report.rejected, report.warned) == (6, 1, 5)
    assert report.warnings == {"phone_not_taken": 3, "phone_in_part": 2}
    assert report.reasons == {"bad_phone": 1}
    assert dict(Recipient.objects.values_list("email", "phone")) == {
        "a@example.org": None,
        "b@example.org": "79160000002",
        "c@example.org": "79160000003",
        "d@example.org": None,
        "e@example.org": None,
        "f@example.org": "442079460000",
    }
    assert one("b@example.org").operator_code == "916" and not one("f@example.org").operator_code
    with (tmp_path / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        reported = [tuple(row[:2]) for row in csv.reader(file)][1:]
    assert reported == [
        ("2", "phone_not_taken"),
        ("3", "phone_in_part"),
        ("4", "phone_in_part"),
        ("5", "phone_not_taken"),
        ("6", "phone_not_taken"),
        ("8", "bad_phone"),
    ]


@pytest.mark.parametrize(
    ("header", "row", "code"),
    [
        ("email,timezone", "a@example.org,Mars/Olympus", "time_zone_not_taken"),
        ("email,telegram", "a@example.org,@anna", "telegram_not_taken"),
        ("email,phone", "nobody,+79160000001", "email_not_taken"),
        ("email,phone", "=1+1,+79160000001", "email_not_taken"),
        ("email,phone", "аnna@example.org,+79160000001", "email_not_taken"),
        ("email", "a@example.org ::: b@example.org", "email_in_part"),
    ],
)
def test_what_cannot_be_used_is_warned_of(
    import_rows: ImportRows, header: str, row: str, code: str
) -> None:
    report = import_rows(f"{header}\n{row}\n")
    assert (report.added, report.warnings) == (1, {code: 1})


def test_a_row_that_was_not_taken_is_not_warned_of(import_rows: ImportRows) -> None:
    report = import_rows("email,phone\na@example.org,\na@example.org,5\n")
    assert (report.reasons, report.warnings) == ({"duplicate_in_file": 1}, {})


def test_foreign_phones_never_become_those_of_strangers(import_rows: ImportRows) -> None:
    import_rows(
        "email,phone\nda@example.org,+45 12 34 56 78\nus@example.org,(212) 555-0100\n"
        "fr@example.org,0102030405\nru@example.org,+7916000006\n"
    )
    assert Recipient.objects.count() == 4
    assert not Recipient.objects.exclude(phone=None).exists()


def test_time_zones_as_people_write_them(import_rows: ImportRows) -> None:
    import_rows("email,tz\na@example.org,МСК+2\nb@example.org,Москва\nc@example.org,UTC+3\n")
    assert list(Recipient.objects.order_by("email").values_list("time_zone", flat=True)) == [
        "Asia/Yekaterinburg",
        "Europe/Moscow",
        "Etc/GMT-3",
    ]


def test_a_dash_is_no_formula(import_rows: ImportRows) -> None:
    report = import_rows(
        "email,full_name,comment,город\na@example.org,Анна,-,-5\nb@example.org,-,ok,=Уфа\n"
        "c@example.org,Вера,- постоянный клиент,\nd@example.org,Олег,=,\n"
    )
    assert (report.added, report.rejected, report.warned) == (4, 0, 0)
    assert one("a@example.org").comment == "" and one("b@example.org").full_name == ""
    assert one("c@example.org").comment == "- постоянный клиент"
    assert one("d@example.org").comment == "="
    assert one("b@example.org").attributes == {"город": "=Уфа"}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (
            'E-mail;"Фамилия, имя"\na@example.org;"Иванов, Иван"\nb@example.org;"Петров, Пётр"\n',
            {"Иванов, Иван", "Петров, Пётр"},
        ),
        (
            "E-mail;Фамилия, имя, отчество\na@example.org;Иванов, Иван, Иванович\n"
            "b@example.org;Петров, Пётр, Петрович\n",
            {"Иванов, Иван, Иванович", "Петров, Пётр, Петрович"},
        ),
    ],
)
def test_commas_in_a_header_cost_neither_address_nor_name(
    import_rows: ImportRows, source: str, names: set[str]
) -> None:
    assert import_rows(source).added == 2
    found = dict(Recipient.objects.values_list("full_name", "email"))
    assert found.keys() == names
    assert set(found.values()) == {"a@example.org", "b@example.org"}


def test_the_marks_of_a_spreadsheet_are_taken_off(import_rows: ImportRows) -> None:
    import_rows("email,phone,full_name,tags\n'a@example.org,'+7 916 000-00-01,'-Анна,'-old\n")
    found = one("a@example.org")
    assert (found.phone, found.full_name) == ("79160000001", "-Анна")
    assert [tag.name for tag in found.tags.all()] == ["-old"]


def test_bitrix24_comes_with_its_work_addresses(import_rows: ImportRows) -> None:
    report = import_rows(
        '"ID";"Обращение";"Имя";"Отчество";"Фамилия";"Рабочий телефон";"Мобильный телефон";'
        '"Рабочий e-mail";"Частный e-mail";"Тип контакта";"Участвует в рассылке"\n'
        '"1";"";"Анна";"Аркадьевна";"Каренина";"+74950000001";"+79160000001";"anna@example.org";'
        '"";"Клиенты";"да"\n"2";"";"Вера";"";"Петрова";"";"";"vera@example.org";"";"Клиенты";"да"\n'
        '"3";"";"Олег";"";"";"";"";"";"oleg@example.org";"Клиенты";"да"\n'
    )
    assert (report.added, report.rejected) == (3, 0)
    anna = one("anna@example.org")
    assert (anna.full_name, anna.phone) == ("Анна Аркадьевна Каренина", "79160000001")
    assert anna.attributes["рабочий_телефон"] == "+74950000001"
    assert one("vera@example.org").phone is None
    assert one("oleg@example.org").attributes["частный_e_mail"] == "oleg@example.org"


def test_google_and_outlook_come_whole(import_rows: ImportRows) -> None:
    import_rows(
        "First Name,Middle Name,Last Name,Nickname,Organization Name,Birthday,Notes,Labels,"
        "E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value\n"
        "Анна,,Каренина,,Ромашка,1990-05-17,,Клиенты ::: * myContacts,* Other,anna@example.org,"
        "Mobile,+7 916 000-00-01\n"
    )
    anna = one("anna@example.org")
    assert (anna.full_name, anna.phone) == ("Анна Каренина", "79160000001")
    assert anna.attributes == {"organization_name": "Ромашка", "birthday": "1990-05-17"}
    assert [tag.name for tag in anna.tags.all()] == ["Клиенты"]
    import_rows(
        '"Title","First Name","Last Name","Company","Mobile Phone","Categories","E-mail Address",'
        '"E-mail Type","E-mail Display Name","Notes"\n"","Anna","Karenina","Romashka",'
        '"+7 916 000-00-02","Clients;VIP","anna.k@example.org","SMTP","Anna Karenina",'
        '"Call on Monday"\n'
    )
    anna = one("anna.k@example.org")
    assert (anna.full_name, anna.phone) == ("Anna Karenina", "79160000002")
    assert (anna.comment, anna.attributes) == ("Call on Monday", {"company": "Romashka"})
    assert sorted(tag.name for tag in anna.tags.all()) == ["Clients", "VIP"]


def test_tags_of_every_system_are_cut_where_they_cut_them(import_rows: ImportRows) -> None:
    import_rows(
        'email,tags\na@example.org,"""VIP"",""New, customer"""\nb@example.org,a; b|c ::: d\n'
        'c@example.org,"x, y"\n'
    )
    found = {
        row.email: sorted(tag.name for tag in row.tags.all()) for row in Recipient.objects.all()
    }
    assert found == {
        "a@example.org": ["New, customer", "VIP"],
        "b@example.org": ["a", "b", "c", "d"],
        "c@example.org": ["x", "y"],
    }


LISTMONK = (
    "email,name,attributes,status,created_at\n"
    'a@example.org,Anna,"{""city"": ""Омск"", ""Plan Name"": 2, ""vip"": true, ""none"": null,'
    ' ""stack"": {""lang"": ""go""}}",enabled,2024\n'
    'b@example.org,Boris,"{}",enabled,2024\n'
    'c@example.org,Vera,"{broken",enabled,2024\n'
    "d@example.org,Gleb,,enabled,2024\n"
)
KEILA = (
    "Email,First name,Last name,Data,city\n"
    'a@example.org,Anna,I,"{""city"": ""Омск"", ""age"": 30.5}",Пермь\n'
    'b@example.org,Boris,P,"{""city"": ""Омск""}",\n'
)


@pytest.mark.engine
def test_the_names_in_a_json_object_are_attributes(import_rows: ImportRows) -> None:
    assert import_rows(LISTMONK, mapping={"status": "-"}).added == 4
    assert one("a@example.org").attributes == {
        "city": "Омск",
        "plan_name": "2",
        "vip": "true",
        "stack": '{"lang": "go"}',
        "created_at": "2024",
    }
    assert one("b@example.org").attributes == {"attributes": "{}", "created_at": "2024"}
    assert one("c@example.org").attributes["attributes"] == "{broken"
    assert one("d@example.org").attributes == {"created_at": "2024"}


def test_a_column_of_its_own_goes_before_the_name_in_an_object(import_rows: ImportRows) -> None:
    assert import_rows(KEILA).added == 2
    assert one("a@example.org").attributes == {"city": "Пермь", "age": "30.5"}
    assert one("b@example.org").attributes == {"city": "Омск"}


@pytest.mark.parametrize(
    "cell",
    [
        '{"":1}',
        '{"a b":1,"a_b":2}',
        '{"a":"\\ud800"}',
        "{" + ",".join(f'"n{number}":1' for number in range(101)) + "}",
        '{"a":' + "[" * 5_000 + "]" * 5_000 + "}",
    ],
    ids=["no name", "one name twice", "half a character", "many names", "deep"],
)
def test_an_object_that_is_none_of_attributes_stays_a_text(cell: str) -> None:
    assert unfolded([cell, "x"]) == ([cell, "x"], [])


def test_what_an_attribute_may_not_hold_is_refused_in_an_object_too(
    import_rows: ImportRows,
) -> None:
    long = "x" * 1001
    report = import_rows(
        f'email,data\na@example.org,"{{""a"": ""{long}""}}"\n'
        'b@example.org,"{""a"": ""\\u0000""}"\nc@example.org,"{""a"": ""b""}"\n'
    )
    assert (report.added, dict(report.reasons)) == (1, {"too_long": 1, "control_characters": 1})
