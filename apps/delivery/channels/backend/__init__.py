"""Email through any email backend of Django."""

from __future__ import annotations

from apps.delivery.channels.kinds import ChannelKind

KIND = ChannelKind(
    package=__name__,
    name="backend",
    serves=frozenset({"email"}),
    required={"url": "django.core.mail.backends.console.EmailBackend"},
    compile="..email.letters:compile_letter",
    open=".channel:open_channel",
    check=None,
    loads_code=True,
)
