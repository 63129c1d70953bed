"""Reading what a caller sends."""

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


class StrictParser(Parser):
    """JSON whose texts are texts: half a surrogate pair is none, and no database keeps it."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = super().parse_body(request)
        if b"\\u" in request.body:
            # Raises UnicodeEncodeError, a ValueError: then the body cannot be read.
            json.dumps(body, ensure_ascii=False).encode()
        return body
