"""Mail as real servers write it: reports, complaints, and what is neither."""

from __future__ import annotations

from apps.mailings.links import bounce_sender, unsubscribe_token
from apps.mailings.models import Delivery
from tests.feedback.conftest import message_id


def to_bytes(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def letter_headers(delivery: Delivery, *, sealed: bool = True) -> str:
    """What a server sends back of our letter."""
    link = f"<https://mail.example.org/u/{unsubscribe_token(delivery.pk)}/>"
    return (
        "From: News <news@example.org>\n"
        f"To: {delivery.address}\n"
        "Subject: =?utf-8?B?0J3QvtCy0L7RgdGC0Lg=?=\n"
        f"Message-ID: {message_id(delivery)}\n"
        + (f"List-Unsubscribe: {link}\n" if sealed else "")
        + "Auto-Submitted: auto-generated\n"
    )


_POSTFIX = """Return-Path: <>
Delivered-To: {to}
Received: by mx.example.net (Postfix) id 4F5A1; Wed, 25 Nov 2026 10:00:00 +0000 (UTC)
Date: Wed, 25 Nov 2026 10:00:00 +0000 (UTC)
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F5A1.1764064800/mx.example.net"
Message-Id: <20261125100000.4F5A1@mx.example.net>

This is a MIME-encapsulated message.

--4F5A1.1764064800/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

--4F5A1.1764064800/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4F5A1
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Wed, 25 Nov 2026 09:59:58 +0000 (UTC)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; {reply}

--4F5A1.1764064800/mx.example.net
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{headers}
--4F5A1.1764064800/mx.example.net--
"""


def postfix(
    delivery: Delivery,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    reply: str = "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown",
    sealed: bool = True,
    to: str = "news@example.org",
    recipient: str = "",
) -> bytes:
    """Postfix 3: multipart/report with the returned headers."""
    return to_bytes(
        _POSTFIX.format(
            to=to,
            recipient=recipient or delivery.address,
            action=action,
            status=status,
            reply=reply,
            headers=letter_headers(delivery, sealed=sealed),
        )
    )


def exim(delivery: Delivery) -> bytes:
    """Exim 4.9: a vague status, the whole letter returned."""
    return to_bytes(f"""From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: news@example.org
Auto-Submitted: auto-replied
X-Failed-Recipients: {delivery.address}
Content-Type: multipart/report; report-type=delivery-status; boundary=1764064800-eximdsn-1
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1abc-000@mx.example.net>

--1764064800-eximdsn-1
Content-type: text/plain; charset=us-ascii

A message that you sent could not be delivered to one or more of its recipients.

--1764064800-eximdsn-1
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Action: failed
Final-Recipient: rfc822;{delivery.address}
Status: 5.0.0
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 The email account that you tried to reach does not exist

--1764064800-eximdsn-1
Content-type: message/rfc822

{letter_headers(delivery)}
Hello!

--1764064800-eximdsn-1--
""")


def qmail(delivery: Delivery) -> bytes:
    """qmail: no MIME at all (QSBMF)."""
    return to_bytes(f"""From: MAILER-DAEMON@mx.example.net
To: news@example.org
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{delivery.address}>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 unknown user
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

{letter_headers(delivery)}
Hello!
""")


def arf(delivery: Delivery, *, kind: str = "abuse", sealed: bool = True) -> bytes:
    """A complaint as large providers send it (RFC 5965)."""
    return to_bytes(f"""From: <feedback@isp.example>
To: abuse@example.org
Subject: FW: letter
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d"

--part1_13d
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.

--part1_13d
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <news@example.org>
Original-Rcpt-To: <{delivery.address}>

--part1_13d
Content-Type: message/rfc822
Content-Disposition: inline

{letter_headers(delivery, sealed=sealed)}
Spam!

--part1_13d--
""")


def reply(delivery: Delivery) -> bytes:
    """A person answers and quotes the letter."""
    return to_bytes(f"""From: {delivery.address}
To: {bounce_address(delivery)}
Subject: Re: letter

I was told that the user is unknown. Please write to my colleague.

> {letter_headers(delivery)}
""")


def vacation(delivery: Delivery) -> bytes:
    return to_bytes(f"""From: {delivery.address}
To: news@example.org
Subject: Out of office
Auto-Submitted: auto-replied
In-Reply-To: {message_id(delivery)}

I am away until Monday.
""")


def bounce_address(delivery: Delivery) -> str:
    """The envelope sender that the letter had."""
    return bounce_sender(delivery.pk)
