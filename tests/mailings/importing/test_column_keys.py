"""A choice belongs to a place, not to a name: two columns may have the same one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from apps.mailings.fields import Target
from apps.mailings.importing.column_keys import labels_of
from apps.mailings.importing.columns import MOST_COLUMNS, guess, map_columns
from apps.mailings.importing.errors import TooManyColumns, UnknownColumn
from apps.mailings.models import Recipient
from tests.effort import effort
from tests.mailings.importing.conftest import ImportRows

TWICE = "Email;Email;Имя\na1@example.org;b1@example.org;Анна\n"


@pytest.mark.parametrize(
    ("mapping", "address"),
    [
        ({"#1": "email", "#2": "-"}, "a1@example.org"),
        ({"#1": "-", "#2": "email"}, "b1@example.org"),
        ({"Email#2": "email", "Email#1": "-"}, "b1@example.org"),
        ({"email#1": "email", "EMAIL#2": "-"}, "a1@example.org"),
        ({"#2": "email"}, "b1@example.org"),
    ],
)
def test_of_two_columns_with_one_name_the_chosen_one_is_imported(
    mapping: Mapping[str, str], address: str, import_rows: ImportRows
) -> None:
    report = import_rows(TWICE, mapping=mapping)
    assert report.added == 1
    assert Recipient.objects.get().email == address


def test_a_name_that_two_columns_have_is_refused_and_the_remedy_is_said(
    import_rows: ImportRows,
) -> None:
    with pytest.raises(UnknownColumn, match="Email#2"):
        import_rows(TWICE, mapping={"Email": "email"})


def test_the_report_separates_the_two(import_rows: ImportRows) -> None:
    report = import_rows(TWICE, mapping={"#1": "-", "#2": "email"})
    assert report.columns == {"Email#2": "email", "Имя": "full_name"}


@pytest.mark.parametrize("key", ["#4", "#0", "Email#3", "Имя#2", "#", "", "почта"])
def test_a_column_that_is_not_there_is_refused(key: str) -> None:
    with pytest.raises(UnknownColumn):
        map_columns(["Email", "Email", "Имя"], {key: "comment"})


def test_a_column_without_a_name_is_reached_by_its_place() -> None:
    assert labels_of(["email", "", "EMAIL", ""]) == ["email", "#2", "EMAIL#2", "#4"]
    columns = map_columns(["email", ""], {"#2": "город"})
    assert columns.attributes == {"город": 1}


def test_without_an_address_column_the_others_are_guessed_all_the_same() -> None:
    columns = guess(["First Name", "Birthday", "Where to write"], {})
    assert columns.fields == {Target.FULL_NAME: [0]}
    assert columns.attributes == {"birthday": 1, "where_to_write": 2}


def test_parts_of_a_name_chosen_manually_are_put_together_in_their_order() -> None:
    columns = map_columns(["a", "b", "c"], {"#3": "full_name", "#2": "full_name", "#1": "email"})
    assert columns.fields[Target.FULL_NAME] == [1, 2]


def test_at_most_200_columns_are_taken() -> None:
    map_columns(["email"] + ["a"] * (MOST_COLUMNS - 1), {})
    with pytest.raises(TooManyColumns, match="201"):
        map_columns(["email"] + ["a"] * MOST_COLUMNS, {})


def test_equal_names_cost_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.mailings.importing.columns.MOST_COLUMNS", 10**6)
    header = ["email"] + ["a"] * 50_000
    assert effort(lambda: map_columns(header, {"#50000": "-"}), 5_000) <= 5_000
    assert len(map_columns(header, {"#50000": "-"}).attributes) == 49_999
