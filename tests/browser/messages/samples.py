"""What the clipboard holds after copying from other programs, as they put it there."""

from __future__ import annotations

from typing import Final

#: Word for Windows: its own styles, conditional comments, paragraphs of a list.
WORD: Final = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!--
p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;} --></style></head>
<body lang=EN-GB><!--StartFragment--><p class=MsoNormal style='margin-bottom:8.0pt'><b
style='mso-bidi-font-weight:normal'><span style='color:red'>Spring</span></b><span
style='mso-spacerun:yes'>&nbsp; </span>menu<o:p></o:p></p><p class=MsoListParagraph
style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='font-family:Symbol'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;
</span></span><![endif]>Tea<o:p></o:p></p><!--EndFragment--></body></html>"""
#: Google Docs: a bold element around everything that says it is not bold.
DOCS: Final = """<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-1"><p
dir="ltr" style="line-height:1.38;margin-top:0pt;"><span style="font-size:11pt;font-weight:700;">
Spring</span><span style="font-size:11pt;"> menu, </span><a href="https://example.org/menu"
style="text-decoration:none;"><span style="color:#1155cc;">all of it</span></a></p><ul><li
dir="ltr" style="list-style-type:disc;" aria-level="1"><p role="presentation"><span>Tea</span></p>
</li></ul></b><br class="Apple-interchange-newline">"""
#: Gmail in a browser: lines are boxes, pictures follow who opens them.
GMAIL: Final = """<div dir="ltr" class="gmail_quote"><div style="color:rgb(34,34,34)"
onclick="x()">Spring <b>menu</b></div><div><br></div><div><img src="https://mail.example/pixel.gif"
onerror="x()" width="1">Tea <script>x()</script><a href="javascript:x()">here</a></div></div>"""
