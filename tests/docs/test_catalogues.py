"""Both languages are complete, and what is compiled is what is written."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("ru", "en")

#: The names that the calls go by in our code; the latter have a context before the text.
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
IN_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext"}

Key = tuple[str | None, str]


@cache
def catalogue(language: str) -> Catalog:
    path = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    return read_po(BytesIO(path.read_bytes()), locale=language)


def entries(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """The translation as a tuple of its plural forms, of which there may be one."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def context_of(message: Message) -> str | None:
    """The context as text; the reader of compiled catalogues leaves it in bytes."""
    context: str | bytes | None = message.context
    return context.decode() if isinstance(context, bytes) else context


def called(tree: ast.AST) -> Iterator[Key]:
    """The texts that the code asks to be translated."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if name in CALLS and texts and isinstance(texts[0], str):
            yield None, texts[0]
        elif name in IN_CONTEXT and len(texts) > 1:
            yield str(texts[0]), str(texts[1])


def in_code() -> Iterator[Key]:
    for folder in ("apps", "config"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from called(ast.parse(path.read_text(encoding="utf-8")))


def in_models() -> Iterator[Key]:
    """What Django calls a field that has no name of its own (apps.core.text.field_labels)."""
    translation.deactivate_all()
    for name in ("users", "mailings", "delivery", "feedback", "automations", "webhooks", "api"):
        for model in apps.get_app_config(name).get_models():
            for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
                if "verbose_name" not in field.deconstruct()[3]:
                    yield None, str(field.verbose_name)
    translation.deactivate()


def in_templates() -> Iterator[Key]:
    """Django turns a template into text that only its calls of gettext survive in."""
    call = re.compile(r" ((?:n?p?)gettext)\((.*?)\) ", re.DOTALL)
    places = (ROOT / "templates").rglob("*")
    templates = (path for path in places if path.suffix in (".html", ".txt"))
    for path in sorted(templates):
        for name, arguments in call.findall(templatize(path.read_text(encoding="utf-8"))):
            yield from called(ast.parse(f"{name}({arguments})"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_the_catalogue(language: str) -> None:
    known = {(message.context, first(message)) for message in entries(language)}
    asked = set(in_code()) | set(in_templates()) | set(in_models())
    assert len(asked) > 200
    assert asked - known == set(), "run makemessages and translate"
    assert known - asked == set(), "no longer asked for"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_or_in_doubt(language: str) -> None:
    for message in entries(language):
        assert all(forms(message.string)), message.id
        assert not message.fuzzy, message.id
        if message.pluralizable:
            assert len(forms(message.string)) == catalogue(language).num_plurals, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_survive_the_translation(language: str) -> None:
    names = re.compile(r"%\(\w+\)[sd]")
    for message in entries(language):
        for form in forms(message.string):
            assert set(names.findall(form)) == set(names.findall(first(message))), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    path = ROOT / "locale" / language / "LC_MESSAGES" / "django.mo"
    compiled = {
        (context_of(m), first(m)): m.string for m in read_mo(BytesIO(path.read_bytes())) if m.id
    }
    written = {(m.context, first(m)): m.string for m in entries(language)}
    assert {key: forms(text) for key, text in compiled.items()} == {
        key: forms(text) for key, text in written.items()
    }, "pybabel compile -D django -d locale"


def test_russian_numbers_have_three_forms() -> None:
    path = ROOT / "locale" / "ru" / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        translation = gettext.GNUTranslations(file)
    one, many = "%(count)d individual recipient", "%(count)d individual recipients"
    assert len({translation.ngettext(one, many, number) for number in (1, 2, 5)}) == 3
