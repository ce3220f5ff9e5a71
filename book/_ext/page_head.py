"""Sphinx extension: what search engines and chats show of a page, and the page for lost readers.

The description is the first sentence of the page. The picture stands at the address where the
book is published, which `pages_url` gives; a link that is shared needs it in full.
"""

import html
import re

PREVIEW = "_static/preview.png"
LONGEST = 300  # characters of a description
SENTENCE = re.compile(r".{40,}?[.?!](?=\s|$)|.+")  # what is shorter says too little alone
PARAGRAPH = re.compile(r"<p(?:\s[^>]*)?>(.*?)</p>", re.DOTALL)
ASIDE = re.compile(r'class="[^"]*(?:admonition-title|caption|rubric)')
OWN = {  # pages that have no text of their own
    "search": "Search all pages of the book.",
    "404": "The page that was asked for is not part of the book.",
}
LOST = """\
<section id="page-not-found">
<h1>Page not found</h1>
<p>There is no page at this address. It may have been renamed.</p>
<ul>
<li><p><a href="book/index.html">To the front page of the book</a></p></li>
<li><p><a href="search.html">To the search</a></p></li>
</ul>
</section>
"""
# A server shows 404.html at any address. The links of the page are relative to the root of the
# book: the first folder on GitHub Pages, else the root of the server.
BASE = """\
<script>
  if (location.protocol !== "file:") {
    const base = document.createElement("base");
    const folder = location.pathname.split("/")[1];
    base.href = location.hostname.endsWith(".github.io") ? `/${folder}/` : "/";
    document.head.append(base);
  }
</script>
"""


def describe(body: str) -> str:
    """Return the first sentence of a page in HTML, without markup; empty when it has none."""
    for match in PARAGRAPH.finditer(body):
        words = " ".join(html.unescape(re.sub(r"<[^>]+>", "", match[1])).split())
        if words and not ASIDE.search(match[0].partition(">")[0]):
            sentence = SENTENCE.match(words)[0]
            short = sentence[:LONGEST].rpartition(" ")[0] + " …"
            return sentence if len(sentence) <= LONGEST else short
    return ""


def add_head(app, pagename, templatename, context, doctree) -> None:
    """Add the description, and what a shared link shows, to the head of a page."""
    title = html.unescape(re.sub(r"<[^>]+>", "", context.get("title") or app.config.html_title))
    text = OWN.get(pagename) or describe(context.get("body") or "") or title
    url = app.config.pages_url
    said = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": text,
        "og:url": f"{url}{pagename}.html",
        "og:image": f"{url}{PREVIEW}",
    }
    tags = [f'<meta name="description" content="{html.escape(text)}" />']
    tags += [f'<meta property="{n}" content="{html.escape(v)}" />' for n, v in said.items()]
    before = BASE if pagename == "404" else ""
    context["metatags"] = before + context.get("metatags", "") + "\n".join(tags) + "\n"


def add_lost_page(app) -> list[tuple]:
    """Return the page that a server shows at an address without a page."""
    return [("404", {"title": "Page not found", "body": LOST}, "page.html")]


def setup(app) -> dict:
    """Register the address of the published book, and connect to the writing of pages."""
    app.add_config_value("pages_url", "", "html")
    app.connect("html-page-context", add_head)
    app.connect("html-collect-pages", add_lost_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
