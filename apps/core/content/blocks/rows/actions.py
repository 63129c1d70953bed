"""Rows to be clicked: button, menu, social networks."""

from __future__ import annotations

from typing import Final

from apps.core.content.blocks.rows.writer import TABLE, Rows
from apps.core.content.blocks.schema import Button, Menu, Network, Social

#: How the networks are called that have icons; others are written out, with a capital.
NETWORKS: Final = {
    "vk": "VK",
    "telegram": "Telegram",
    "max": "MAX",
    "ok": "OK",
    "dzen": "Dzen",
    "rutube": "Rutube",
    "youtube": "YouTube",
    "whatsapp": "WhatsApp",
    "instagram": "Instagram",
    "facebook": "Facebook",
    "linkedin": "LinkedIn",
    "tiktok": "TikTok",
    "github": "GitHub",
    "x": "X",
    "viber": "Viber",
    "discord": "Discord",
    "pinterest": "Pinterest",
    "threads": "Threads",
}
_LINE: Final = 2  # around a button that is not filled


def network_name(network: str) -> str:
    return NETWORKS.get(network, network.capitalize())


def button(rows: Rows, block: Button) -> None:
    theme = rows.compilation.theme
    rows.cell(block, align=block.align)
    if block.look == "plain":
        rows.link(block.link, block.label, style="font-weight:700", field="label")
        rows.end()
        return
    filled = block.look == "filled"
    high, wide = theme.button_padding
    full = ' width="100%"' if block.wide else ""
    if not filled:  # its line belongs to its size
        high, wide = max(high - _LINE, 0), max(wide - _LINE, 0)
    kind, ground, shape = _shape(rows, filled)
    rows.raw(
        f'{TABLE}{full} align="{block.align}" style="border-collapse:separate">'
        f'<tr><td class="{kind}" align="center"{ground}'
        f' style="{shape};border-radius:{theme.button_radius}px;mso-padding-alt:{high}px {wide}px">'
    )
    style = (
        f"display:block;padding:{high}px {wide}px;font-size:{theme.size}px;line-height:1.25;"
        f"font-weight:700;text-decoration:none;border-radius:{theme.button_radius}px"
    )
    ink = "button_text" if filled else "link"
    rows.link(block.link, block.label, colour=ink, style=style, field="label")
    rows.raw("</td></tr></table>")
    rows.end()


def _shape(rows: Rows, filled: bool) -> tuple[str, str, str]:
    """The class, the attribute and the style of the cell that is the button."""
    if filled:
        ground = rows.compilation.colours.value("button")
        kind = rows.colour_class("button", "background")
        return kind, f' bgcolor="{ground}"', f"background:{ground}"
    line = rows.compilation.colours.value("link")
    return rows.colour_class("link", "border-color"), "", f"border:{_LINE}px solid {line}"


def menu(rows: Rows, block: Menu) -> None:
    rows.cell(block, align=block.align)
    for number, entry in enumerate(block.entries):
        rows.raw(" &nbsp;&nbsp; " if number else "")
        style = "text-decoration:none;white-space:nowrap;font-weight:700"
        rows.link(entry.link, entry.label, style=style, field=f"entries.{number}.label")
    rows.end()


def social(rows: Rows, block: Social) -> None:
    rows.cell(block, align=block.align, colour="muted")
    named = any(one.network not in NETWORKS for one in block.networks)
    if named or block.look == "words" or not rows.compilation.surroundings.icons:
        for number, one in enumerate(block.networks):
            rows.raw(" &nbsp;·&nbsp; " if number else "")
            rows.link(one.link, network_name(one.network))
    elif block.networks:
        rows.raw(f'{TABLE} align="{block.align}"><tr>')
        for one in block.networks:
            _icon(rows, block, one)
        rows.raw("</tr></table>")
    rows.end()


def _icon(rows: Rows, block: Social, one: Network) -> None:
    rows.inner_cell("0 6px", extra=f' width="{block.size}"')
    address = f"{rows.compilation.surroundings.icons}{block.look}/{one.network}.png"
    rows.icon(address, network_name(one.network), block.size, link=one.link)
    rows.raw("</td>")
