"""Whatever a value holds, it stays a value in the place where it lands."""

from __future__ import annotations

from html import unescape

import pytest

from apps.core.content.html_contexts import TemplatePlace
from apps.delivery.channels.email.compile import RenderRefused
from tests.core.content.letters import body_of, compiled, filled, to

ATTACK = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;"


@pytest.mark.parametrize("slot", ["{{ attributes.x }}", "{{ attributes.x | strip }}"])
class TestEscaping:
    def html(self, source: str, slot: str, value: str) -> str:
        return body_of(filled(to(attributes__x=value), html=source.replace("@", slot)), "html")

    @pytest.mark.parametrize(
        "source", ["<p>@</p>", '<p title="@">x</p>', "<p title='@'>x</p>", "<!-- @ --><p>x</p>"]
    )
    def test_text_cannot_become_markup(self, source: str, slot: str) -> None:
        shown = self.html(source, slot, ATTACK)
        before, after = source.split("@")
        value = shown.removeprefix(before).removesuffix(after)
        assert not set("<>\"'") & set(value)
        assert unescape(value) == ATTACK

    def test_a_whole_link_is_kept(self, slot: str) -> None:
        for url in ("https://x.ru/?a=1&b=2", "http://x.ru", "mailto:a@x.ru", "tel:+79161234567"):
            shown = self.html('<a href="@">x</a>', slot, url)
            assert shown == f'<a href="{url.replace("&", "&amp;")}">x</a>'

    def test_a_missing_link_is_empty(self, slot: str) -> None:
        assert self.html('<a href="@">x</a>', slot, "") == '<a href="">x</a>'

    @pytest.mark.parametrize(
        "url",
        ["javascript:alert(1)", " JavaScript:x", "java\tscript:x", "data:text/html,x", "x.ru/a",
         "//x.ru", "vbscript:x", "file:///etc/passwd", "https:\nx", "\x01javascript:x"],
    )  # fmt: skip
    @pytest.mark.parametrize("source", ['<a href="@">', "<img src='@x'>", '<form action=" @">'])
    def test_a_link_to_anything_else_is_refused(self, source: str, url: str, slot: str) -> None:
        with pytest.raises(RenderRefused) as refusal:
            self.html(source, slot, url)
        assert refusal.value.code == "bad_url"

    def test_a_part_of_a_link_is_encoded(self, slot: str) -> None:
        shown = self.html('<a href="https://x.ru/?q=@&z">x</a>', slot, 'я/?&="<')
        assert shown == '<a href="https://x.ru/?q=%D1%8F%2F%3F%26%3D%22%3C&z">x</a>'

    def test_a_style_takes_plain_values_only(self, slot: str) -> None:
        for source in ('<p style="width: @">', "<style>p { color: @ }</style>"):
            assert "#ff00aa" in self.html(source, slot, "#ff00aa")
            for bad in ("red;x", "url(//x.ru)", "</style>", 'a"b', "expression(1)"):
                with pytest.raises(RenderRefused) as refusal:
                    self.html(source, slot, bad)
                assert refusal.value.code == "bad_style"

    @pytest.mark.parametrize(
        "style",
        ["background:url('@')", "background: url( @ )", "background:url(&quot;@&quot;) no-repeat",
         "color:red;background-image:URL('@')", "background:url(a.png),url('@')"],
    )  # fmt: skip
    def test_a_picture_in_a_style_is_a_link(self, style: str, slot: str) -> None:
        source = f'<table><tr><td style="{style}">x</td></tr></table>'
        shown = self.html(source, slot, "https://example.org/a b('1').png?x=1&y=2")
        address = "https://example.org/a%20b%28%271%27%29.png?x=1&amp;y=2"
        assert shown == source.replace("@", address)
        for bad in ("javascript:alert(1)", "data:image/png;base64,x", "//x.ru", "mailto:a@x.ru"):
            with pytest.raises(RenderRefused) as refusal:
                self.html(source, slot, bad)
            assert refusal.value.code == "bad_url"

    def test_a_part_of_a_picture_in_a_style_is_encoded(self, slot: str) -> None:
        shown = self.html("<p style='a:url(https://x.ru/@.png)'>x</p>", slot, "я')/;x")
        assert shown == "<p style='a:url(https://x.ru/%D1%8F%27%29%2F%3Bx.png)'>x</p>"

    def test_every_picture_of_a_set_is_a_link(self, slot: str) -> None:
        source = '<img srcset="https://x.ru/1.png 1x, @ 2x" alt="">'
        assert self.html(f"x{source}", slot, "https://x.ru/2.png").count("https://x.ru") == 2

    def test_plain_text_is_not_escaped(self, slot: str) -> None:
        letter = filled(to(attributes__x=ATTACK), text=slot, html="<p>x</p>")
        assert body_of(letter, "plain") == ATTACK


def test_a_value_in_a_script_is_refused_at_compile_time() -> None:
    with pytest.raises(TemplatePlace):
        compiled(html="<script>{{ full_name }}</script>")
