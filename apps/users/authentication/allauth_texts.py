"""Sentences of allauth whose Russian is corrected in our own catalogue, which is read first.

Those that its forms and its adapter say; pages and mails have templates of ours.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

WORDS: Final = (
    _("Forgot your password?"),
    _("This account is currently inactive."),
    _("This email address is already associated with this account."),
    _("The email address and/or password you specified are not correct."),
    _("A user is already registered with this email address."),
    _("Please type your current password."),
    _("Invalid or expired key."),
    _("The password reset token was invalid."),
    _("Too many failed login attempts. Try again later."),
    _("You must type the same password each time."),
    _("Use your password"),
    _("Use authenticator app or code"),
    _("Authenticator code"),
    _("You cannot add an email address to an account protected by two-factor " "authentication."),
    _(
        "You cannot activate two-factor authentication until you have verified your "
        "email address."
    ),
)
