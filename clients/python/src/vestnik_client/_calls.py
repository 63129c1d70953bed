"""How a call is made: its token, its key, its errors. What calls there are is generated."""

from __future__ import annotations

import uuid
from types import TracebackType
from typing import Any, Self

import httpx
from vestnik_client.errors import ApiError, NoAnswer


class Calls:
    """One installation and one token. Use it as a context, or call ``close``.

    A POST carries an Idempotency-Key always: one of its own where none is given. So a call whose
    answer was lost is made again, ``tries`` times in all.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = 30.0,
        tries: int = 2,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._tries = tries
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, path: str, **sent: Any) -> Any:
        """The JSON of the answer. Raises ApiError and NoAnswer."""
        return self._answer(method, path, **sent).json()

    def call_for_none(self, method: str, path: str, **sent: Any) -> None:
        """For an answer without a body."""
        self._answer(method, path, **sent)

    def call_for_bytes(self, method: str, path: str, **sent: Any) -> bytes:
        """For an answer that is a file."""
        return self._answer(method, path, **sent).content

    def _answer(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        key: str | None = None,
        **body: Any,
    ) -> httpx.Response:
        request = self._http.build_request(
            method,
            path,
            params=_given(params),
            data=_given(data),
            headers={"Idempotency-Key": key or str(uuid.uuid4())} if method == "POST" else {},
            **body,
        )
        response = self._sent(request)
        if response.is_error:
            raise _error(response)
        return response

    def _sent(self, request: httpx.Request) -> httpx.Response:
        request.read()
        tries = 1 if request.method == "PATCH" else self._tries
        while True:
            tries -= 1
            try:
                return self._http.send(request)
            except httpx.TransportError as error:
                if not tries:
                    raise NoAnswer(str(error) or type(error).__name__) from error


def _given(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without those that were left out."""
    if values is None:
        return None
    return {name: value for name, value in values.items() if value is not None}


def _error(response: httpx.Response) -> ApiError:
    try:
        body = response.json()
    except ValueError:
        body = None
    problem = body if isinstance(body, dict) else {"detail": response.reason_phrase}
    wait = response.headers.get("Retry-After", "")
    return ApiError(response.status_code, problem, float(wait) if wait.isdigit() else None)
