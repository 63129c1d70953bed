"""What a User-Agent says: a robot, an image proxy, the device and the mail program. Pure.

Nothing here keeps a User-Agent anywhere but in the memory of the process.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from crawleruseragents import is_crawler
from django.utils.translation import gettext_lazy, pgettext_lazy

#: The part that is read: what somebody sends without end costs no time.
_READ: Final = 400

#: Proxies that load an image when its reader opens the message, and the mail program of each.
_PROXIES: Final = (
    ("GoogleImageProxy", "Gmail"),
    ("YahooMailProxy", "Yahoo Mail"),
    (r"Mail\.RU_Bot/Img|Mail\.?Ru.?ImageProxy", "Mail.ru"),
    ("YandexImageResizer", "Yandex Mail"),
)
_PROXY = [(re.compile(pattern, re.IGNORECASE), client) for pattern, client in _PROXIES]
#: Programs that check the links of messages, where the list of crawlers does not have them.
_SCANNER = re.compile(
    r"Barracuda|Mimecast|Proofpoint|Symantec|MessageLabs|FireEye|Trend ?Micro|Sophos|Forcepoint"
    r"|Fortinet|FortiMail|Cisco[ -]?(?:IronPort|Secure)|Avanan|SafeLinks|Kaspersky|Dr\.?Web"
    r"|Microsoft Office (?:Existence|Protocol) Discovery",
    re.IGNORECASE,
)
#: Libraries of programs that the list does not have.
_LIBRARY = re.compile(
    r"^(?:Java|undici|node|Deno|Bun|Ruby|PHP|Dart|WinHTTP|WinHttp\.WinHttpRequest"
    r"|Mozilla/4\.0 \(compatible; Win32; WinHttp)\b",
    re.IGNORECASE,
)
#: Mail programs, the narrower first. A browser in which a message is read names none.
_CLIENTS = [
    (re.compile(pattern), client)
    for pattern, client in (
        (r"Outlook-(?:iOS|Android)", "Outlook"),
        (r"Microsoft Outlook|ms-office|MSOffice|Outlook/|MacOutlook", "Outlook"),
        (r"Thunderbird|Betterbird", "Thunderbird"),
        (r"The Bat!", "The Bat!"),
        (r"eM ?Client", "eM Client"),
        (r"SamsungEmail|Samsung Email", "Samsung Email"),
        (r"Lotus[- ]Notes|HCL Notes", "Notes"),
        (r"R7-Office|MyOffice", "MyOffice"),
        (r"YandexMail|ru\.yandex\.mail", "Yandex Mail"),
        (r"ru\.mail\.mailapp|MailRu|Mail\.Ru", "Mail.ru"),
        (r"YahooMobile(?:Mail)?|YMail", "Yahoo Mail"),
        (r"Airmail", "Airmail"),
        (r"Spark/|SparkDesktop", "Spark"),
        (r"Evolution", "Evolution"),
        (r"KMail|Kontact", "KMail"),
        (r"ProtonMail", "Proton Mail"),
    )
]
#: Apple's own Mail loads images as a bare WebKit: a browser names itself after it.
_APPLE_MAIL = re.compile(
    r"^Mozilla/5\.0 \((?:Macintosh|iPhone|iPad|iPod)[^)]*\) AppleWebKit/[\d.]+"
    r" \(KHTML, like Gecko\)(?: Mobile/\w+)?$"
)
_TABLET = re.compile(r"iPad|Tablet|Kindle|Silk/|PlayBook|Android(?!.*Mobile)")
_PHONE = re.compile(r"iPhone|iPod|Android|Windows Phone|Mobile|Outlook-(?:iOS|Android)")
_DESKTOP = re.compile(
    r"Windows NT|Macintosh|X11|CrOS|Linux x86_64|Microsoft Outlook|MSOffice|Thunderbird"
)

#: What a device is called. Empty: nothing is known of it.
DEVICES: Final = {
    "phone": pgettext_lazy("device", "Phone"),
    "tablet": pgettext_lazy("device", "Tablet"),
    "desktop": pgettext_lazy("device", "Computer"),
    "": gettext_lazy("Unknown"),
}


def proxied_client(user_agent: str) -> str:
    """The mail program whose image proxy this is; empty for everything else."""
    return next((client for proxy, client in _PROXY if proxy.search(user_agent[:_READ])), "")


def is_scanner(user_agent: str) -> bool:
    """True for a known program that checks the links of messages."""
    return bool(_SCANNER.search(user_agent[:_READ]))


@lru_cache(maxsize=4096)
def is_robot(user_agent: str) -> bool:
    """True for a known crawler, preview or library of programs.

    Most readers share a few User-Agents, and reading the list takes half a millisecond.
    """
    text = user_agent[:_READ]
    return bool(_LIBRARY.search(text)) or is_crawler(text)


def client_of(user_agent: str) -> str:
    """The family of the mail program; empty where the User-Agent names none."""
    text = user_agent[:_READ]
    proxied = proxied_client(text)
    if proxied:
        return proxied
    named = next((client for program, client in _CLIENTS if program.search(text)), "")
    return named or ("Apple Mail" if _APPLE_MAIL.search(text) else "")


def device_of(user_agent: str) -> str:
    """``phone``, ``tablet`` or ``desktop``; empty where nothing says it, as behind a proxy."""
    text = user_agent[:_READ]
    if proxied_client(text):
        return ""
    for device, pattern in (("tablet", _TABLET), ("phone", _PHONE), ("desktop", _DESKTOP)):
        if pattern.search(text):
            return device
    return ""
