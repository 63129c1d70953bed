"""What the accounts of services over HTTP have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from apps.core.responses.stored import NOTHING, Response
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import CallFailed, Client, Connection, Timeouts
from apps.delivery.sending_account import SendingAccount


def timeouts_of(account: SendingAccount) -> Timeouts:
    """How long a call over HTTP may take, by the account's timeout."""
    timeout = account.timeout
    return Timeouts(connect=min(timeout, 10.0), read=timeout, total=2 * timeout)


def client_of(account: SendingAccount, headers: Mapping[str, str]) -> Client:
    """Calls to the account's service, trusting the certificates that the account says."""
    return Client(account.url, timeouts_of(account), headers, ca_file=account.ca_file)


def http_options(account: SendingAccount) -> HttpOptions:
    """How many calls go at once, and what must not be stored of an answer."""
    return HttpOptions(
        connections=account.connections,
        idempotent=account.idempotent,
        secrets=tuple(filter(None, (account.token, account.password))),
    )


def check_connection(account: SendingAccount) -> Response:
    """Connection and certificate. Whether the token is good only a message can show."""
    with connection_to(Client(account.url, timeouts_of(account), {})) as connection:
        try:
            connection.connect()
        except CallFailed as failed:
            return failed.response
    return NOTHING


@contextmanager
def connection_to(client: Client) -> Iterator[Connection]:
    """One connection, closed at the end of the block."""
    connection = Connection(client)
    try:
        yield connection
    finally:
        connection.close()
