"""The catalogue: what conditions can ask, by which tests, and what each is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.mailings.models import Channel, Consent, Recipient
from apps.mailings.segments.values import Shape

#: A text of the catalogues.
Label = str | Promise


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One test of a field. ``phrase`` is the whole condition in words; without one, field and test
    stand before the value."""

    op: str
    label: Label
    shape: Shape
    phrase: Label = ""


@dataclass(frozen=True, slots=True)
class Field:
    """Something to ask of a person. ``group`` is its heading in a menu.

    ``rows`` names what the ids of its values are; ``choices`` is the closed set of its values.
    """

    name: str
    label: Label
    group: Label
    tests: Mapping[str, FieldTest]
    rows: str = ""
    choices: tuple[tuple[str, Label], ...] = ()


def _by_op(*tests: FieldTest) -> Mapping[str, FieldTest]:
    return MappingProxyType({test.op: test for test in tests})


_IS = FieldTest("is", pgettext_lazy("condition", "is"), Shape.TEXT)
_IN = FieldTest("in", pgettext_lazy("condition", "is one of"), Shape.TEXTS)
_STARTS = FieldTest("starts", pgettext_lazy("condition", "starts with"), Shape.TEXT)
_CONTAINS = FieldTest("contains", pgettext_lazy("condition", "contains"), Shape.TEXT)
_KNOWN = FieldTest(
    "known",
    pgettext_lazy("condition", "is known"),
    Shape.NOTHING,
    pgettext_lazy("condition", "%(field)s is known"),
)
_TEXT = _by_op(_IS, _IN, _STARTS, _CONTAINS, _KNOWN)
_CODE = _by_op(_IS, _IN, _STARTS)
_DATE = _by_op(
    FieldTest("before", pgettext_lazy("condition", "before"), Shape.DAY),
    FieldTest("after", pgettext_lazy("condition", "on or after"), Shape.DAY),
    FieldTest("between", pgettext_lazy("condition", "between"), Shape.DAY_RANGE),
    FieldTest(
        "last",
        pgettext_lazy("condition", "in the last days"),
        Shape.DAYS,
        pgettext_lazy("condition", "%(field)s in the last %(value)s days"),
    ),
    FieldTest(
        "next",
        pgettext_lazy("condition", "in the next days"),
        Shape.DAYS,
        pgettext_lazy("condition", "%(field)s in the next %(value)s days"),
    ),
    FieldTest(
        "anniversary",
        pgettext_lazy("condition", "anniversary in days"),
        Shape.DAYS,
        pgettext_lazy("condition", "anniversary of %(field)s in %(value)s days"),
    ),
    _KNOWN,
)

#: What can be asked of an attribute, by its kind.
OF_KIND: Final[Mapping[str, Mapping[str, FieldTest]]] = MappingProxyType(
    {
        "text": _TEXT,
        "choice": _TEXT,
        "number": _by_op(
            FieldTest("is", pgettext_lazy("condition", "is"), Shape.NUMBER),
            FieldTest("in", pgettext_lazy("condition", "is one of"), Shape.NUMBERS),
            FieldTest("between", pgettext_lazy("condition", "between"), Shape.NUMBER_RANGE),
            FieldTest("at_least", pgettext_lazy("condition", "at least"), Shape.NUMBER),
            FieldTest("at_most", pgettext_lazy("condition", "at most"), Shape.NUMBER),
            _KNOWN,
        ),
        "date": _DATE,
        "bool": _by_op(FieldTest("is", pgettext_lazy("condition", "is"), Shape.FLAG), _KNOWN),
    }
)

_PERSON = pgettext_lazy("conditions", "Person")
_PERMISSION = pgettext_lazy("conditions", "Lists and consent")
_HISTORY = pgettext_lazy("conditions", "What they got and did")

_LIST = _by_op(
    FieldTest(
        "subscribed",
        pgettext_lazy("condition", "subscribed to"),
        Shape.ROWS,
        pgettext_lazy("condition", "subscribed to %(value)s"),
    ),
    FieldTest(
        "unconfirmed",
        pgettext_lazy("condition", "have not confirmed"),
        Shape.ROWS,
        pgettext_lazy("condition", "have not confirmed %(value)s"),
    ),
    FieldTest(
        "unsubscribed",
        pgettext_lazy("condition", "unsubscribed from"),
        Shape.ROWS,
        pgettext_lazy("condition", "unsubscribed from %(value)s"),
    ),
    FieldTest(
        "sunset",
        pgettext_lazy("condition", "ended as inactive on"),
        Shape.ROWS,
        pgettext_lazy("condition", "ended as inactive on %(value)s"),
    ),
    FieldTest(
        "never",
        pgettext_lazy("condition", "were never on"),
        Shape.ROWS,
        pgettext_lazy("condition", "were never on %(value)s"),
    ),
)
_CONSENT = _by_op(
    FieldTest(
        "before",
        pgettext_lazy("condition", "given before"),
        Shape.DAY,
        pgettext_lazy("condition", "consent given before %(value)s"),
    ),
    FieldTest(
        "after",
        pgettext_lazy("condition", "given on or after"),
        Shape.DAY,
        pgettext_lazy("condition", "consent given on or after %(value)s"),
    ),
    FieldTest(
        "source",
        pgettext_lazy("condition", "given by"),
        Shape.CHOICES,
        pgettext_lazy("condition", "consent given by %(value)s"),
    ),
    FieldTest(
        "text",
        pgettext_lazy("condition", "given to the text"),
        Shape.ROWS,
        pgettext_lazy("condition", "consent given to the text %(value)s"),
    ),
    FieldTest(
        "none",
        pgettext_lazy("condition", "never given"),
        Shape.NOTHING,
        pgettext_lazy("condition", "no consent was ever given"),
    ),
)
_CHANNEL = _by_op(
    FieldTest(
        "has_address",
        pgettext_lazy("condition", "has an address"),
        Shape.CHOICE,
        pgettext_lazy("condition", "has an address of this kind: %(value)s"),
    ),
    FieldTest(
        "suppressed",
        pgettext_lazy("condition", "address suppressed"),
        Shape.CHOICE,
        pgettext_lazy("condition", "address of this kind suppressed: %(value)s"),
    ),
)
_DID = _by_op(
    FieldTest(
        "got",
        pgettext_lazy("condition", "got"),
        Shape.REACTION,
        pgettext_lazy("condition", "got %(value)s"),
    ),
    FieldTest(
        "may_have_got",
        pgettext_lazy("condition", "may have got"),
        Shape.REACTION,
        pgettext_lazy("condition", "may have got %(value)s"),
    ),
    FieldTest(
        "opened",
        pgettext_lazy("condition", "opened"),
        Shape.REACTION,
        pgettext_lazy("condition", "opened %(value)s"),
    ),
    FieldTest(
        "clicked",
        pgettext_lazy("condition", "clicked in"),
        Shape.REACTION,
        pgettext_lazy("condition", "clicked in %(value)s"),
    ),
    FieldTest(
        "unclear",
        pgettext_lazy("condition", "cannot know whether opened"),
        Shape.REACTION,
        pgettext_lazy("condition", "cannot know whether opened: %(value)s"),
    ),
    FieldTest(
        "click_unclear",
        pgettext_lazy("condition", "cannot know whether clicked"),
        Shape.REACTION,
        pgettext_lazy("condition", "cannot know whether clicked: %(value)s"),
    ),
    FieldTest(
        "bounced",
        pgettext_lazy("condition", "bounced"),
        Shape.REACTION,
        pgettext_lazy("condition", "bounced: %(value)s"),
    ),
)

_ALL: Final = (
    Field("email", _("email"), _PERSON, _TEXT),
    Field("full_name", pgettext_lazy("person", "name"), _PERSON, _TEXT),
    Field("comment", _("comment"), _PERSON, _TEXT),
    Field("domain", pgettext_lazy("condition", "email domain"), _PERSON, _CODE),
    Field("phone", _("phone"), _PERSON, _CODE),
    Field("operator_code", _("operator code"), _PERSON, _CODE),
    Field("language", _("language"), _PERSON, _CODE),
    Field("time_zone", _("time zone"), _PERSON, _CODE),
    Field(
        "source",
        pgettext_lazy("condition", "came by"),
        _PERSON,
        _by_op(
            FieldTest("is", pgettext_lazy("condition", "is"), Shape.CHOICE),
            FieldTest("in", pgettext_lazy("condition", "is one of"), Shape.CHOICES),
        ),
        choices=tuple((one.value, one.label) for one in Recipient.Source),
    ),
    Field(
        "import",
        pgettext_lazy("condition", "added by the import"),
        _PERSON,
        _by_op(FieldTest("in", pgettext_lazy("condition", "is one of"), Shape.ROWS)),
        rows="imports",
    ),
    Field("created", pgettext_lazy("condition", "added"), _PERSON, _DATE),
    Field(
        "tag",
        pgettext_lazy("condition", "tag"),
        _PERSON,
        _by_op(FieldTest("any_of", pgettext_lazy("condition", "is one of"), Shape.ROWS)),
        rows="tags",
    ),
    Field(
        "channel",
        pgettext_lazy("condition", "channel"),
        _PERSON,
        _CHANNEL,
        choices=tuple((one.value, one.label) for one in Channel),
    ),
    Field("list", pgettext_lazy("condition", "list"), _PERMISSION, _LIST, rows="lists"),
    Field("subscribed_since", pgettext_lazy("condition", "subscribed since"), _PERMISSION, _DATE),
    Field(
        "consent",
        pgettext_lazy("condition", "consent"),
        _PERMISSION,
        _CONSENT,
        rows="texts",
        choices=tuple((one.value, one.label) for one in Consent.Source),
    ),
    Field("did", pgettext_lazy("condition", "messages"), _HISTORY, _DID, rows="mailings"),
)
FIELDS: Final[Mapping[str, Field]] = MappingProxyType({field.name: field for field in _ALL})
#: The field whose ``name`` says which attribute is meant.
ATTRIBUTE: Final = "attribute"


def tests_of(field: str, name: str, kinds: Mapping[str, str]) -> Mapping[str, FieldTest]:
    """The tests of a field; of an attribute, by its kind. Empty when there is no such field."""
    if field == ATTRIBUTE:
        return OF_KIND.get(kinds.get(name, ""), MappingProxyType({}))
    found = FIELDS.get(field)
    return found.tests if found is not None else MappingProxyType({})
