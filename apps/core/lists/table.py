"""The table of a list: its columns, which of them are shown, and by which one it is sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.paging import SortKey

Row = TypeVar("Row")

#: The words for the order by the key, which pages by it (apps.core.paging.keyset_page).
NEWEST, OLDEST = "new", "old"

Place = Literal["lead", "side", "line", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """One column.

    ``sort`` is the field or annotation that orders the rows by it ("pk": the key itself), empty
    when it cannot; ``indexed`` says that an index has that order. ``shown``: unless others are
    chosen. ``phone`` is its place on a phone: what the row is about (lead), beside it (side), in
    the second line, or nowhere.
    """

    name: str
    label: str | Promise
    number: bool = False
    sort: str = ""
    indexed: bool = False
    shown: bool = True
    phone: Place = "line"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column, and the query string that sorts by it."""

    column: TableColumn
    query: str = ""
    sorted: Literal["", "ascending", "descending"] = ""


class Table:
    """What the address asks of the columns. A word that names none of them is passed over."""

    def __init__(
        self, columns: Sequence[TableColumn], params: QueryDict, *, newest_first: bool = True
    ) -> None:
        self.columns = columns
        self._by_name = {column.name: column for column in columns}
        chosen = {word for part in params.getlist("columns") for word in part.split(",")}
        self.chosen = [column.name for column in columns if column.name in chosen]
        self._shown = set(self.chosen) or {column.name for column in columns if column.shown}
        if columns:  # what the rows are about cannot be left out
            self._shown.add(columns[0].name)
        self._newest_first = newest_first
        word = params.get("sort", "")
        self.descending = word.startswith("-") or word == NEWEST
        by_name = {column.name: column for column in columns if column.sort not in ("", "pk")}
        self.sorted_by = by_name.get(word.removeprefix("-"))
        self._key_order = word if word in (NEWEST, OLDEST) else ""
        self._starts: dict[tuple[str, bool], SafeString] = {}

    @property
    def shown(self) -> list[TableColumn]:
        """The columns that are shown, in their order."""
        return [column for column in self.columns if column.name in self._shown]

    def shows(self, name: str) -> bool:
        """Is this column shown?"""
        return name in self._shown

    def column(self, name: str) -> TableColumn:
        """The column of this name."""
        return self._by_name[name]

    def cell_start(self, name: str, *, filled: bool) -> SafeString:
        """How a cell of this column begins: made once for all rows."""
        found = self._starts.get((name, filled))
        if found is None:
            column = self.column(name)
            classes = f"cell-{column.phone or 'wide'}{' number' if column.number else ''}"
            named = column.phone == "line" and filled
            label = format_html(' data-label="{}"', column.label) if named else ""
            found = format_html('<td class="{}"{}', classes, label)
            self._starts[name, filled] = found
        return found

    @property
    def key(self) -> SortKey | None:
        """What the rows are sorted by; None: by their key."""
        column = self.sorted_by
        if column is None:
            return None
        word = f"-{column.name}" if self.descending else column.name
        return SortKey(column.sort, word, self.descending, column.indexed)

    @property
    def kept(self) -> dict[str, str]:
        """What an address must say to show the same columns."""
        return {"columns": ",".join(self.chosen)} if self.chosen else {}

    @property
    def order(self) -> dict[str, str]:
        """What an address must say to keep the same order."""
        key = self.key
        word = key.word if key is not None else self._key_order
        return {"sort": word} if word else {}

    @property
    def heads(self) -> list[Head]:
        """The heads of the shown columns."""
        return [self._head(column) for column in self.shown]

    @property
    def sorts(self) -> list[tuple[str, str | Promise, bool]]:
        """Every order there is, for phones, which see no heads: word, label, is it this one."""
        heads = (self._head(column) for column in self.columns if column.sort)
        return [(head.query, head.column.label, bool(head.sorted)) for head in heads]

    def _head(self, column: TableColumn) -> Head:
        if not column.sort:
            return Head(column)
        if column.sort == "pk":
            keyed = self.sorted_by is None
            descending = self._key_order == NEWEST or not self._key_order and self._newest_first
            turned = OLDEST if keyed and descending else NEWEST
        else:
            keyed, descending = self.sorted_by is column, self.descending
            first = f"-{column.name}" if column.number else column.name
            other = column.name if descending else f"-{column.name}"
            turned = other if keyed else first
        direction: Literal["", "ascending", "descending"] = ""
        if keyed:
            direction = "descending" if descending else "ascending"
        return Head(column, urlencode({"sort": turned}), direction)

    def sort_rows(
        self, rows: Iterable[Row], values: Mapping[str, Callable[[Row], Any]]
    ) -> list[Row]:
        """Rows that are all here, as a short list of figures is; those without a value last."""
        found = list(rows)
        column = self.sorted_by
        if column is None or column.name not in values:
            return found
        value = values[column.name]
        known = [row for row in found if value(row) is not None]
        known.sort(key=value, reverse=self.descending)
        return known + [row for row in found if value(row) is None]
