from __future__ import annotations

import pytest

from apps.mailings.transfer.columns import Target, arrange
from apps.mailings.transfer.refusals import NoAddressColumn, UnknownColumn


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
    assert arrange([header], {}).fields == {target: [0]}


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
    assert arrange(["email", header], {}).fields[target] == [1]


def test_a_name_in_parts_is_put_together() -> None:
    columns = arrange(["email", "Фамилия", "Имя", "Отчество"], {})
    assert columns.fields[Target.FULL_NAME] == [1, 2, 3]
    assert columns.attributes == {}


def test_parts_beside_a_whole_name_are_attributes() -> None:
    columns = arrange(["email", "Имя", "ФИО"], {})
    assert columns.fields[Target.FULL_NAME] == [2]
    assert columns.attributes == {"имя": 1}


def test_an_address_beside_an_email_is_a_street() -> None:
    assert arrange(["Адрес", "Email"], {}).attributes == {"адрес": 0}


def test_the_rest_become_attributes_with_usable_names() -> None:
    header = ["email", "Дата рождения", "2-й взнос", "скидка, %", "", "Город", "ГОРОД"]
    assert arrange(header, {}).attributes == {
        "дата_рождения": 1,
        "_2_й_взнос": 2,
        "скидка": 3,
        "город": 5,
        "город_2": 6,
    }


def test_a_file_of_rejected_rows_can_be_imported_again() -> None:
    header = ["rejected_line", "rejected_code", "rejected_reason", "email"]
    columns = arrange(header, {})
    assert columns.fields == {Target.EMAIL: [3]} and columns.attributes == {}


def test_the_mapping_has_the_last_word() -> None:
    mapping = {"Kontakt": "email", "email": "-", "NAME": "прозвище", "тел": "phone"}
    columns = arrange(["email", "Kontakt", "name", "тел"], mapping)
    assert columns.fields == {Target.EMAIL: [1], Target.PHONE: [3]}
    assert columns.attributes == {"прозвище": 2}


@pytest.mark.parametrize(
    "mapping", [{"nothing": "email"}, {"a": "email", "b": "email"}, {"a": "!!!"}]
)
def test_it_refuses_a_mapping_that_cannot_be(mapping: dict[str, str]) -> None:
    with pytest.raises(UnknownColumn):
        arrange(["a", "b"], mapping)


def test_without_an_address_there_is_nobody_to_import() -> None:
    with pytest.raises(NoAddressColumn, match="Имя"):
        arrange(["Имя", "Город"], {})
