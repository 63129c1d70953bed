"""Who is to blame for a refusal: the recipient for good, for now, or the sender.

One rule for a refused RCPT, a bounce and a provider's report. It takes the most specific of three:
what the words say beyond doubt, the enhanced status (RFC 3463), and the reply code. A living
address that is not written to any more is the worse fault, so every doubt is soft.

The patterns are words of servers, not of single mails; each is linear in the text, which is cut.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

#: The most of the words that are looked at.
MOST_WORDS: Final = 1000
Status = tuple[int, int, int]


class Bounce(StrEnum):
    """Who is to blame for a refusal."""

    HARD = "hard"  # there is no such address
    SOFT = "soft"  # full, suspended, too late: another letter may get through
    SENDER = "sender"  # the letter or its sender was not liked


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


#: Addresses and links hold words of their own: antispam@example.org, "?p=NoSuchUser".
_ADDRESS = re.compile(r"\b[\w.+%=-]{1,64}@[\w.-]{1,255}")
_LINK = re.compile(r"https?://([\w.-]{1,100})\S{0,500}")
#: RFC 3463's own words for X.2.1, which say no more than the code.
_DEFINITION = re.compile(r"\bmailbox disabled(?:, not accepting messages)?", re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")

#: The mailbox is there and has no room.
_FULL: Final = _any(
    r"\b(?:over|out of|exceed\w*|insufficient|disk|mailbox|user|storage|not enough)\W{1,3}"
    r"(?:\w+\W{1,3}){0,4}?(?:quota|storage|space)\b",
    r"\bquota\b.{0,30}\b(?:exceed|full|violat|reach|over)",
    r"\b(?:mail ?box|inbox|mailfolder|mail ?drop|account|user)\b.{0,40}\b(?:is|are|was)? ?"
    r"(?:full|exceeded)\b",
    r"\bfull (?:mail ?box|inbox)\b",
    r"\btoo (?:many|much) (?:messages|mail|e-?mail|data) in\b",
    r"ящик\w* .{0,30}(?:переполнен|заполнен)|(?:превышен\w*|исчерпан\w*) .{0,30}квот",
    r"\bpostfach (?:ist )?voll\b|\bbo[iî]te .{0,20}pleine\b|\bbuz[oó]n .{0,10}lleno\b",
    r"\bcasella .{0,10}piena\b|\bskrzynka .{0,10}pe[lł]na\b|caixa .{0,20}cheia",
    r"容量を超え|メールボックスが.{0,10}(?:いっぱい|一杯)|邮箱已满|空间不足|용량.{0,10}초과",
)
#: The mailbox is there and takes nothing now.
_SUSPENDED: Final = _any(
    r"\b(?:suspend|inactiv|deactivat|disabl|block)\w*\b.{0,40}\b(?:account|mail ?box|user"
    r"|e-?mail)\b",
    r"\b(?:account|mail ?box|user|recipient|address)\b.{0,60}"
    r"\b(?:suspended|inactive|deactivated|disabled|locked|frozen|expired|not active)\b",
    r"\b(?:currently|temporarily|temporary)\b.{0,40}\b(?:suspend|disabl|unavailable|reject|refus)",
    r"\breceiving (?:mail|e-?mails|messages) (?:too|at a rate)",
    r"\b(?:not|no longer) (?:currently )?(?:accepting|receiving|allowed to receive)\b.{0,30}"
    r"\b(?:mail|message|e-?mail)",
    r"(?:ящик|аккаунт|уч[её]тн\w+ запись).{0,40}(?:заблокирован|отключ[её]н|приостановлен)",
)
#: The letter or its sender was not liked; also what a filter or the own settings refuse.
_POLICY: Final = _any(
    r"\b(?:anti)?spam\w*|\bvirus|\bmalware|\bphish|\bjunk\b|\bunsolicited|\bbulk mail",
    r"\bblock(?:ed|ing|list\w*| list)\b|\bblack-?list|\bdeny-?list|\b(?:dns|r)bls?\b|\bspamhaus",
    r"\b(?:poor|bad|low|sender|ip|domain)\W+(?:\w+\W+){0,2}reputation|\breputation\b",
    r"\b(?:spf|dkim|dmarc|arc|ptr|rdns|helo|ehlo)\b|\breverse dns|\bhost ?name lookup",
    r"\bauthenticat|\bauthoriz|\bnot authori[sz]ed|\bunauthori[sz]ed|\bnot permitted",
    r"\brelay(?:ing)?\b|\bopen proxy|\baccess denied|\bpermission denied",
    r"\bpolic(?:y|ies)\b|\bprohibited|\bforbidden|\bcontent\b.{0,30}\b(?:reject|refus|not)",
    r"\bfilter(?:ed|ing|s)?\b|\bscreen(?:ed|ing)\b|\brestrict|\bsender\b.{0,40}\b(?:reject|denied)",
    r"\bdoes ?(?:not|n't) (?:like|accept (?:mail|messages|e-?mail) from)\b|\bnot accept\w* from\b",
    r"\brate limit|\btoo many|\btoo (?:fast|quickly)|\bthrottl|\btoo (?:large|big)"
    r"|\bsize\b.{0,20}limit",
    r"\bmessage (?:size|too)|\bloop|\bhops?\b|\bgr[ea]y-?list",
    r"\bpreferences?\b|\bfrom\b.{0,20}\b(?:header|domain) is invalid|\bmy name was rejected\b"
    r"|\bsender\b.{0,30}\bdomain\b|\binvalid ip\b|\bdomain of sender",
    r"спам|чёрн\w+ спис|черн\w+ спис|политик|отклонен\w* фильтр|репутац",
)
#: There is nobody of this name, in the languages that servers speak.
_NOBODY: Final = _any(
    r"\b(?:unknown|invalid|bad|no such|nonexistent|non-existent|illegal|undefined|unrecogni[sz]ed)"
    r"\W{1,3}(?:(?:local|e-?mail|virtual|destination|rcpt|final|smtp|mail|or|external)\W{1,3}){0,3}"
    r"(?:user|recipient|mail ?box|address|account|person|alias|name|id|addressee|receiver|to"
    r"|customer|part|domain|host|local-?part|rcpt)s?\b",
    r"\b(?:user|recipient|mail ?box|address|account|addressee|alias|local ?part|name|person"
    r"|customer|domain|host|e-?mail|destination|receiver)s?\b.{0,80}?\b(?:(?:is|was|does|are|were"
    r"|do|did"
    r"|has|could|can)\W{1,2})?(?:un-?known|invalid|n[o']t (?:be )?(?:found|exist\w*|known|valid"
    r"|listed"
    r"|recogni[sz]ed|available here|registered|our customer|a valid)|doesn'?t exist"
    r"|non-?existent|(?:does|do|did)(?: not|n't) (?:exist|have)|no longer (?:exist\w*|valid|in use"
    r"|on|available|with)|cannot be (?:found|resolved)|has been (?:deleted|removed|closed))\b",
    r"\bno (?:mail ?box|account|user|recipient|such|valid recipients?|matches)\b.{0,60}"
    r"(?:here|found|with|by|for|name|exist|match|on this|user|recipient|box|address)",
    r"\b(?:user|recipient|address|account)\W{0,3}unknown\b|\bunknown user\b|\bno such user\b",
    r"\bnot (?:a |our |in )(?:valid |known |local )?(?:user|recipient|mail ?box|customer|address"
    r"|directory)",
    r"\bthere is no(?:body)?\b.{0,30}\b(?:user|mail ?box|account|address|name|one)\b",
    r"\b(?:can'?t|cannot|could ?n[o']t|unable to|failed to) (?:find|verify|resolve"
    r"|look ?up)\b.{0,40}"
    r"\b(?:user|recipient|mail ?box|address|account|alias)\b",
    r"\bdoes ?(?:not|n't) have (?:an?|any) .{0,40}account\b|\bmail ?box not found\b",
    r"\bdelivery to (?:this|the) (?:user|address) .{0,20}(?:impossible|not possible)\b",
    r"(?:пользовател|получател|ящик|адресат|адрес)\w*.{0,60}(?:не найден|не существует|неизвест|"
    r"отсутствует|не зарегистрирован|удал[её]н)|(?:нет|не существует|неизвестн\w+|несуществующ\w+)"
    r" (?:так\w+ )?.{0,20}(?:пользовател|получател|ящик|адресат|адрес)|"
    r"такого .{0,30}(?:пользовател|ящик|адрес|получател)\w*.{0,40}нет",
    r"(?:користувач|скринь|адрес)\w*.{0,40}(?:не знайдено|не існує)",
    r"\b(?:unbekannt\w*|ung[uü]ltig\w*) .{0,20}(?:empf[aä]nger|benutzer|adresse)|"
    r"(?:empf[aä]nger|benutzer|postfach|adresse|konto)\w*.{0,60}(?:unbekannt|existiert nicht|"
    r"nicht (?:gefunden|vorhanden|bekannt)|ung[uü]ltig)",
    r"(?:utilisateur|destinataire|adresse|bo[iî]te|compte)\w*.{0,60}(?:inconnu|n'existe pas|"
    r"introuvable|invalide|inexistant)",
    r"(?:usuario|destinatario|direcci[oó]n|buz[oó]n|cuenta)\w*.{0,60}(?:desconocid|no existe|"
    r"no encontrad|inv[aá]lid|inexistente)",
    r"(?:usu[aá]rio|destinat[aá]rio|endere[cç]o|caixa|conta)\w*.{0,60}(?:desconhecid|n[aã]o existe|"
    r"n[aã]o encontrad|inexistente|inv[aá]lid)",
    r"(?:utente|destinatario|indirizzo|casella)\w*.{0,60}(?:sconosciut|non esiste|non trovat"
    r"|inesistente)",
    r"(?:u[zż]ytkownik|odbiorc|adres|skrzynk|kont)\w*.{0,60}(?:nieznan|nie istnieje|nie znalezion)",
    r"(?:gebruiker|ontvanger|adres|postbus)\w*.{0,60}(?:onbekend|bestaat niet|niet gevonden)",
    r"(?:kullan[ıi]c[ıi]|al[ıi]c[ıi]|adres)\w*.{0,60}(?:bulunamad|mevcut de[gğ]il|yok)",
    r"(?:ユーザ|宛先|アドレス|メールボックス|受信者|宛て先).{0,40}(?:存在しません|存在しない|"
    r"見つかりません|不明|ありません|ございません|有りません|おりません)",
    r"(?:用户|收件人|邮箱|地址|帐号|账号|信箱|收件者|使用者).{0,30}(?:不存在|未找到|找不到|无效|無效)|"
    r"(?:找不到|不存在).{0,20}(?:用户|收件人|邮箱|地址)",
    r"(?:사용자|수신자|계정|주소|메일박스).{0,40}(?:없|존재하지)",
)
#: There is no such host, or it takes no mail at all (RFC 7505).
_NOWHERE: Final = _any(
    r"\b(?:host|domain) [\w.-]{3,100} (?:not found|unknown)\b",
    r"\b(?:host|domain|mx|exchanger)s?(?: name)? (?:is |was )?(?:not found|unknown|not known)\b",
    r"\b(?:host|domain)\b.{0,60}\b(?:does(?: not|n't) exist|not exist|cannot be (?:found|resolved)"
    r"|non-?existent|nxdomain)\b|\bname or service not known\b",
    r"\b(?:unknown|no such|invalid|bad|illegal|nonexistent) (?:mail )?(?:host|domain)\b",
    r"\bunrout(?:e?able|ed) (?:mail )?(?:domain|address)|\bnxdomain\b|\bnull mx\b",
    r"\bmx records? point to non-?existent|\bno (?:mx|mail exchanger)\b",
    r"\bindicated no smtp service\b|\bdomain is not reachable\b",
    r"\b(?:domain|host)\b.{0,40}\b(?:does ?(?:not|n't)|never|no longer) accepts? (?:any )?"
    r"(?:mail|e-?mail|messages?)\b(?! from)",
    r"\b(?:couldn'?t|could not|cannot|can'?t|unable to) (?:find|look ?up|resolve) .{0,30}"
    r"\b(?:host|domain|mx|mail exchanger)\b",
    r"(?:домен|хост|узел)\w*.{0,40}(?:не найден|не существует|неизвест)",
)
#: Whose name it is that is not known: ours.
_OWN_NAME: Final = _any(r"\b(?:sender|my name|helo|ehlo|from:|mail from)")
#: What the own system says of its own directory, without any session.
_LOCAL: Final = _any(
    r"\bnot (?:listed|found) in .{0,30}\b(?:directory|address book)\b",
    r"\brecipient name is not recognized\b|\baddress (?:could|can)n[o'’]t be found\b",
    r"\bunknown user: ?[\"'<]?[\w.+-]+",
    r"\bdelivery error: dd\b.{0,40}\baccount\b|\binvalid final delivery userid\b",
    r"\b5\.4\.1\b.{0,100}\brecipient address rejected\b",  # Exchange Online knows its people
    r"ディレクトリ.{0,20}(?:見つかりません|ありません)",
)
#: The server could not, whatever it says besides.
_SYSTEM: Final = _any(
    r"\b(?:could ?n[o']t|can ?n[o']t|unable to) (?:create|open|write|lock)\b|\b(?:not found,"
    r"|later,?) try again\b"
    r"|\btry (?:again )?later\b",
    r"\b(?:not enough|no) (?:disk )?space\b|\bi/o error\b|попробуйте позже|временно",
)
#: Said in answer to RCPT; and, in doubt, to the letter itself.
AT_RCPT: Final = "(in reply to RCPT TO)"
AT_DATA: Final = "(in reply to end of DATA)"
_RCPT: Final = _any(
    r"\b(?:in reply|in response|reply|response|answer) to (?:the )?RCPT\b|\bafter RCPT\b"
    r"|>>> ?RCPT\b|\b(?:our|your|at) RCPT\b|\bRCPT TO (?:command|response)\b|\[RCPT_TO\]",
    r"\bdoes not like recipient\b",
    r"\brecipient address rejected\b.{0,40}\bunknown\b|\b(?:local recipient|alias) table\b",
)
_DATA: Final = _any(
    r"\b(?:in reply to|after) (?:the )?(?:end of )?(?:message )?DATA\b|>>> ?DATA\b"
    r"|\bSMTP command:? DATA\b",
    r"\b5\d\d:? :",  # an answer that should name the recipient, and names nobody
)
_NAMED = re.compile(r"(?:^|\b5\d\d:? |5\.\d\.\d )#?<[^\s<>@]{1,64}@[^\s<>]{1,255}>(?::|\.\.\.)")

#: The host, or the domain, takes no mail at all (RFC 7504).
_NO_MAIL_HERE: Final = frozenset({521, 556})
#: Details that name no error of the address, or nothing at all (RFC 3463, 2 and 3.2).
_GONE_ADDRESS: Final = frozenset({1, 2, 3, 6, 10, 351})
_SENDERS_ADDRESS: Final = frozenset({5, 7, 8, 9})
#: Protocol (X.5), content (X.6), policy (X.7).
_SENDERS_SUBJECTS: Final = frozenset({5, 6, 7})
_NO_SUCH_MAILBOX: Final = (1, 1)
#: Exchange Online's "remote server returned unknown recipient": true as far as that server's words.
_RELAYED: Final = (1, 351)
#: "Mailbox disabled": gone for some servers, for others suspended, too busy or filtered.
_DISABLED: Final = (2, 1)


def is_hard(status: Status | None, code: int, text: str) -> bool:
    """True if there is no such address, by the server's answer to RCPT."""
    return bounce_of(status, code, f"{text[:MOST_WORDS]} {AT_RCPT}") is Bounce.HARD


def bounce_of(status: Status | None, code: int, text: str) -> Bounce | None:
    """Return who is to blame for this refusal; None when nothing in it says so."""
    text = _LINK.sub(r"\1", text[: MOST_WORDS + len(AT_RCPT) + 1])
    text = _DEFINITION.sub("", _ADDRESS.sub("a@b", text))
    status = most_specific_status(status, text)
    if status[0] == 4 if status else 400 <= code < 500:
        return Bounce.SOFT
    by_status = _by_status(status) if status else None
    if code in _NO_MAIL_HERE and by_status is not Bounce.SENDER:
        return Bounce.HARD
    suspended = _SUSPENDED.search(text) and (status is None or status[1:] != _NO_SUCH_MAILBOX)
    if suspended or _FULL.search(text) or _SYSTEM.search(text):
        return Bounce.SOFT
    if by_status is Bounce.SENDER:
        return by_status
    if _LOCAL.search(text) or _NOWHERE.search(text) and not _OWN_NAME.search(text):
        return Bounce.HARD
    gone = bool(_NOBODY.search(text))
    if not gone and _POLICY.search(text):
        return Bounce.SENDER
    if status is not None and status[1:] == _DISABLED and text.strip(" .;0125"):
        return Bounce.HARD if _RCPT.search(text) else Bounce.SOFT
    if gone and (by_status is None or status and status[1:] == _RELAYED):
        return _by_name(text) or by_status
    return by_status


def _by_name(text: str) -> Bounce | None:
    """Nobody is known by this name, say the words, and no code says so.

    Some servers say it of a letter that they do not like, once they have read it; so it counts as
    the answer to RCPT: because the words say that, or because they begin with the address.
    """
    if _DATA.search(text):
        return Bounce.SOFT
    at_rcpt = _RCPT.search(text) or _NAMED.search(text)
    return Bounce.HARD if at_rcpt and not _POLICY.search(text) else None


def most_specific_status(status: Status | None, text: str) -> Status | None:
    """The enhanced status that says most: a relay's own words give way to the server's."""
    found = [one for one in ([status] if status else []) + statuses_in(text) if not _is_vague(one)]
    return found[-1] if found else status


def statuses_in(text: str) -> list[Status]:
    """The enhanced codes in a text, in their order."""
    return [(int(a), int(b), int(c)) for a, b, c in _STATUS.findall(text[:MOST_WORDS])]


def status_of(text: str) -> Status | None:
    """One enhanced code, as it is written."""
    found = _STATUS.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def aside_in(text: str) -> str:
    """What a report says beside the reply, and what makes a hard bounce doubtful; or nothing."""
    text = text[: 4 * MOST_WORDS]
    for pattern in (_FULL, _SUSPENDED):
        if found := pattern.search(text):
            return f"({found[0]})"
    if _RCPT.search(text):
        return AT_RCPT
    return AT_DATA if _DATA.search(text) else ""


def _is_vague(status: Status) -> bool:
    """X.0.0, X.1.0 and their like: used when nothing better is known (RFC 3463, 2)."""
    _class, subject, detail = status
    return detail == 0 or subject == 0 or detail >= 900


def _by_status(status: Status) -> Bounce | None:
    _class, subject, detail = status
    if _is_vague(status):
        return Bounce.SENDER if subject in (6, 7) else None
    if subject == 1:
        if detail in _SENDERS_ADDRESS:
            return Bounce.SENDER
        return Bounce.HARD if detail in _GONE_ADDRESS else Bounce.SOFT
    if (subject, detail) == _DISABLED:
        return Bounce.HARD
    if subject == 4:
        return None
    senders = subject in _SENDERS_SUBJECTS or (subject, detail) == (3, 4)
    return Bounce.SENDER if senders else Bounce.SOFT
