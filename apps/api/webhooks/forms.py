"""The form for a webhook."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from apps.api.webhooks.client import check_url
from apps.api.webhooks.models import Webhook
from apps.core.forms import OwnedForm
from apps.core.http.outbound import AddressRefused


class WebhookForm(OwnedForm[Webhook]):
    """Where to, and what about."""

    class Meta:
        model = Webhook
        fields = (
            *("url", "deliveries", "runs", "subscriptions"),
            *("reactions", "machine_reactions", "automations"),
        )
        widgets = {
            "url": forms.URLInput(attrs={"placeholder": "https://crm.example.org/hooks/vestnik"})
        }

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            check_url(url)
        except AddressRefused as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal
        return url
