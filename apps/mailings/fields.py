"""What a template may show of a recipient: plain strings by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apps.mailings.models import Recipient

#: Names of every recipient, in the order in which a menu offers them.
BASIC = ("full_name", "email", "phone", "comment", "time_zone")
#: Names that no attribute may take in a template; ``attributes.<name>`` always works.
TAKEN = frozenset({*BASIC, "unsubscribe_url", "view_url"})


def template_fields(
    basic: Iterable[str | None], attributes: Mapping[str, object]
) -> dict[str, str]:
    """The fields by name, ``basic`` in the order of BASIC.

    An attribute has two names, unless a basic field has the short one.
    """
    fields = {name: value or "" for name, value in zip(BASIC, basic, strict=True)}
    for name, value in attributes.items():
        fields[f"attributes.{name}"] = str(value)
        if name not in TAKEN:
            fields[name] = str(value)
    return fields


def with_given(fields: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The recipient's fields with those that were given for this one message before them."""
    named = {f"attributes.{name}": value for name, value in given.items()}
    return {**fields, **named, **given}


def fields_of(recipient: Recipient) -> dict[str, str]:
    """The same for a recipient that was read as an object."""
    return template_fields([getattr(recipient, name) for name in BASIC], recipient.attributes)
