"""The form of a mailing's feed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.mailings.models import Feed
from apps.mailings.services.feeds.settings import FeedSettings


class FeedForm(forms.ModelForm[Feed]):
    """Where the feed is, how many of its items a message has, and from how many on it is sent."""

    class Meta:
        model = Feed
        fields = ("url", "order", "limit", "at_least", "begin_with")
        labels = {
            "url": _("Address of the feed"),
            "order": _("Order of the items"),
            "limit": _("Items in a message, at most"),
            "at_least": _("Send only from so many new items"),
            "begin_with": _("Items to begin with"),
        }
        help_texts = {
            "url": _("RSS or Atom, such as https://example.com/feed.xml"),
            "limit": _("1 to 50. What is more waits for the next message."),
            "at_least": _("With fewer, nothing is sent this time."),
            "begin_with": _("0 to 10. Items that are older count as sent already."),
        }
        widgets = {"url": forms.URLInput(attrs={"autocomplete": "url"})}

    def chosen(self) -> FeedSettings:
        """What was chosen, once it is valid."""
        values: dict[str, Any] = self.cleaned_data
        return FeedSettings(**{name: values[name] for name in self.Meta.fields})
