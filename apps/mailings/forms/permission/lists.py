"""The forms of lists: a list itself, people who are added, a tag that becomes a list."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.contracts import Actor
from apps.core.forms import VersionedForm
from apps.mailings.models import MailingList, Tag
from apps.mailings.selectors.permission.lists import lists_in_use
from apps.mailings.services.permission.lists import MOST_ADDED, ListService

_STATEMENT: Final = _("How did these people agree?")
_STATEMENT_HELP: Final = _(
    "In your own words, such as “signed a form at the fair on 12 May”. It is kept with each person."
)


class ListForm(VersionedForm[MailingList]):
    """A list as its subscribers see it, and how they get on it."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("not set")), *settings.LANGUAGES]
    )

    class Meta:
        model = MailingList
        fields = ("title", "description", "visibility", "optin", "language", "position")
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "visibility": _(
                "A private list is on no sign-up form; only its members see that they are on it."
            ),
            "optin": _("Double: people are subscribed once they confirm a link in an email."),
            "position": _("Lists with a smaller number come first on the pages of subscribers."),
        }

    def save(self, commit: bool = True) -> MailingList:
        return ListService(self.owner).save(self.instance)


class StatementForm(forms.Form):
    """The owner's word that people agreed."""

    statement = forms.CharField(
        label=_STATEMENT,
        max_length=500,
        help_text=_STATEMENT_HELP,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class MembersForm(StatementForm):
    """People to put on a list, an address a line."""

    addresses = forms.CharField(
        label=_("Addresses"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Emails or phones, one per line. New emails become recipients."),
    )
    field_order = ("addresses", "statement")

    def clean_addresses(self) -> list[str]:
        lines = map(str.strip, self.cleaned_data["addresses"].splitlines())
        found = list(dict.fromkeys(filter(None, lines)))
        if len(found) > MOST_ADDED:
            text = _("No more than %(most)s at a time. Import a file for more.")
            raise ValidationError(text, code="too_many", params={"most": MOST_ADDED})
        return found


class TaggedForm(StatementForm):
    """A tag whose people go to a list, a new one or one that is there."""

    tag = forms.CharField(
        label=_("Tag"),
        max_length=80,
        widget=forms.TextInput(attrs={"list": "tag-names", "autocomplete": "off"}),
    )
    existing = forms.ChoiceField(label=_("List"), required=False)
    title = forms.CharField(
        label=_("Title of the new list"),
        max_length=120,
        required=False,
        help_text=_("Empty: the name of the tag."),
    )
    field_order = ("tag", "existing", "title", "statement")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        offered = [(str(one.pk), one.title) for one in lists_in_use(actor)]
        choices: Any = [("", _("a new list")), *offered]
        self.fields["existing"] = forms.ChoiceField(
            label=_("List"), required=False, choices=choices
        )
        self.order_fields(self.field_order)

    def clean_tag(self) -> Tag:
        name = " ".join(self.cleaned_data["tag"].split())
        tag = Tag.objects.editable_by(self.actor).filter(name=name).first()
        if tag is None:
            raise ValidationError(_("You have no tag with this name."), code="unknown")
        return tag

    def clean_existing(self) -> MailingList | None:
        number = self.cleaned_data["existing"]
        if not number:
            return None
        return MailingList.objects.editable_by(self.actor).get(pk=int(number))
