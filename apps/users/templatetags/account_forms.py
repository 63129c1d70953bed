"""The forms of sign-in and of the account: allauth's, without what repeats itself."""

from __future__ import annotations

from allauth.account.forms import ChangePasswordForm, ResetPasswordKeyForm, SetPasswordForm
from django import forms, template
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    UserAttributeSimilarityValidator,
    get_default_password_validators,
)
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def account_form(form: forms.BaseForm) -> forms.BaseForm:
    """No placeholder says what the label says; a new password has one list of rules."""
    if isinstance(form, (ChangePasswordForm, ResetPasswordKeyForm, SetPasswordForm)):
        labels = {
            "oldpassword": _("Current password"),
            "password1": _("New password"),
            "password2": _("New password (again)"),
        }
        for name in labels.keys() & form.fields.keys():
            form.fields[name].label = labels[name]
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name == "password1":
            field.help_text = password_rules()
    return form


def password_rules() -> SafeString:
    """The rules of passwords as a list; js/password.js marks those that are met."""
    rules = format_html_join("", "<li{}>{}</li>", map(_rule, get_default_password_validators()))
    return format_html('<ul class="password-rules">{}</ul>', rules)


def _rule(validator: object) -> tuple[SafeString, str]:
    if isinstance(validator, MinimumLengthValidator):
        text = _("at least %(count)s characters") % {"count": validator.min_length}
        return format_html(' data-at-least="{}"', validator.min_length), text
    if isinstance(validator, UserAttributeSimilarityValidator):
        return mark_safe(" data-unlike-email"), _("nothing like your email address")
    return SafeString(""), _("not a common password")
