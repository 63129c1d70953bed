"""Languages by name."""

from __future__ import annotations

from django.utils.translation import get_language_info


def language_name(code: str) -> str:
    """The language in the language of now; its code where nobody has named it."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code
