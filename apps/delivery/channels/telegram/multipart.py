"""A form with one file in it, as bytes."""

from __future__ import annotations

import secrets


def form(fields: dict[str, str], name: str, file: tuple[str, str, bytes]) -> tuple[bytes, str]:
    """The body and its MIME type. ``file``: name, type, content."""
    boundary = f"----{secrets.token_hex(16)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    title = "".join(letter for letter in file[0] if letter.isprintable()).replace("\\", "")
    title = title.replace('"', "%22") or "file"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{title}"\r\n'
        f"Content-Type: {file[1]}\r\n\r\n"
    )
    body = b"".join(
        ("".join(parts).encode(), head.encode(), file[2], f"\r\n--{boundary}--\r\n".encode())
    )
    return body, f"multipart/form-data; boundary={boundary}"
