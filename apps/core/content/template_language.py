"""The users' template language: ``{{ name }}`` slots, and a capped Liquid for logic.

A template that has only text and slots is plain: it is cut once into literals and slots, and
filling it in is a dictionary look-up per slot. A slot may have a constant fallback
(``{{ name | default: "friend" }}``). Everything else (conditions, loops, other filters) is Liquid,
inside the limits of apps.core.content.liquid_sandbox.

Text and values stay apart until the caller joins them (``Template.parts``), so that each value
can be escaped for the place where it lands.

ContentRefused
└─ TemplateRefused         template              carries .reason, .line and .part
   ├─ TemplateSyntax       template_syntax       does not parse, or breaks when rendered
   ├─ TemplateAttribute    template_attribute    asks for more than a name or attributes.<name>
   ├─ TemplateNotAllowed   template_not_allowed  an unknown or forbidden tag or filter
   ├─ TemplateTooLong      template_too_long     longer than 200 kB
   └─ TemplateLimits       template_limits       loops or grows without end
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Final, Self

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, ResourceLimitError, UnknownFilterError

from apps.core.content.liquid_sandbox import (
    ALLOWED_FILTERS,
    limited_environment,
    render_parts,
)
from apps.core.content.template_numbers import compare_numbers
from apps.core.content.time_budget import MAX_SECONDS, MAX_TRIAL_SECONDS, OverLimit
from apps.core.errors import ContentRefused, DomainError, gettext_noop
from apps.core.responses.stored import Response, coded

MAX_BYTES = 200_000
MAX_TAG = 500  # characters between the braces
MAX_TAGS = 2_000  # in one template


class TemplateRefused(ContentRefused):
    """A template cannot be used as it is written."""

    code = "template"

    def __init__(self, text: str, line: int = 0, part: str = "", **params: object) -> None:
        super().__init__(text, **params)
        self.reason, self.line, self.part = str(self), line, part
        place = ", ".join(filter(None, (part, f"line {line}" if line else "")))
        if place:
            self.args = (f"{place}: {self.reason}",)

    def within(self, part: str) -> Self:
        """The same refusal, saying which part of the message it is about."""
        return type(self)(self.words, self.line, part, **self.params)


class TemplateSyntax(TemplateRefused):
    """It does not parse, or breaks when it is rendered."""

    code = "template_syntax"


class TemplateAttribute(TemplateRefused):
    """It asks for more than a name or ``attributes.name``."""

    code = "template_attribute"


class TemplateNotAllowed(TemplateRefused):
    """It uses an unknown or forbidden tag or filter."""

    code = "template_not_allowed"


class TemplateTooLong(TemplateRefused):
    """It is longer than 200 kB."""

    code = "template_too_long"


class TemplateLimits(TemplateRefused):
    """It loops or grows without end."""

    code = "template_limits"


def too_slow() -> TemplateLimits:
    """What is said of a letter that has used up its time."""
    return TemplateLimits(gettext_noop("it takes too long to be written for one recipient."))


class RenderRefused(DomainError):
    """This one recipient's message cannot be made. The run goes on.

    DomainError
    └─ RenderRefused          render             carried by the subclass's code:
       ├─ TemplateFailed      template_failed    the template breaks with this recipient's data
       ├─ BadText             bad_text           a value that no text can hold (NUL, half a pair)
       ├─ BadUrl              bad_url            a value that is not a link, where a link begins
       ├─ BadStyle            bad_style          a value that is not plain, inside a style
       ├─ BadAddress          bad_address        an address that cannot stand in a header
       └─ HeaderInjection     header_injection   a line break or control character in a header
    """

    code = "render"

    def __init__(self, *values: object, reply: Response | None = None) -> None:
        """``values`` and ``reply`` of the sentence that its code has."""
        self.response = coded(self.code, *values, reply=reply)
        super().__init__(self.response)


class TemplateFailed(RenderRefused):
    """The template breaks with this recipient's data."""

    code = "template_failed"

    @classmethod
    def by(cls, refusal: TemplateRefused) -> Self:
        """The failure that a refusal at rendering is for one recipient."""
        reason, limits = refusal.params.get("reason"), isinstance(refusal, TemplateLimits)
        why = coded("template_limits") if limits else coded("template")
        if reason:  # the template library's own words
            why = coded("template_syntax", reason)
        return cls(reply=coded("template_line", refusal.line, reply=why) if refusal.line else why)


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. Made by ``parse``; safe to share between threads.

    A plain one has ``slots`` (names) with ``literals`` around them, always one more than slots;
    ``fallbacks`` stand where a slot has no value.
    """

    source: str
    names: frozenset[str]
    literals: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    liquid: BoundTemplate | None = field(default=None, repr=False, compare=False)

    @property
    def is_plain(self) -> bool:
        """True when there is nothing in it but text and slots."""
        return self.liquid is None

    def parts(self, fields: Mapping[str, str]) -> list[str]:
        """The rendered text: literal, value, literal, value, … literal. Values are raw."""
        return self._rendered(fields, MAX_SECONDS)

    def _rendered(self, fields: Mapping[str, str], seconds: float) -> list[str]:
        if self.liquid is None:
            found = zip(self.slots, self.fallbacks, strict=True)
            values = [fields.get(name) or fallback for name, fallback in found]
            return [*chain.from_iterable(zip(self.literals, values, strict=False))] + [
                self.literals[-1]
            ]
        try:
            return render_parts(self.liquid, fields, seconds)
        except (ResourceLimitError, OverLimit, MemoryError, RecursionError) as error:
            raise TemplateLimits(
                gettext_noop("it loops too long or grows too big to be sent."),
                _line_of(error, self.source),
            ) from error
        except Exception as error:  # a library's bug with one value must not stop the others
            raise _not_understood(error, self.source) from error

    def render(self, fields: Mapping[str, str]) -> str:
        """The rendered text, nothing escaped."""
        return "".join(self.parts(fields))


def parse(source: str, *, in_repeat: bool = False) -> Template:
    """Parse a template, or raise TemplateRefused with the reason and the line.

    ``in_repeat``: it stands where something is repeated, and may ask for ``item.name``.
    """
    if len(source.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise TemplateTooLong(
            gettext_noop("it is longer than %(limit)d kB."), limit=MAX_BYTES // 1000
        )
    tokens = list(tokens_of(source))
    if sum(token.kind != TEXT for token in tokens) > MAX_TAGS:
        raise TemplateLimits(gettext_noop("it has more than %(limit)d tags."), limit=MAX_TAGS)
    owners = (*_OWNERS, ITEM) if in_repeat else _OWNERS
    plain = _plain(tokens, owners)
    if plain is not None:
        literals, slots, fallbacks = plain
        return Template(source, frozenset(slots), literals, slots, fallbacks)
    return _parse_liquid(source, owners)


def check(template: Template, sample_fields: Mapping[str, str]) -> list[str]:
    """Render once for trial, so that what loops or grows is refused before anything is sent."""
    return template._rendered(sample_fields, MAX_TRIAL_SECONDS)


#: The kinds of Token: text, ``{{ … }}`` and ``{% … %}``.
TEXT, OUTPUT, TAG = "text", "output", "tag"
#: What a dotted name may begin with, and what beside it inside a repeat.
_OWNERS: Final = ("attributes",)
ITEM: Final = "item"

# A name begins with a letter; Liquid knows letters of the basic plane only.
_NAME = r"(?!_)[^\W\d]\w*(?:-\w+)*"
_FALLBACK = r"""\|\s*default:\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*"""
_SLOT = re.compile(rf"\s*((?:({_NAME})\.)?{_NAME})\s*(?:{_FALLBACK})?")
_NAME_ONLY = re.compile(_NAME)
_STRINGS = re.compile(r"'[^']*'|\"[^\"]*\"")
_OPENING = re.compile(r"\{[{%]")
_TAG_NAME = re.compile(r"-?\s*(#|\w*)")
_END_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_BLANKS = re.compile(r"\s{100}")
_TAGS = frozenset(
    "if elsif else endif unless endunless case when endcase for endfor break continue"
    " assign comment endcomment raw endraw echo #".split()
)
#: Words of the language: a field of such a name can only be reached in part.
RESERVED = frozenset(
    "true false nil null empty blank and or not contains in if else with as for limit offset"
    " reversed cols continue required".split()
)


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of a template: text, or what stands between the braces."""

    kind: str
    value: str
    start: int
    name: str = ""


def _line(source: str, index: int) -> int:
    return source.count("\n", 0, index) + 1


def tokens_of(source: str) -> Iterator[Token]:
    """Cut the source at its braces, in linear time, and refuse what is cut wrongly.

    Liquid's own lexer can be made to run for minutes; it sees only what has passed here.
    """
    position, commented = 0, 0
    while found := _OPENING.search(source, position):
        start, opening = found.start(), found.group()
        yield Token(TEXT, source[position:start], position)
        end = source.find("}}" if opening == "{{" else "%}", start + 2, start + MAX_TAG + 4)
        body = source[start + 2 : end]
        if end < 0 or not body.strip(" -\t\r\n") or _BLANKS.search(body):
            raise TemplateSyntax(
                gettext_noop("“%(opening)s” is not closed, or there is nothing in it."),
                _line(source, start),
                opening=opening,
            )
        position = end + 2
        if opening == "{{":
            if not commented:
                _refuse_brackets(body, "", partial(_line, source, start))
            yield Token(OUTPUT, body, start)
            continue
        token = _tag_token(body, start)
        commented += (token.name == "comment") - (token.name == "endcomment")
        if not commented:
            _refuse_tag(token, partial(_line, source, start))
        if token.name == "raw":
            position = _after_raw(source, position)
        yield token
    yield Token(TEXT, source[position:], position)


def _tag_token(body: str, start: int) -> Token:
    match = _TAG_NAME.match(body)
    return Token(TAG, body, start, match.group(1) if match else "")


def _after_raw(source: str, position: int) -> int:
    end = _END_RAW.search(source, position)
    if end is None:
        raise TemplateSyntax(gettext_noop("“raw” is not closed."), _line(source, position))
    return end.end()


def _refuse_tag(token: Token, line: Callable[[], int]) -> None:
    if token.name not in _TAGS:
        raise TemplateNotAllowed(
            gettext_noop("the tag “%(name)s” is not allowed."), line(), name=token.name
        )
    if token.name not in ("#", "comment", "endcomment"):
        _refuse_brackets(token.value, token.name, line)


def _refuse_brackets(body: str, tag: str, line: Callable[[], int]) -> None:
    """Brackets reach into values, and a range outside ``for`` can be walked without end."""
    code = _STRINGS.sub("", body)
    if "[" in code or "]" in code:
        raise TemplateAttribute(
            gettext_noop("brackets are not allowed; write attributes.name."), line()
        )
    if code.count("(") > (tag == "for"):
        raise TemplateSyntax(
            gettext_noop("a range (1..9) can only stand once, in a “for” tag."), line()
        )
    if "'" in code or '"' in code:
        raise TemplateSyntax(gettext_noop("a quotation mark is not closed."), line())


def _plain(tokens: Iterable[Token], owners: Sequence[str]) -> tuple[tuple[str, ...], ...] | None:
    """Literals, slots and their fallbacks, or None when there is more than that."""
    literals: list[str] = []
    slots: list[str] = []
    fallbacks: list[str] = []
    texts: list[str] = []
    for token in tokens:
        if token.kind == TEXT:
            texts.append(token.value)
            continue
        match = _SLOT.fullmatch(token.value) if token.kind == OUTPUT else None
        if match is None or match[1] in RESERVED or not _basic(match[1]):
            return None
        if match[2] and match[2] not in owners:
            return None
        literals.append("".join(texts))
        slots.append(match[1])
        fallbacks.append(match[3] or match[4] or "")
        texts.clear()
    literals.append("".join(texts))
    return tuple(literals), tuple(slots), tuple(fallbacks)


def _basic(name: str) -> bool:
    return name.isascii() or max(name) <= "\uffff"


def _parse_liquid(source: str, owners: Sequence[str]) -> Template:
    try:
        bound = limited_environment().from_string(source)
        analysis = bound.analyze(include_partials=False)
        compare_numbers(bound)
    except ResourceLimitError as error:
        raise TemplateLimits(gettext_noop("its blocks are nested too deeply."), 0) from error
    except (LiquidError, RecursionError) as error:
        raise _not_understood(error, source) from error
    for name, spans in analysis.filters.items():
        if name not in ALLOWED_FILTERS:
            raise TemplateNotAllowed(
                gettext_noop("the filter “%(name)s” is not allowed."),
                _line(source, spans[0].index),
                name=name,
            )
    read = [*chain.from_iterable(analysis.variables.values())]
    for variable in chain(read, *analysis.locals.values()):
        _refuse_path(variable.segments, _line(source, variable.span.index), owners)
    names = {str(variable.segments[0]) for variable in chain(*analysis.globals.values())}
    names -= {*owners}
    names |= {".".join(map(str, var.segments)) for var in read if len(var.segments) == 2}
    return Template(source, frozenset(names), liquid=bound)


def _refuse_path(segments: Iterable[object], line: int, owners: Sequence[str]) -> None:
    path = [str(segment) for segment in segments]
    named = all(_NAME_ONLY.fullmatch(segment) for segment in path)
    if not named or len(path) > 2 or (len(path) == 2 and path[0] not in owners):
        raise TemplateAttribute(
            gettext_noop("“%(path)s” is not a name; only names and attributes.name are allowed."),
            line,
            path=".".join(path),
        )


def _not_understood(error: BaseException, source: str) -> TemplateSyntax:
    """Liquid's own reason in one line, without the excerpt it draws around it."""
    line = _line_of(error, source)
    if isinstance(error, UnknownFilterError):
        return TemplateSyntax(gettext_noop("there is an unknown filter."), line)
    reason = error.args[0] if isinstance(error, LiquidError) and error.args else None
    if reason is None:
        return TemplateSyntax(gettext_noop("it cannot be understood."), line)
    return TemplateSyntax(gettext_noop("%(reason)s."), line, reason=reason)


def _line_of(error: BaseException, source: str) -> int:
    token = getattr(error, "token", None)
    index = getattr(token, "start_index", -1)
    return _line(source, index) if index >= 0 else 0
