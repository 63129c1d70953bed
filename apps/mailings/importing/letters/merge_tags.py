"""Where other tools put a value: found, proposed a field of ours for, and put in our words.

`*|FNAME|*` of Mailchimp, `{{ contact.FIRSTNAME }}` of Brevo, `{{Name}}` of UniSender and SendPulse,
`{{ .Subscriber.Name }}` of listmonk, `[% anketa.name %]` of Sendsay, `%FIRSTNAME%`, `[[name]]` and
`{$name}` of others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from apps.core.content.template_language import TemplateRefused, parse

#: What a tag may become beside a field: nothing, or what it is.
REMOVE, KEEP = "-", ""
MOST_TAGS: Final = 100
_TAG: Final = re.compile(
    r"\*\|(?P<star>[A-Za-z][\w:.-]{0,80}(?:\|[^|*<>]{0,80})?)\|\*"
    r"|\{\{(?P<braces>[^{}<>]{1,300})\}\}"
    r"|\[%(?P<percent>[^%\[\]<>]{1,200})%\]"
    r"|\[\[(?P<square>[A-Za-zА-Яа-яЁё_][\w. -]{0,60})\]\]"
    r"|\{\$(?P<dollar>[A-Za-z_][\w.]{0,60})\}"
    r"|(?<![\w%])%(?P<signs>(?![0-9A-Fa-f]{2}%)[A-Za-zА-Яа-яЁё_][\w.]{1,60})%(?![0-9A-Fa-f]{2})"
)
#: Commands of other tools, and those of ours when they cannot be understood.
_STAR_LOGIC: Final = re.compile(
    r"\*\|(?:IF|IFNOT|ELSEIF|ELSE|END|INTERESTED|FEED|FEEDITEM)\b[^|*]*\|\*"
)
_LOGIC: Final = re.compile(r"\{%[^{}]{0,500}?%\}")
_TRACKED: Final = re.compile(r"^TrackLink\s+[\"'](https?://[^\"'\s]+)[\"']")
_PREFIXES: Final = re.compile(
    r"^(?:\.|(?:subscriber|contact|recipient|member|anketa|base|user|person|customer)\.)+",
    re.IGNORECASE,
)
#: ``| default: "friend"``, and UniSender's ``?friend``.
_FALLBACK: Final = re.compile(
    r"\|\s*default\s*[:(]\s*[\"']([^\"'\\]{0,80})[\"']|\w\?([^\"'\\{}|]{1,80})"
)
_SAME: Final[dict[str, str]] = {
    name: ours
    for ours, names in {
        "email": "email emailaddress mail memberemail toemail емейл почта",
        "full_name": "name fullname fname firstname lname_fname имя фио username firstlast",
        "phone": "phone mobile sms phonenumber телефон",
        "unsubscribe_url": "unsub unsubscribe unsubscribeurl unsubscribelink unsubscribed"
        " optout отписаться listunsubscribe",
        "view_url": "archive view webversion viewurl weblink browserlink mirror messageurl"
        " viewinbrowser webversionurl webletterurl",
        "preferences_url": "updateprofile preferences managepreferences manageurl"
        " subscriptionpreferences preferencesurl",
    }.items()
    for name in names.split()
}
#: What counts readers, or says who has made the tool.
_GONE: Final = frozenset("trackview rewards pixel opentracking mcpreviewtext".split())


@dataclass(frozen=True, slots=True)
class MergeTag:
    """A tag as it is written, how often it stands there, and what it is proposed to become."""

    source: str
    count: int
    proposal: str

    @property
    def can_stay(self) -> bool:
        """False for what our templates cannot hold."""
        return not self.source.startswith("{{") or _is_understood(self.source)


def tags_in(source: str, known: Collection[str]) -> list[MergeTag]:
    """The tags of other tools; values of ours (``known`` names) are none."""
    counts = Counter(found[0] for found in _TAG.finditer(source) if not _is_logic(found[0]))
    made = [
        MergeTag(tag, count, _proposal(tag, known))
        for tag, count in counts.items()
        if not _is_ours(tag, known)
    ]
    return made[:MOST_TAGS]


def translated(source: str, choices: Mapping[str, str], known: Collection[str]) -> tuple[str, int]:
    """The source with the fields that were chosen, and how many commands were dropped.

    A tag that nothing was chosen for becomes what is proposed for it.
    """

    def put(found: re.Match[str]) -> str:
        tag = found[0]
        if _is_logic(tag) or (tag not in choices and _is_ours(tag, known)):
            return tag
        return _put(tag, choices.get(tag, _proposal(tag, known)))

    done = _TAG.sub(put, source)
    done, dropped = _STAR_LOGIC.subn("", done)
    if "{%" in done and not _is_understood(done):
        done, more = _LOGIC.subn("", done)
        dropped += more
    if not _is_understood(done):  # a brace that nobody has closed, or something of the like
        done, more = _dropped_braces(done)
        dropped += more
    return done, dropped


def _put(tag: str, choice: str) -> str:
    if choice == KEEP:
        return tag if not tag.startswith("{{") or _is_understood(tag) else ""
    if choice == REMOVE:
        return ""
    if choice.startswith(("http://", "https://")):
        return choice
    fallback = _FALLBACK.search(tag)
    if fallback is None:
        return f"{{{{ {choice} }}}}"
    return f'{{{{ {choice} | default: "{(fallback[1] or fallback[2] or "").strip()}" }}}}'


def _proposal(tag: str, known: Collection[str]) -> str:
    name = _name(tag)
    if tracked := _TRACKED.match(tag.strip("{} ")):
        return tracked[1]
    key = re.sub(r"[\W_]", "", name).lower()
    if key in _GONE:
        return REMOVE
    if ours := _SAME.get(key):
        return ours
    bare = name.removeprefix("Attribs.").removeprefix("attributes.")
    for one in (bare, bare.lower()):
        if one in known:
            return one
    # Signs of per cent and brackets may stand in any text.
    stays = _is_understood(tag) if tag.startswith("{{") else tag.startswith(("%", "[["))
    return KEEP if stays else REMOVE


def _name(tag: str) -> str:
    """The name in a tag, without what its tool puts before it and its filters behind."""
    found = _TAG.fullmatch(tag)
    inner = next(filter(None, found.groups()), "") if found else ""
    return _PREFIXES.sub("", re.split(r"[|?]", inner)[0].strip())


def _is_ours(tag: str, known: Collection[str]) -> bool:
    if not tag.startswith("{{"):
        return False
    try:
        names = parse(tag).names
    except TemplateRefused:
        return False
    return bool(names) and all(name.removeprefix("attributes.") in known for name in names)


def _is_logic(tag: str) -> bool:
    return bool(_STAR_LOGIC.fullmatch(tag))


def _is_understood(source: str) -> bool:
    try:
        parse(source)
    except TemplateRefused:
        return False
    return True


def _dropped_braces(source: str) -> tuple[str, int]:
    """Without the placeholders that cannot be read, and with braces that are only braces."""
    count = 0

    def judge(found: re.Match[str]) -> str:
        nonlocal count
        if _is_understood(found[0]):
            return found[0]
        count += 1
        return ""

    made: Callable[[re.Match[str]], str] = judge
    done = re.sub(r"\{\{[^{}]{0,400}\}\}|\{%[^{}]{0,500}?%\}", made, source)
    if not _is_understood(done):  # nothing that is seen comes between them
        done, more = re.subn(r"\{(?=[{%])", "{\u200b", done)
        count += more
    return done, count
