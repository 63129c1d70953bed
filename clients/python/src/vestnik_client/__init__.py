"""The HTTP API of a Vestnik installation.

with Vestnik("https://mail.example.org", token) as vestnik:
    for recipient in vestnik.iter_recipients():
        ...
"""

from vestnik_client._generated.operations import Operations as Vestnik
from vestnik_client.errors import ApiError, NoAnswer, VestnikError

__all__ = ["ApiError", "NoAnswer", "Vestnik", "VestnikError"]
