"""Dates and times of the Russian site: as its pages write them, on the clock of 24 hours."""

from config.formats.common import DATE_FORMAT as DATE_FORMAT
from config.formats.common import DATETIME_FORMAT as DATETIME_FORMAT
from config.formats.common import SHORT_DATE_FORMAT as SHORT_DATE_FORMAT
from config.formats.common import SHORT_DATETIME_FORMAT as SHORT_DATETIME_FORMAT
from config.formats.common import TIME_FORMAT as TIME_FORMAT
