"""Every kind of block, alone in a letter."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from apps.core.content.blocks.document import Document
from apps.core.content.blocks.rows.actions import NETWORKS
from apps.core.content.blocks.rows.kinds import ROWS
from apps.core.content.blocks.text import TEXTS
from apps.core.content.html_contexts import TemplatePlace
from config.environment import BASE_DIR
from tests.core.content.blocks.documents import (
    BLOCKS,
    CONDITION,
    ITEM,
    PICTURE,
    alone,
    block,
    compiled,
    html_of,
    kept,
    section,
)
from tests.core.content.blocks.strict_html import browser, word

ICONS = BASE_DIR / "static" / "letters" / "networks"
EVERY_KIND = pytest.mark.parametrize("kind", BLOCKS)
VALUES = {"name": "<b>Anna", "code": "A&B", "item.title": "</td>"}


def test_every_kind_has_both_writers() -> None:
    assert set(ROWS) | {"repeat"} == set(TEXTS) == set(BLOCKS)


@EVERY_KIND
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"visibility": CONDITION},
        {"device": "phone"},
        {"device": "desktop", "background": "#ffeedd", "padding": [0, 40]},
    ],
    ids=["plain", "condition", "phone", "desktop"],
)
@pytest.mark.parametrize("items", [0, 2])
def test_it_is_read_without_a_fault(kind: str, fields: dict[str, object], items: int) -> None:
    source = html_of(alone(kind, **fields), VALUES, items=items)
    assert browser(source).faults == []
    assert word(source).faults == []


@EVERY_KIND
def test_its_parts_are_plain_json(kind: str) -> None:
    letter = alone(kind, visibility=CONDITION)
    assert kept(letter) == [letter.html, letter.text, letter.conditions]


@EVERY_KIND
def test_half_written_it_compiles_as_well(kind: str) -> None:
    bare = {"type": kind, "id": "block0001"}
    source = html_of(compiled(section(bare)))
    assert browser(source).faults == word(source).faults == []


@EVERY_KIND
def test_every_picture_has_an_alt_and_every_layout_table_a_role(kind: str) -> None:
    reader = browser(html_of(alone(kind), VALUES))
    assert all("alt" in picture for picture in reader.found("img"))
    assert [table.get("role") for table in reader.found("table")].count(None) == (kind == "table")


@EVERY_KIND
def test_who_does_not_match_gets_nothing_of_it(kind: str) -> None:
    hidden = html_of(alone(kind, visibility=CONDITION), VALUES, shown=lambda number: False)
    assert hidden.split("</head>")[1] == html_of(compiled(section())).split("</head>")[1]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_heading_is_one(level: int) -> None:
    reader = browser(html_of(alone("heading", level=level)))
    assert len(reader.found(f"h{level}")) == 1


def test_a_table_of_figures_names_its_heads() -> None:
    reader = browser(html_of(alone("table")))
    assert [head["scope"] for head in reader.found("th")] == ["col", "col"]
    assert len(reader.found("tr")) >= 3


def test_a_table_of_a_list_repeats_whole_rows() -> None:
    letter = alone("table", rows=[], source="goods", cells=["{{ item.title }}", "{{ item.price }}"])
    values = {"item.title": "Tea", "item.price": "2"}
    assert html_of(letter, values, items=3).count(">Tea<") == 3
    assert browser(html_of(letter, values, items=0)).faults == []


def test_a_repeat_says_something_when_there_is_nothing() -> None:
    letter = alone("repeat")
    assert "Nothing today" in html_of(letter, items=0)
    assert "Nothing today" not in html_of(letter, items=1)


@pytest.mark.parametrize("kind", ["repeat", "table"])
def test_a_list_that_is_not_chosen_yet_repeats_nothing(kind: str) -> None:
    letter = alone(kind, source="")
    assert not any(isinstance(part, dict) and "each" in part for part in letter.html)
    assert browser(html_of(letter)).faults == []


def test_links_are_numbered_from_one_and_know_their_block() -> None:
    letter = compiled(
        section({"type": "button", "id": "button001", "label": "a", "link": "https://a.example/"}),
        section(
            {"type": "button", "id": "button002", "label": "a", "link": "https://a.example/"},
            id_="section02",
        ),
    )
    assert [(link.address, link.block) for link in letter.links] == [
        ("https://a.example/", "button001"),
        ("https://a.example/", "button002"),
    ]
    numbers = [part["href"] for part in letter.html if isinstance(part, dict) and "href" in part]
    assert numbers == [1, 2]
    numbers = [part["href"] for part in letter.text if isinstance(part, dict) and "href" in part]
    assert numbers == [1, 2]


def test_a_button_without_an_address_is_no_link() -> None:
    assert browser(html_of(alone("button", link=""))).found("a") == []


def test_a_picture_is_asked_for_at_twice_its_width() -> None:
    letter = alone("image", width=200)
    assert [(one.media, one.width) for one in letter.pictures] == [(7, 400)]
    picture = browser(html_of(letter)).found("img")[0]
    assert picture["src"] == "https://pictures.example/7/400.png"
    assert picture["width"] == "200"


def test_a_picture_that_is_decoration_has_an_empty_alt() -> None:
    picture = {**PICTURE, "decorative": True}
    assert browser(html_of(alone("image", picture=picture))).found("img")[0]["alt"] == ""


def test_an_embedded_picture_travels_inside_the_letter() -> None:
    letter = alone("image", picture={**PICTURE, "embed": True}, width=100)
    (picture,) = letter.pictures
    assert picture.embed
    assert browser(html_of(letter)).found("img")[0]["src"] == picture.address == "cid:m7w200@letter"


def test_a_preview_shows_an_embedded_picture_from_the_library() -> None:
    picture = {**PICTURE, "embed": True}
    blocks = section({"type": "image", "id": "image0001", "picture": picture, "width": 100})
    letter = compiled(blocks, embed=False)
    assert browser(html_of(letter)).found("img")[0]["src"] == "https://pictures.example/7/200.png"


def test_a_dark_picture_is_kept_from_word_and_shown_in_the_dark() -> None:
    source = html_of(alone("image", picture={**PICTURE, "dark_media": 8}))
    assert len(browser(source).found("img")) == 2
    assert len(word(source).found("img")) == 1
    dark = source.split("prefers-color-scheme:dark", 1)[1]
    assert ".light-image{display:none!important}" in dark
    assert ".dark-image{display:block!important" in dark


def test_a_picture_that_the_library_has_no_more_leaves_its_place_free() -> None:
    dark = {"type": "image", "id": "image0001", "picture": {**PICTURE, "dark_media": 8}}
    backdrop = {"media": 9, "decorative": True}
    source = html_of(compiled(section(dark, backdrop=backdrop), picture=lambda media, width: ""))
    assert browser(source).found("img") == []
    assert "url(" not in source
    here = compiled(
        section(dark), picture=lambda media, width: "" if media == 8 else "https://x.y/"
    )
    assert len(browser(html_of(here)).found("img")) == 1


def test_a_picture_of_one_recipient_has_its_placeholder_in_the_address() -> None:
    picture = {"url": "https://example.org/{{ name }}.png", "alt": "A map"}
    source = html_of(alone("image", picture=picture), {"name": "a/b c"})
    assert browser(source).found("img")[0]["src"] == "https://example.org/a%2Fb%20c.png"


def test_what_is_for_phones_is_hidden_from_word_and_from_desktops() -> None:
    source = html_of(alone("heading", device="phone"))
    assert word(source).found("h1") == []
    row = next(row for row in browser(source).found("tr") if "class" in row)
    assert row == {"class": "only-phone", "style": "display:none"}


def test_what_is_kept_from_word_is_kept_once() -> None:
    """Conditional comments do not nest."""
    inner = [
        {"type": "image", "id": "image0001", "picture": {**PICTURE, "dark_media": 8}},
        {"type": "html", "id": "html00001", "source": "<!--[if mso]><b>x</b><![endif]-->y"},
        {"type": "text", "id": "text00001", "html": "z", "device": "phone"},
    ]
    source = html_of(alone("repeat", blocks=inner, device="phone"))
    assert browser(source).faults == word(source).faults == []
    assert source.count("<!--[if !mso]><!--><tr") == 1


def test_networks_are_written_out_where_there_are_no_icons() -> None:
    assert "VK" in browser(html_of(alone("social"))).texts


def test_a_logo_leads_to_the_house_and_is_as_wide_as_it_says() -> None:
    letter = alone("header", logo={"media": 3, "alt": "House"}, logo_width=120)
    reader = browser(html_of(letter, {"view_url": "https://v.example/"}))
    (logo,) = reader.found("img")
    assert (logo["width"], logo["alt"]) == ("120", "House")
    assert [link["href"] for link in reader.found("a")] == [
        "https://v.example/",
        "https://example.org/",
    ]


def test_an_icon_leads_to_its_network() -> None:
    networks = [{"network": "vk", "link": "https://example.org/vk"}]
    blocks = section({"type": "social", "id": "social001", "networks": networks, "look": "colour"})
    reader = browser(html_of(compiled(blocks, icons="https://example.org/icons/")))
    assert [link["href"] for link in reader.found("a")] == ["https://example.org/vk"]
    assert reader.found("img")[0]["src"] == "https://example.org/icons/colour/vk.png"


def test_networks_have_icons_where_there_are() -> None:
    blocks = section({"type": "social", "id": "social001", "networks": [{"network": "vk"}]})
    reader = browser(html_of(compiled(blocks, icons="https://example.org/icons/")))
    (icon,) = reader.found("img")
    assert (icon["src"], icon["alt"]) == ("https://example.org/icons/plain/vk.png", "VK")


def test_networks_are_written_out_when_one_of_them_has_no_icon() -> None:
    networks = [{"network": "vk"}, {"network": "bulletin"}]
    blocks = section({"type": "social", "id": "social001", "networks": networks})
    reader = browser(html_of(compiled(blocks, icons="https://example.org/icons/")))
    assert reader.found("img") == []
    assert {"VK", "Bulletin"} <= {word for text in reader.texts for word in text.split()}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("kind", ["plain", "colour"])
def test_every_network_has_its_icons(network: str, kind: str) -> None:
    with Image.open(ICONS / kind / f"{network}.png") as image:
        assert (image.format, image.size) == ("PNG", (96, 96))


def test_plain_html_is_no_liquid_and_code_is() -> None:
    plain = alone("html", source="<b>{{ name }}</b>")
    assert any(isinstance(part, dict) and "placeholder" in part for part in plain.html)
    assert {"liquid": BLOCKS["html"]["source"]} in alone("html").html


def test_html_that_reaches_out_is_refused_by_the_id_of_its_block() -> None:
    with pytest.raises(TemplatePlace) as refused:
        alone("html", source="</td></tr></table>")
    assert refused.value.part == "block0001"


@pytest.mark.parametrize("across", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_cards_fill_whole_rows(across: int, count: int) -> None:
    source = html_of(alone("cards", items=[ITEM] * count, across=across))
    assert len(re.findall(r'class="stack', source)) == count
    assert browser(source).faults == []


def test_a_canvas_finds_every_node_that_is_shown() -> None:
    blocks = [{**BLOCKS[kind], "type": kind, "id": f"node{kind}"} for kind in BLOCKS]
    letter = compiled(section(*blocks), marks=True)
    marked = set(re.findall(r'data-node="(\w+)"', html_of(letter, VALUES)))
    assert marked == {"section01", "repeated1", *(block["id"] for block in blocks)}
    assert "data-node" not in html_of(compiled(section(*blocks)), VALUES)


def test_the_schema_of_blocks_is_json() -> None:
    assert Document.model_json_schema()["properties"]["schema"]["const"] == 1


def test_an_empty_column_invites_to_add_a_block_on_the_canvas_alone() -> None:
    blank = section()
    shown = "".join(map(str, compiled(blank, marks=True).html))
    assert '<tr data-node="column01" data-add>' in shown and "Add a block here" in shown
    assert "Add a block" not in "".join(map(str, compiled(blank).html))


def test_the_canvas_shows_where_nothing_has_been_written_and_a_letter_does_not() -> None:
    blank = section(block("heading", text=""), block("text", "block0002", html=""))
    shown = "".join(map(str, compiled(blank, marks=True).html))
    assert shown.count("Nothing written yet") == 2
    assert "Nothing written yet" not in "".join(map(str, compiled(blank).html))
