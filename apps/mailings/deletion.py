"""What of the mailings must not be deleted while it is at work."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.deletion.cascade import HOLDS, Hold
from apps.mailings.models import Delivery, Run


def hold_open_runs() -> None:
    """A worker may be at an open run and its deliveries: it has to be stopped first."""
    HOLDS[Run] = Hold(~Q(state=Run.State.DONE), _stop_first)
    HOLDS[Delivery] = Hold(~Q(run__state=Run.State.DONE), lambda row: _stop_first(row.run))


def _stop_first(run: Run) -> str:
    text = _("The mailing “%(name)s” (id:%(id)s) is being sent. Stop it first.")
    return text % {"name": run.mailing.name, "id": run.mailing_id}
