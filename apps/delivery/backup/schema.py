"""Which migrations the database has, and the models as they were after those."""

from __future__ import annotations

from typing import NamedTuple

from django.apps import apps
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model
from django.utils.translation import gettext as _

from apps.delivery.backup.errors import BackupUnfit


class Schema(NamedTuple):
    """``applied``: what the database has; ``known``: what this code has."""

    applied: frozenset[tuple[str, str]]
    known: frozenset[tuple[str, str]]
    registry: Apps


def model_of(registry: Apps, label: str) -> type[Model]:
    """The model of this name, as these migrations know it: not always the one that is imported."""
    return next(one for one in registry.get_models() if one._meta.label == label)


def current() -> Schema:
    """The models fit the tables also before the newest migrations are applied."""
    loader = MigrationLoader(connection)
    known = frozenset(loader.graph.nodes)
    applied = frozenset(loader.applied_migrations) & known
    registry = apps if applied == known else loader.project_state(sorted(applied)).apps
    return Schema(applied, known, registry)


def has_tables(found: Schema) -> bool:
    """False before the first ``manage.py migrate``."""
    return ("delivery", "0001_initial") in found.applied


def check_tables(found: Schema) -> None:
    """Raises BackupUnfit before the first ``manage.py migrate``."""
    if not has_tables(found):
        raise BackupUnfit(_("The database has no tables yet: run “manage.py migrate” first."))
