"""Why a whole import cannot be done. Nothing was changed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.core.errors import Refused


class ImportRefused(Refused):
    """The source as a whole cannot be imported.

    ImportRefused
    ├─ SourceUnreadable    there is no such file, or it may not be read
    ├─ SourceEmpty         no header row
    ├─ NotATable           binary data, or broken beyond what can be reported line by line
    ├─ NoAddressColumn     no column with emails, phones or Telegram ids
    ├─ UnknownColumn       the mapping names a column or field that is not there, or one of several
    ├─ UnknownSheet        the spreadsheet has no sheet of this name
    ├─ TooManyColumns      more columns than a list can sensibly have
    ├─ TooManyRows         more rows than the site takes
    ├─ TooManyLists        more lists than a file sensibly names
    ├─ StatusUndecided     a column says that people have left, and nobody has said what it means
    ├─ RejectsUnwritable   the file for rejected rows cannot be written
    └─ ListChanged         somebody changed the same recipients at the same moment
    """

    code = "import"


class SourceUnreadable(ImportRefused):
    code = "import_unreadable"


class SourceEmpty(ImportRefused):
    code = "import_empty"


class NotATable(ImportRefused):
    code = "import_not_a_table"


class NoAddressColumn(ImportRefused):
    code = "import_no_address_column"


class UnknownColumn(ImportRefused):
    code = "import_unknown_column"


class UnknownSheet(ImportRefused):
    code = "import_unknown_sheet"


class TooManyColumns(ImportRefused):
    code = "import_too_many_columns"


class TooManyRows(ImportRefused):
    code = "import_too_many_rows"


class TooManyLists(ImportRefused):
    code = "import_too_many_lists"


class StatusUndecided(ImportRefused):
    """``at`` is the column by its position, ``value`` what it says of somebody."""

    code = "import_status_undecided"

    def __init__(self, column: str, at: int, value: str) -> None:
        self.at, self.value = at, value[:60]
        super().__init__(
            _(
                "The column “%(column)s” says that people have left (“%(value)s”). Choose “status”"
                " for it, and their addresses are suppressed; or choose something else."
            )
            % {"column": column, "value": self.value}
        )


class RejectsUnwritable(ImportRefused):
    code = "import_rejects_unwritable"


class ListChanged(ImportRefused):
    code = "import_list_changed"
