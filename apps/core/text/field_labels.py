"""The names of fields in the language of the reader.

A field without a name of its own is called by Django after its attribute: ``archived at``. That is
good English, and the text of the catalogues; here it becomes a lazy one. What is written down in a
migration is the field as it was declared, and does not change by this.
"""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


def translate_labels(app: AppConfig) -> None:
    """To be called by ``ready()``: all fields of this app get names that can be translated."""
    for model in app.get_models():
        for field in model._meta.local_fields + model._meta.local_many_to_many:
            if type(field.verbose_name) is str:
                field.verbose_name = gettext_lazy(field.verbose_name)
