# SPDX-License-Identifier: EUPL-1.2
"""Posts of a t.me/s page with lxml.html and XPath compiled once."""
import re

import lxml.html
from lxml.etree import XPath

STYLE_URL = re.compile(r"url\('(.*?)'\)")


def by_class(path, name):
    return path % ("contains(concat(' ', normalize-space(@class), ' '), ' %s ')" % name)


MESSAGE = XPath(by_class("//div[@data-post and %s]", "tgme_widget_message"))
DATE = XPath(by_class(".//a[%s]", "tgme_widget_message_date"))
TIME = XPath(".//time/@datetime")
TEXT = XPath(by_class(".//div[%s]", "tgme_widget_message_text"))
HREF = XPath(".//a/@href")
VIEWS = XPath(by_class("string(.//span[%s])", "tgme_widget_message_views"))
FORWARD = XPath(by_class("string(.//*[%s])", "tgme_widget_message_forwarded_from_name"))
PHOTO = XPath(by_class(".//a[%s]/@style", "tgme_widget_message_photo_wrap"))
PARSER = lxml.html.HTMLParser(encoding="utf-8")


def posts(html, page_url="https://t.me/s/example_channel"):
    del page_url
    tree = lxml.html.document_fromstring(html, parser=PARSER)
    for m in MESSAGE(tree):
        date = DATE(m)[-1]
        text = TEXT(m)
        found = [STYLE_URL.search(s) for s in PHOTO(m)]
        yield {
            "post_id": m.get("data-post"),
            "url": date.get("href"),
            "published": TIME(date)[0],
            "text": text[-1].text_content() if text else None,
            "links": [h for t in text[-1:] for h in HREF(t)],
            "views": VIEWS(m) or None,
            "forwarded_from": FORWARD(m) or None,
            "media": [f.group(1) for f in found if f],
        }
