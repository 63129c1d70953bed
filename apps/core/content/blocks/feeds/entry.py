"""One item of a feed as a letter shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.core.content.template_language import ITEM


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """``html`` is rich text in the form that documents keep; the other texts are plain.

    ``media`` is the item's picture in the library, ``image`` its address. ``date`` is the day in
    words, ``day`` the same for filters: year-month-day.
    """

    title: str = ""
    link: str = ""
    summary: str = ""
    html: str = ""
    author: str = ""
    date: str = ""
    day: str = ""
    image: str = ""
    media: int | None = None

    def fields(self, *, for_filters: bool = False) -> Mapping[str, str]:
        """The values of ``item.…``."""
        texts = {
            "title": self.title,
            "link": self.link,
            "summary": self.summary,
            "html": self.summary,  # where no rich text can stand
            "author": self.author,
            "date": self.day if for_filters else self.date,
            "image": self.image,
        }
        return {f"{ITEM}.{name}": text for name, text in texts.items()}
