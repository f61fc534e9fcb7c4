# SPDX-License-Identifier: EUPL-1.2
"""Posts of a t.me/s page with BeautifulSoup over lxml, by the selectors that
practitioners' scrapers of Telegram use, and in the way they use them."""
import re
from urllib.parse import urljoin

import bs4

STYLE_URL = re.compile(r"url\('(.*?)'\)")
SKIPPED = {"tgme_widget_message_user", "tgme_widget_message_author"}


def posts(html, page_url="https://t.me/s/example_channel"):
    soup = bs4.BeautifulSoup(html, "lxml")
    for post in soup.find_all("div", attrs={"class": "tgme_widget_message", "data-post": True}):
        date = post.find("div", class_="tgme_widget_message_footer").find(
            "a", class_="tgme_widget_message_date")
        out = {"post_id": post["data-post"], "url": date["href"],
               "published": date.find("time", datetime=True)["datetime"]}
        text = post.find("div", class_="tgme_widget_message_text")
        out["text"] = text.get_text(separator="\n") if text else None
        out["links"] = []
        out["media"] = []
        for link in post.find_all("a"):
            if SKIPPED & set(link.parent.attrs.get("class", [])):
                continue
            if "tgme_widget_message_photo_wrap" in link.attrs.get("class", []):
                found = STYLE_URL.search(link.attrs.get("style", ""))
                if found:
                    out["media"].append(found.group(1))
                continue
            if link.get("href") in (None, out["url"]):
                continue
            href = urljoin(page_url, link["href"])
            if href not in out["links"]:
                out["links"].append(href)
        views = post.find("span", class_="tgme_widget_message_views")
        out["views"] = views.text if views else None
        forward = post.find(class_="tgme_widget_message_forwarded_from_name")
        out["forwarded_from"] = forward.text if forward else None
        preview = post.find("a", class_="tgme_widget_message_link_preview")
        if preview:
            out["preview"] = preview["href"]
        yield out
