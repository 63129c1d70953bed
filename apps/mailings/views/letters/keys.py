"""The keys of the editor, as its page lists them."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

KEYS: Final = (
    (("↑", "↓"), _("previous, next block")),
    (("←", "→"), _("out of, into")),
    (("Alt+↑", "Alt+↓"), _("move")),
    (("Alt+Shift+←", "Alt+Shift+→"), _("move to the neighboring column")),
    (("Enter", "Esc"), _("edit; back to the block")),
    (("/", "Insert"), _("add below")),
    (("Ctrl+D", "Delete"), _("duplicate; delete")),
    (("M", "V"), _("move to…; who sees it")),
    (("Ctrl+C", "X", "V"), _("copy, cut, paste the block")),
    (("Ctrl+Z", "Ctrl+Shift+Z"), _("undo, redo")),
    (("Ctrl+S", "P"), _("save; preview")),
    (("Ctrl+B", "I", "U", "K"), _("in text: bold, italic, underline, link")),
    (("Alt+F10", "Ctrl+Space"), _("in text: toolbar; insert field")),
)
