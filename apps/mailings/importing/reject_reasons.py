"""Why one row is rejected: stable codes, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


class Reason(StrEnum):
    """A closed set; programs may rely on the codes."""

    BAD_ENCODING = "bad_encoding"
    BROKEN_QUOTES = "broken_quotes"
    MISSING_COLUMN = "missing_column"
    EXTRA_COLUMN = "extra_column"
    FORMULA_WITHOUT_VALUE = "formula_without_value"
    NO_ADDRESS = "no_address"
    BAD_EMAIL = "bad_email"
    BAD_PHONE = "bad_phone"
    BAD_TELEGRAM = "bad_telegram"
    BAD_MAX = "bad_max"
    BAD_VK = "bad_vk"
    ARCHIVED = "archived"
    ERASED = "erased"
    FORMULA = "formula"
    CONTROL_CHARACTERS = "control_characters"
    TOO_LONG = "too_long"
    UNKNOWN_STATUS = "unknown_status"
    NO_EVIDENCE = "no_evidence"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    DUPLICATE_IN_DATABASE = "duplicate_in_database"
    # Warnings: the row was taken, without this value of it.
    EMAIL_NOT_TAKEN = "email_not_taken"
    PHONE_NOT_TAKEN = "phone_not_taken"
    TELEGRAM_NOT_TAKEN = "telegram_not_taken"
    MAX_NOT_TAKEN = "max_not_taken"
    VK_NOT_TAKEN = "vk_not_taken"
    TIME_ZONE_NOT_TAKEN = "time_zone_not_taken"
    LANGUAGE_NOT_TAKEN = "language_not_taken"
    DATE_NOT_TAKEN = "date_not_taken"
    EMAIL_IN_PART = "email_in_part"
    PHONE_IN_PART = "phone_in_part"


_WORDS = {
    Reason.BAD_ENCODING: gettext_noop("The line is not in the encoding of the file."),
    Reason.BROKEN_QUOTES: gettext_noop("A quotation mark is opened and not closed."),
    Reason.MISSING_COLUMN: gettext_noop("Too few fields: %(detail)s."),
    Reason.EXTRA_COLUMN: gettext_noop("Too many fields: %(detail)s."),
    Reason.FORMULA_WITHOUT_VALUE: gettext_noop(
        "The row has a formula whose result was not kept. Open the file in a spreadsheet program"
        " and save it again."
    ),
    Reason.NO_ADDRESS: gettext_noop("No address in this row."),
    Reason.BAD_EMAIL: gettext_noop("Invalid email: %(detail)s"),
    Reason.BAD_PHONE: gettext_noop("This is not a phone number: %(detail)s"),
    Reason.BAD_TELEGRAM: gettext_noop(
        "This is not a Telegram chat id (a bot cannot write to a person by @name): %(detail)s"
    ),
    Reason.BAD_MAX: gettext_noop("This is not the number of a person at MAX: %(detail)s"),
    Reason.BAD_VK: gettext_noop("This is not the number of a person at VK: %(detail)s"),
    Reason.ARCHIVED: gettext_noop("This recipient was in the archive and was not imported."),
    Reason.ERASED: gettext_noop("This person was erased, and was not imported again."),
    Reason.FORMULA: gettext_noop("A spreadsheet would take this for a formula: %(detail)s"),
    Reason.CONTROL_CHARACTERS: gettext_noop("Control characters in the column %(detail)s."),
    Reason.TOO_LONG: gettext_noop("The value is too long in the column %(detail)s."),
    Reason.UNKNOWN_STATUS: gettext_noop("This status is unknown: %(detail)s"),
    Reason.NO_EVIDENCE: gettext_noop(
        "No date of consent in this row, and no statement for the whole file."
    ),
    Reason.DUPLICATE_IN_FILE: gettext_noop("Duplicate of line %(detail)s."),
    Reason.DUPLICATE_IN_DATABASE: gettext_noop("You already have a recipient with this address."),
    Reason.EMAIL_NOT_TAKEN: gettext_noop("Imported without this email: %(detail)s"),
    Reason.PHONE_NOT_TAKEN: gettext_noop("Imported without this phone: %(detail)s"),
    Reason.TELEGRAM_NOT_TAKEN: gettext_noop("Imported without this Telegram chat ID: %(detail)s"),
    Reason.MAX_NOT_TAKEN: gettext_noop("Imported without this MAX ID: %(detail)s"),
    Reason.VK_NOT_TAKEN: gettext_noop("Imported without this VK ID: %(detail)s"),
    Reason.TIME_ZONE_NOT_TAKEN: gettext_noop("Imported without this time zone: %(detail)s"),
    Reason.LANGUAGE_NOT_TAKEN: gettext_noop("Imported without this language: %(detail)s"),
    Reason.DATE_NOT_TAKEN: gettext_noop("Imported without this date: %(detail)s"),
    Reason.EMAIL_IN_PART: gettext_noop("Only the first email was imported: %(detail)s"),
    Reason.PHONE_IN_PART: gettext_noop("Only the first phone was imported: %(detail)s"),
}
#: In a word or two, for a list of counts.
_SHORT = {
    Reason.BAD_ENCODING: gettext_noop("encoding"),
    Reason.BROKEN_QUOTES: gettext_noop("quotation marks"),
    Reason.MISSING_COLUMN: gettext_noop("too few fields"),
    Reason.EXTRA_COLUMN: gettext_noop("too many fields"),
    Reason.FORMULA_WITHOUT_VALUE: gettext_noop("formula"),
    Reason.NO_ADDRESS: gettext_noop("no address"),
    Reason.BAD_EMAIL: gettext_noop("invalid email"),
    Reason.BAD_PHONE: gettext_noop("invalid phone"),
    Reason.BAD_TELEGRAM: gettext_noop("invalid Telegram ID"),
    Reason.BAD_MAX: gettext_noop("invalid MAX ID"),
    Reason.BAD_VK: gettext_noop("invalid VK ID"),
    Reason.ARCHIVED: gettext_noop("archived"),
    Reason.ERASED: gettext_noop("erased"),
    Reason.FORMULA: gettext_noop("formula"),
    Reason.CONTROL_CHARACTERS: gettext_noop("control characters"),
    Reason.TOO_LONG: gettext_noop("value too long"),
    Reason.UNKNOWN_STATUS: gettext_noop("unknown status"),
    Reason.NO_EVIDENCE: gettext_noop("no consent"),
    Reason.DUPLICATE_IN_FILE: gettext_noop("repeated in the file"),
    Reason.DUPLICATE_IN_DATABASE: gettext_noop("already in the list"),
    Reason.EMAIL_NOT_TAKEN: gettext_noop("email"),
    Reason.PHONE_NOT_TAKEN: gettext_noop("phone"),
    Reason.TELEGRAM_NOT_TAKEN: gettext_noop("Telegram ID"),
    Reason.MAX_NOT_TAKEN: gettext_noop("MAX ID"),
    Reason.VK_NOT_TAKEN: gettext_noop("VK ID"),
    Reason.TIME_ZONE_NOT_TAKEN: gettext_noop("time zone"),
    Reason.LANGUAGE_NOT_TAKEN: gettext_noop("language"),
    Reason.DATE_NOT_TAKEN: gettext_noop("date"),
    Reason.EMAIL_IN_PART: gettext_noop("second email"),
    Reason.PHONE_IN_PART: gettext_noop("second phone"),
}
WARNINGS = frozenset(
    {
        Reason.EMAIL_NOT_TAKEN,
        Reason.PHONE_NOT_TAKEN,
        Reason.TELEGRAM_NOT_TAKEN,
        Reason.MAX_NOT_TAKEN,
        Reason.VK_NOT_TAKEN,
        Reason.TIME_ZONE_NOT_TAKEN,
        Reason.LANGUAGE_NOT_TAKEN,
        Reason.DATE_NOT_TAKEN,
        Reason.EMAIL_IN_PART,
        Reason.PHONE_IN_PART,
    }
)


def in_short(counts: Mapping[str, int]) -> str:
    """Counts by code in words, the most frequent first: ``invalid email 2, no address 1``."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{_(_SHORT[Reason(code)])} {count}" for code, count in ordered)


@dataclass(frozen=True, slots=True)
class Reject:
    """One row that was not taken, or (a warning) not whole: where it begins in the source, why, and
    what it says."""

    line: int
    reason: Reason
    detail: str
    fields: tuple[str, ...]

    @property
    def is_warning(self) -> bool:
        """True when the row was taken all the same."""
        return self.reason in WARNINGS

    @property
    def text(self) -> str:
        """The reason in the language of the moment."""
        return _(_WORDS[self.reason]) % {"detail": self.detail}
