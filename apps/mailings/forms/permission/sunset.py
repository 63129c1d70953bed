"""The form of a rule for inactive subscribers."""

from __future__ import annotations

from typing import Any

from apps.core.forms import OwnedForm
from apps.mailings.models import MailingList, SunsetPolicy


class SunsetForm(OwnedForm[SunsetPolicy]):
    """On which list, after how long, and what then."""

    class Meta:
        model = SunsetPolicy
        fields = ("list", "days", "letters", "wait_days", "action")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = MailingList.objects.filter(owner=self.owner, archived_at=None)
        self.fields["list"].queryset = lists  # type: ignore[attr-defined]

    def _get_validation_exclusions(self) -> set[str]:
        """One living rule for a list: the archived ones do not count."""
        return super()._get_validation_exclusions() - {"archived_at"}
