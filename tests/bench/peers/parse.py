# SPDX-License-Identifier: EUPL-1.2
"""Parses every page of a directory once, with one of our peers.

usage: parse.py bs4|lxml DIR [OUT.jsonl]
Prints seconds, processor seconds, bytes, posts, 0, like bench_parse.  Starting
Python and reading the files is not counted.  With OUT it writes the posts,
which is counted.
"""
import importlib
import json
import pathlib
import sys
import time

posts = importlib.import_module(
    {"bs4": "snscrape_like", "lxml": "lxml_xpath"}[sys.argv[1]]).posts
pages = [p.read_bytes() for p in sorted(pathlib.Path(sys.argv[2]).glob("*.html"))]
out = open(sys.argv[3], "w", encoding="utf-8") if len(sys.argv) > 3 else None
n = 0
wall, cpu = time.monotonic(), time.process_time()
for page in pages:
    for post in posts(page):
        n += 1
        if out:
            out.write(json.dumps(post, ensure_ascii=False) + "\n")
wall, cpu = time.monotonic() - wall, time.process_time() - cpu
print("%.4f %.4f %d %d 0" % (wall, cpu, sum(map(len, pages)), n))
