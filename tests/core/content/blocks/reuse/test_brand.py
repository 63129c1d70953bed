"""What a document takes from a brand, and what it keeps."""

from __future__ import annotations

from typing import Any

from apps.core.content.blocks.colours import partner
from apps.core.content.blocks.completeness import complete
from apps.core.content.blocks.document import Document, read, sections
from apps.core.content.blocks.editing import places
from apps.core.content.blocks.reuse.brand import BrandLook, dark_of, with_brand, without_samples
from apps.core.content.blocks.schema import Network
from apps.core.content.blocks.values import DARK, Palette, Theme

VK = Network(network="vk", link="https://vk.com/kofein")
BRAND = BrandLook(
    name="Kofein",
    logo=7,
    website="https://example.com/",
    company="Kofein LLC",
    address="1 Garden Street, Tula",
    reason="You subscribed.",
    networks=(VK,),
    theme=Theme(font="georgia", light=Palette(button="#a11d45")),
)


def document(*blocks: dict[str, Any], follows: bool = False) -> Document:
    section = places.new_node("section")
    section["columns"][0]["blocks"] = [places.new_node(one["type"]) | one for one in blocks]
    return read({"schema": 1, "theme": {"follows_brand": follows}, "body": [section]})


def block_of(found: Document) -> Any:
    return sections(found)[0].columns[0].blocks[0]


def test_the_theme_is_taken_where_the_document_follows_the_brand() -> None:
    taken = with_brand(document(follows=True), BRAND).theme
    assert (taken.font, taken.light.button, taken.follows_brand) == ("georgia", "#a11d45", True)
    assert with_brand(document(), BRAND).theme == document().theme


def test_an_empty_footer_has_company_address_and_reason_of_the_brand() -> None:
    bare = document({"type": "footer"})
    assert [gap.code for gap in complete(bare)] == ["footer_address_missing"]
    filled = with_brand(bare, BRAND)
    assert complete(filled) == []
    assert block_of(filled).reason == "You subscribed."
    own = with_brand(document({"type": "footer", "company": "Other"}), BRAND)
    assert (block_of(own).company, block_of(own).address) == ("Other", BRAND.address)


def test_a_header_without_logo_and_name_has_those_of_the_brand() -> None:
    header = block_of(with_brand(document({"type": "header"}), BRAND))
    assert (header.logo.media, header.logo.alt, header.link) == (7, "Kofein", BRAND.website)
    named = block_of(with_brand(document({"type": "header", "name": "Mine"}), BRAND))
    assert (named.logo, named.name) == (None, "Mine")


def test_networks_are_taken_where_none_are_chosen_also_in_a_repeat() -> None:
    assert block_of(with_brand(document({"type": "social"}), BRAND)).networks == (VK,)
    inner = places.new_node("social")
    repeated = block_of(with_brand(document({"type": "repeat", "blocks": [inner]}), BRAND))
    assert repeated.blocks[0].networks == (VK,)


def test_the_made_up_company_of_the_gallery_gives_way_to_what_the_brand_has() -> None:
    sample = {"company": "Your Company Ltd", "address": "1 Example Street", "reason": "An order."}
    found = block_of(without_samples(document({"type": "footer", **sample}), BRAND))
    assert (found.company, found.address, found.reason) == ("", "", "An order.")
    poor = without_samples(document({"type": "footer", **sample}), BrandLook(company="Kofein"))
    assert (block_of(poor).company, block_of(poor).address) == ("", "1 Example Street")


def test_the_dark_keeps_the_hue_of_links_and_buttons() -> None:
    light = Palette(link="#a11d45", button="#a11d45")
    dark = dark_of(light)
    assert dark.link == partner("#a11d45", DARK, "color") != DARK.link
    assert (dark.button, dark.page) == ("#a11d45", DARK.page)
