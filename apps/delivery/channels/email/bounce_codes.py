"""Does a refusal say that an address does not exist? By the enhanced code, and by words against it.

The enhanced code (RFC 3463) alone lies too often: servers answer 5.1.1 to what they filter and
5.2.1 to whoever writes too fast. A wrong "there is no such address" loses a living reader for good,
so the words may take the judgement back, and give it only where the code says nothing. All patterns
are plain alternatives over bounded text: their time is linear.
"""

from __future__ import annotations

import re
from typing import Final

#: An enhanced code such as (5, 1, 1).
Status = tuple[int, int, int]

#: So much of the words is looked at, in characters.
_LONGEST: Final = 2000
#: Addresses and links hold words of their own: antispam@example.org, "?p=NoSuchUser".
_QUOTED: Final = re.compile(r"<[^<>\s]{0,320}>|https?://\S{0,500}|\b[\w.+%=-]{1,64}@[\w.-]{1,255}")

#: Codes that say it: no such mailbox, no such host, bad syntax, moved away, null MX, switched off.
_HARD: Final = frozenset(
    {(5, 1, 1), (5, 1, 2), (5, 1, 3), (5, 1, 6), (5, 1, 10), (5, 2, 1), (5, 4, 310)}
)
#: Codes that say nothing: "other or undefined".
_VAGUE: Final = frozenset({(5, 0, 0), (5, 1, 0), (5, 3, 0), (5, 5, 0)})

#: Words that take a hard code back, by what they tell of.
_TAKEN_BACK: Final = {
    "full": r"(?:mail ?box|inbox|account) (?:is |has )?(?:full|exceeded)|over ?quota"
    r"|quota (?:is )?(?:exceeded|full)"
    r"|exceed(?:s|ed)? (?:the |its |his |her |storage )*(?:quota|allocation|limit)"
    r"|insufficient (?:disk|storage|system)|out of (?:disk|storage|space)"
    r"|not enough (?:disk|space)",
    "speed": r"too (?:many|much|fast|quickly|often|frequent)|rate[ -]?limit|at a rate|throttl"
    r"|slow down|try (?:again )?later|temporar|deferred|greylist|graylist|grey-list",
    "policy": r"block(?:ed|ing|list)|black ?list|deny ?list|denied by|spam|policy|polic(?:ies)"
    r"|reputation|filter|\bspf\b|\bdkim\b|\bdmarc\b|\brbl\b|dnsbl|banned|unsolicited|suspicious"
    r"|virus|malware|content (?:rejected|refused)|not authori[sz]ed|unauthori[sz]ed"
    r"|authenticat|relay(?:ing)?\b|not permitted|prohibited|complain|abuse",
    "sender": r"sender(?:'s)? (?:address|domain|host|ip|e-?mail|is|has|verify|denied|not)"
    r"|sender rejected"
    r"|from address|return path|client host|your (?:ip|host|server|domain|message|mail)\b",
    "suspended": r"suspend|temporarily|on hold|vacation|under maintenance",
}
#: Words that say it where the code says nothing.
_NOBODY: Final = (
    r"(?:no such|unknown|invalid|nonexistent|non-existent|undeliverable) (?:local |virtual )?"
    r"(?:user|recipient|address|mail ?box|account|person)"
    r"|(?:user|recipient|mail ?box|account|address) (?:is )?"
    r"(?:unknown|not (?:found|exist)|does(?: not|n't) exist|not known|invalid)"
    r"|do(?:es)?(?: not|n't) (?:exist|have an? \S{1,60} account)|no mail ?box here"
    r"|not a valid (?:mail ?box|recipient|user|address)|address not (?:found|exist)"
    r"|no longer (?:valid|available|in use|exists)"
    r""
    r"|(?:host|domain) (?:name )?(?:not found|unknown|does not exist)"
)

_AGAINST: Final = re.compile("|".join(_TAKEN_BACK.values()), re.IGNORECASE)
_FOR: Final = re.compile(_NOBODY, re.IGNORECASE)


def is_hard(status: Status | None, code: int, words: str) -> bool:
    """True when the refusal says for certain that there is no such address.

    ``status``: the enhanced code, None when there is none; ``code``: SMTP's reply code, 0 when
    there is none; ``words``: what was said with it.
    """
    if status is not None and status[0] != 5 or code and not 500 <= code < 600:
        return False
    words = _QUOTED.sub(" ", words[:_LONGEST])
    if _AGAINST.search(words):
        return False
    if status in _HARD:
        return True
    return (status is None or status in _VAGUE) and _FOR.search(words) is not None
