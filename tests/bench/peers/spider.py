# SPDX-License-Identifier: EUPL-1.2
"""A Scrapy spider that saves every body and writes posts as JSON lines.

usage: scrapy runspider spider.py -a urls=FILE -a save=DIR -o posts.jl
A connection an exchange, as ours; 16 at a time, no delay, no robots.txt.
"""
import pathlib

import scrapy


class BenchSpider(scrapy.Spider):
    name = "bench"
    custom_settings = {
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "TELNETCONSOLE_ENABLED": False,
        "COOKIES_ENABLED": False,
        "LOG_LEVEL": "ERROR",
        "DEFAULT_REQUEST_HEADERS": {"Connection": "close"},
    }

    def start_requests(self):
        self.save_dir = pathlib.Path(self.save)
        self.save_dir.mkdir(parents=True, exist_ok=True)
        with open(self.urls, encoding="ascii") as f:
            for line in f:
                yield scrapy.Request(line.strip())

    def parse(self, response):
        name = response.url.split("://", 1)[1].replace("/", "_")
        (self.save_dir / name).write_bytes(response.body)
        if not response.url.endswith(".html"):
            return
        for post in response.css("div.tgme_widget_message[data-post]"):
            date = post.css("a.tgme_widget_message_date")
            yield {
                "post_id": post.attrib["data-post"],
                "url": date.attrib["href"],
                "published": date.css("time::attr(datetime)").get(),
                "text": "".join(post.css("div.tgme_widget_message_text ::text").getall()),
                "links": post.css("div.tgme_widget_message_text a::attr(href)").getall(),
                "views": post.css("span.tgme_widget_message_views::text").get(),
                "forwarded_from": post.css(
                    ".tgme_widget_message_forwarded_from_name ::text").get(),
                "media": post.css("a.tgme_widget_message_photo_wrap::attr(style)").re(
                    r"url\('(.*?)'\)"),
            }
