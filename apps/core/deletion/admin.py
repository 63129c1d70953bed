"""A superuser's deletion in the admin: true, whole, counted before it is confirmed, and logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core.deletion.cascade import Cascade

log = structlog.get_logger(__name__)


class TrueDeletionMixin(admin.ModelAdmin[Any]):
    """Superusers delete a row with its whole history; all others as Django lets them."""

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        if not request.user.is_superuser:
            found: tuple[list[str], dict[str, int], set[str], list[str]] = (
                super().get_deleted_objects(objs, request)
            )
            return found
        rows = self._rows([row.pk for row in objs])
        cascade = Cascade(rows)
        held = cascade.holds()
        if isinstance(request.user, self.model) and rows.filter(pk=request.user.pk).exists():
            held.append(_("You cannot delete yourself."))
        return [str(row) for row in rows], cascade.counts(), set(), held

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, self._rows([obj.pk]))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        if not request.user.is_superuser:
            return super().delete_queryset(request, queryset)
        cascade = Cascade(queryset)
        ids = list(queryset.order_by().values_list("pk", flat=True))
        rows = sum(cascade.counts().values())
        cascade.delete()
        log.warning(
            "deleted_for_good",
            model=self.model._meta.label,
            ids=ids,
            by=request.user.pk,
            rows=rows,
        )
        return None

    def _rows(self, ids: list[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._base_manager.filter(pk__in=ids)
        return rows
