"""What an exception of a connection is stored as. Never an address, which may hold a secret."""

from __future__ import annotations

import errno
import smtplib
import socket
import ssl
from typing import Final

from apps.core.responses.stored import Response, coded, printable

#: What the operating system calls what, by our codes; on Windows a socket's errors are its own.
_BY_NUMBER: Final = {
    errno.ECONNREFUSED: "connection_refused",
    errno.ECONNRESET: "connection_lost",
    errno.ECONNABORTED: "connection_lost",
    errno.EPIPE: "connection_lost",
    errno.ENETUNREACH: "unreachable",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETDOWN: "unreachable",
    errno.ETIMEDOUT: "no_answer_in_time",
}


def error_response(error: BaseException) -> Response:
    """A code for what is common to all connections, else the exception's own words."""
    match error:
        case ssl.SSLCertVerificationError():
            return coded("certificate", printable(error.verify_message))
        case TimeoutError():
            return coded("no_answer_in_time")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | smtplib.SMTPServerDisconnected():
            return coded("connection_lost")
        case ssl.SSLError():
            return coded("no_tls", printable(error.strerror or "TLS"))
        case socket.gaierror() | UnicodeError():  # a host's name that has no ASCII form
            return coded("no_such_host")
        case OSError(errno=number) if number in _BY_NUMBER:
            return coded(_BY_NUMBER[number])
        case ConnectionError():
            return coded("connection_lost")
        case OSError(strerror=str(text)):
            return coded("system_error", printable(text))
    reply = f"{type(error).__name__}: {printable(str(error))}"
    return coded("unexpected_error", reply.rstrip(": "))
