"""Pages as tests read them: how a template is laid out makes no difference."""

from __future__ import annotations

import re


def dense(page: str) -> str:
    """The page in one line, without the blanks around tags and in them."""
    line = " ".join(page.split()).replace(" >", ">")
    return re.sub(r" ?(<[^>]*>) ?", r"\1", line)
