"""The consents of one list as a file."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import View

from apps.core.exports.tables import cells_of, form_named, table_response
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import OwnerFilterMixin
from apps.core.permissions import NOT_YOURS
from apps.mailings.models import Consent, MailingList
from apps.mailings.selectors.permission.consents import HEADINGS, WORDED, consents_to_export
from apps.mailings.services.privacy.rights import COPY, may
from apps.users.models import User


class ConsentExport(CostlyMixin, OwnerFilterMixin, View):
    """For the owner, and for a manager who may take copies: IP addresses are in it."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
        found = self.visible_or_404(MailingList.objects.all(), pk=pk)
        if not may(cast(User, request.user), COPY, owner_id=found.owner_id):
            raise PermissionDenied(NOT_YOURS)
        known = form_named(form)
        if known is None:
            raise Http404
        rows = consents_to_export(self.visible(Consent.objects.all()), found.pk)
        return table_response(
            form=known,
            name=f"consents-{found.slug}",
            header=[str(HEADINGS[name]) for name in WORDED],
            rows=cells_of(rows, WORDED),
        )
