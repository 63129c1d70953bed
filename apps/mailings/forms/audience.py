"""The audience part of the mailing's form: tags, operator codes, chosen recipients."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.forms import VersionedForm
from apps.core.paging import row_id
from apps.core.values import addresses
from apps.mailings.models import Mailing, MailingList, Recipient, Segment, Tag
from apps.mailings.models.audience import ADDRESS, MESSENGERS
from apps.mailings.rules import languages_asked
from apps.mailings.services.reach import Audience, audience_from

#: The most recipients that can be chosen one by one.
MOST_CHOSEN: Final = 2000
#: So many tags are boxes to tick; more are written down, and found by a search.
TICKED_TAGS: Final = 50
#: The newest mailings whose recipients a page offers to exclude; the API takes any.
OFFERED_MAILINGS: Final = 50
#: Where tags are written down by their names when there are too many to tick.
_WRITTEN_TAGS: Final = {"filter_tags": "tag_names", "exclude_tags": "exclude_tag_names"}


def line_of(recipient: Recipient) -> str:
    """A recipient in one line: the first address there is."""
    if address := recipient.email or recipient.phone:
        return address
    named = (f"{channel}:{address}" for channel, address in recipient.addresses)
    return next(named, f"id:{recipient.pk}")


def _lines(text: str) -> list[str]:
    """The lines and comma-separated parts of a text; addresses also between blanks."""
    parts: list[str] = []
    for part in re.split(r"[\n,;]+", text.lower()):
        parts += part.split() if "@" in part else [part.strip()]
    return list(dict.fromkeys(filter(None, parts)))


def _named(line: str) -> Q:
    """The recipient that a line names otherwise than by an email address, or nobody."""
    kind, _colon, number = line.partition(":")
    if kind in MESSENGERS:
        return Q(**{ADDRESS[kind]: addresses.NORMAL[kind](number) or 0})
    if kind == "id":
        return Q(pk=row_id(number) or 0)
    return Q(phone=addresses.phone(line) or "?")


#: Which mailing's field offers whose rows.
_OFFERED: Final[dict[str, type[Model]]] = {
    "lists": MailingList,
    "segments": Segment,
    "exclude_lists": MailingList,
    "exclude_segments": Segment,
    "exclude_mailings": Mailing,
}
EXCLUSIONS: Final = (
    *("exclude_lists", "exclude_segments", "exclude_tags", "exclude_mailings"),
    "exclude_mailed_days",
)
#: What is as it was where the form does not say.
_PERMISSION: Final = ("basis", "purpose", "on_cap")
#: With lists the right is the subscription to one of them: nothing is asked.
_BASES: Final = [
    (Mailing.Basis.STATED.value, Mailing.Basis.STATED.label),
    (Mailing.Basis.CONSENT.value, Mailing.Basis.CONSENT.label),
    (Mailing.Basis.SUBSCRIPTION.value, Mailing.Basis.SUBSCRIPTION.label),
]


class AudienceForm(VersionedForm[Mailing]):
    """Whom a mailing is for. What the form does not show of a choice, it does not change."""

    addresses = forms.CharField(
        label=_("Individual recipients"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "anna@example.org"}),
        help_text=_(
            "Existing recipients, one per line: email, phone or telegram:123456789 (max:…, vk:…)."
        ),
    )
    operator_codes = forms.CharField(
        label=_("Operator codes"),
        required=False,
        help_text=_("Separated by commas, such as 916, 925."),
    )
    tag_names = forms.CharField(
        label=_("With these tags"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Tag names, one per line."),
    )
    exclude_tag_names = forms.CharField(
        label=_("But not these tags"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Tag names, one per line."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chosen: list[Recipient] = []
        self._shown: dict[str, int] = {}
        self._hidden: list[int] = []
        self._named: dict[str, dict[int, Tag]] = {}
        self._offer_tags()
        self._offer_rows()
        if self.instance.pk is not None:
            self._show_chosen()
            self.initial["operator_codes"] = ", ".join(self.instance.filter_operator_codes)

    def _offer_rows(self) -> None:
        """The owner's lists, segments and mailings; what is archived only where it is chosen."""
        fields: dict[str, Any] = self.fields
        for name, model in _OFFERED.items():
            mine: QuerySet[Any] = model._default_manager.filter(owner=self.owner)
            living = Q(archived_at=None)
            if self.instance.pk is not None:
                chosen = getattr(self.instance, name).values_list("pk", flat=True)
                living |= Q(pk__in=list(chosen))
            fields[name].queryset = mine.filter(living)
            fields[name].required = False
        done = Q(kind=Mailing.Kind.MAILING) & ~Q(pk=self.instance.pk)
        mailings = fields["exclude_mailings"]
        mailings.queryset = self._newest(mailings.queryset.filter(done))
        fields["basis"].choices = _BASES
        fields["purpose"].choices = Mailing.Purpose.choices[:2]  # the last is the product's own
        for name in _PERMISSION:
            fields[name].required = False

    def _newest(self, rows: QuerySet[Mailing]) -> QuerySet[Mailing]:
        """The newest mailings and those that are chosen: a page does not offer thousands."""
        ids = list(rows.order_by("-pk").values_list("pk", flat=True)[:OFFERED_MAILINGS])
        if self.instance.pk is not None:
            ids += self.instance.exclude_mailings.values_list("pk", flat=True)
        return rows.filter(pk__in=ids).order_by("-pk")

    @property
    def opens_exclusions(self) -> bool:
        """True if anybody is excluded, or something about it is wrong."""
        shown = (name for name in (*EXCLUSIONS, "exclude_tag_names") if name in self.fields)
        return any(self[name].value() or self[name].errors for name in shown)

    @property
    def opens_right(self) -> bool:
        """True if the right to write is not as it usually is, or something about it is wrong."""
        usual = {"basis": "stated", "purpose": "marketing", "on_cap": "wait", "basis_statement": ""}
        return any(
            (self[name].value() or value) != value or self[name].errors
            for name, value in usual.items()
        )

    def _offer_tags(self) -> None:
        mine = Tag.objects.filter(owner=self.owner)
        count = mine.count()
        self.has_tags, self.many_tags = count > 0, count > TICKED_TAGS
        for name, written in _WRITTEN_TAGS.items():
            field: Any = self.fields[name]
            field.queryset = mine
            field.required = False
            if not self.many_tags:
                del self.fields[written]
                continue
            field.widget = forms.MultipleHiddenInput()
            self.initial[name] = []
            if self.instance.pk is not None:
                names = getattr(self.instance, name).order_by("name").values_list("name", flat=True)
                self.initial[written] = "\n".join(names)
        if not self.has_tags:
            self.fields["filter_tags"].help_text = _("You have no tags yet.")

    def _show_chosen(self) -> None:
        """The chosen ones by whatever address they have; the rest is counted, and stays."""
        chosen = list(self.instance.recipients.order_by("email", "pk"))
        living = [one for one in chosen if one.archived_at is None][:MOST_CHOSEN]
        self._shown = {line_of(one): one.pk for one in living}
        shown = set(self._shown.values())
        self._hidden = [one.pk for one in chosen if one.pk not in shown]
        self.initial["addresses"] = "\n".join(self._shown)
        if self._hidden:
            text = ngettext(
                "And %(count)d more that is not shown here (archived, or too many): it stays.",
                "And %(count)d more that are not shown here (archived, or too many): they stay.",
                len(self._hidden),
            )
            field = self.fields["addresses"]
            field.help_text = f"{field.help_text} {text % {'count': len(self._hidden)}}"

    def clean_addresses(self) -> str:
        wanted = _lines(self.cleaned_data["addresses"])
        if len(wanted) > MOST_CHOSEN:
            raise ValidationError(_("Too many addresses; use a tag instead."), code="many")
        found, missing = self._found(wanted)
        if missing:
            raise ValidationError(
                _("Not in your recipients: %(addresses)s"),
                code="unknown",
                params={"addresses": ", ".join(missing[:5])},
            )
        self._chosen = found
        return "\n".join(wanted)

    def _found(self, lines: Iterable[str]) -> tuple[list[Recipient], list[str]]:
        """The recipients of these lines, and the lines that are nobody's."""
        ids: dict[str, int] = {line: pk for line in lines if (pk := self._shown.get(line))}
        mine = Recipient.objects.filter(owner=self.owner, archived_at=None)
        rest = [line for line in lines if line not in ids]
        stored = {line: addresses.email(line) for line in rest}
        emails = dict(mine.filter(email__in=stored.values()).values_list("email", "pk"))
        ids |= {line: emails[email] for line, email in stored.items() if email in emails}
        for line in [line for line in rest if line not in ids]:
            if (pk := mine.filter(_named(line)).values_list("pk", flat=True).first()) is not None:
                ids[line] = pk
        rows = list(Recipient.objects.filter(owner=self.owner, pk__in=ids.values()))
        return rows, sorted(line for line in lines if line not in ids)

    def clean_operator_codes(self) -> list[str]:
        codes = re.split(r"[\s,;]+", self.cleaned_data["operator_codes"].strip())
        found = [code for code in codes if code]
        if any(not re.fullmatch(r"[0-9]{3}", code) for code in found):
            raise ValidationError(_("An operator code has three digits."), code="operator_code")
        return found

    def clean_tag_names(self) -> str:
        return self._clean_names("tag_names")

    def clean_exclude_tag_names(self) -> str:
        return self._clean_names("exclude_tag_names")

    def _clean_names(self, field: str) -> str:
        lines = self.cleaned_data[field].splitlines()
        names = list(dict.fromkeys(filter(None, map(str.strip, lines))))
        tags = list(Tag.objects.filter(owner=self.owner, name__in=names))
        self._named[field] = {tag.pk: tag for tag in tags}
        missing = sorted(set(names) - {tag.name for tag in tags})
        if missing:
            text = _("Unknown tags: %(names)s")
            raise ValidationError(text, code="unknown", params={"names": ", ".join(missing[:5])})
        return "\n".join(names)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, written in _WRITTEN_TAGS.items():
            if self.many_tags and written in data:
                ticked = {tag.pk: tag for tag in data.get(name) or []}
                data[name] = list((ticked | self._named[written]).values())
        for name in _PERMISSION:
            data[name] = data.get(name) or getattr(self.instance, name)
        if data.get("lists"):
            data["basis"] = Mailing.Basis.SUBSCRIPTION.value
        elif data.get("basis") == Mailing.Basis.SUBSCRIPTION:
            self.add_error("basis", _("Choose the lists by whose subscriptions it writes."))
        if settings.CONSENT_REQUIRED and data.get("basis") == Mailing.Basis.STATED:
            self.add_error("basis", _("Every mailing needs a consent here."))
        return data

    def audience(self) -> Audience:
        """Whom the form, as it is filled in, would reach. It must have been cleaned."""
        data = self.cleaned_data
        return audience_from(
            self.owner,
            data,
            chosen=self._kept(),
            everyone=data.get("everyone", False),
            codes=data.get("operator_codes", ()),
            days=data.get("exclude_mailed_days"),
            languages=languages_asked(data.get("message"), data.get("other_languages", "")),
            **{name: data[name] for name in _PERMISSION if data.get(name)},
        )

    def _kept(self) -> list[int]:
        return [*self._hidden, *(recipient.pk for recipient in self._chosen)]

    def save(self, commit: bool = True) -> Mailing:
        self.instance.filter_operator_codes = self.cleaned_data["operator_codes"]
        mailing = super().save(commit=commit)
        if not self.fields["addresses"].disabled:
            mailing.recipients.set(self._kept())
        return mailing
