"""Rows that the admin shows and nobody changes there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from apps.core.audit.acts import Act
from apps.core.audit.log import record
from apps.core.text.formatting import in_words


@cache
def _column(name: str) -> Callable[[models.Model], str]:
    @admin.display(description=gettext_lazy(name.replace("_", " ")), ordering=name)
    def column(row: models.Model) -> str:
        return in_words(getattr(row, name))

    return column


class ResponsesAdmin(admin.ModelAdmin[models.Model]):
    """Says stored responses in the reader's language: ``responses`` names their fields."""

    responses: ClassVar[tuple[str, ...]] = ()

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._with_labels(super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._with_labels(super().get_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._with_labels(super().get_readonly_fields(request, obj))

    def _with_labels(self, names: Iterable[Any]) -> list[Any]:
        return [_column(name) if name in self.responses else name for name in names]


class NotedAdmin(admin.ModelAdmin[Any]):
    """Notes in the audit log what is changed here of models that are not ours: which fields, and
    not their values."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record(Act.CREATED, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record(Act.CHANGED, obj, details={"fields": message})
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for row in queryset:
            record(Act.DELETED, row)
        return super().log_deletions(request, queryset)


class ReadOnlyAdmin(ResponsesAdmin):
    """For what only the ledger or the engine may write: it can be looked at, no more."""

    show_full_result_count = False  # these tables grow to millions of rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
