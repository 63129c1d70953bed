"""The DKIM signatures of a letter that came back, judged by somebody else's code than ours."""

from __future__ import annotations

from typing import Any

import dkim

from apps.delivery.doctor.dns import DnsAway, Resolver


def judged(content: bytes, resolver: Resolver) -> list[dict[str, str]]:
    """Domain, selector and verdict of each signature: pass, fail, no_key or unknown (DNS away)."""
    headers, _body = dkim.rfc822_parse(content)
    signatures = [value for name, value in headers if name.lower() == b"dkim-signature"]
    return [_judged(content, at, value, resolver) for at, value in enumerate(signatures)]


def _judged(content: bytes, at: int, value: bytes, resolver: Resolver) -> dict[str, str]:
    asked: dict[str, Any] = {"verdict": ""}

    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        try:
            texts = resolver.texts(name.decode("ascii", "replace").rstrip("."))
        except DnsAway:
            asked["verdict"] = "unknown"
            return None
        asked["verdict"] = "" if texts else "no_key"
        return texts[0].encode() if texts else None

    try:
        passed = dkim.DKIM(content).verify(at, dnsfunc=ask)
    except (dkim.DKIMException, ValueError):
        passed = False
    verdict = "pass" if passed else asked["verdict"] or "fail"
    return {"domain": _tag(value, b"d"), "selector": _tag(value, b"s"), "verdict": verdict}


def _tag(value: bytes, name: bytes) -> str:
    """A tag of the signature, readable even where the rest is not."""
    for part in value.split(b";"):
        key, _equals, text = part.partition(b"=")
        if key.strip() == name:
            return text.strip().decode("ascii", "replace")[:253]
    return ""
