"""Lists by key: the last page costs what the first one does, and nobody counts a million rows."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final, TypeVar

from django.db import connection, models
from django.utils.translation import gettext as _

from apps.api.problems import Unfit
from apps.api.schemas.common import PageQuery
from apps.core.paging import row_id

Row = TypeVar("Row", bound=models.Model)

#: Up to here a count is exact.
COUNTED: Final = 10_000


class CursorUnfit(Unfit):
    """The cursor is none of ours."""

    code = "bad_cursor"


def page_of(
    rows: models.QuerySet[Row],
    asked: PageQuery,
    *,
    newest_first: bool = True,
    counted: models.QuerySet[Any] | None = None,
    known_count: int | None = None,
) -> dict[str, Any]:
    """One page of the rows, by their ids.

    ``counted``: the same rows in a form cheaper to count; ``known_count``: it is known already.
    """
    ordered = rows.order_by("-pk" if newest_first else "pk")
    if asked.cursor is not None:
        ordered = ordered.filter(**{"pk__lt" if newest_first else "pk__gt": _read(asked.cursor)})
    found = list(ordered[: asked.limit + 1])
    more, found = len(found) > asked.limit, found[: asked.limit]
    if known_count is not None:
        count, estimated = known_count, False
    else:
        count, estimated = count_of(rows if counted is None else counted)
    return {
        "items": found,
        "count": count,
        "count_is_estimate": estimated,
        "next": _write(found[-1].pk) if more else None,
    }


def count_of(rows: models.QuerySet[Any]) -> tuple[int, bool]:
    """How many, and whether that is an estimate."""
    plain = rows.order_by()
    count = plain[: COUNTED + 1].count()
    if count <= COUNTED:
        return count, False
    if connection.vendor != "postgresql":
        return plain.count(), False
    plan = json.loads(plain.values("pk").explain(format="json"))
    return max(int(plan[0]["Plan"]["Plan Rows"]), COUNTED + 1), True


def _write(key: int) -> str:
    return urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def _read(cursor: str) -> int:
    try:
        key = row_id(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode())
    except ValueError:
        key = None
    if key is None:
        raise cursor_unfit()
    return key


def cursor_unfit() -> CursorUnfit:
    """The refusal of a cursor that no page has given."""
    return CursorUnfit(_("cursor must be the “next” value of the previous page."))
