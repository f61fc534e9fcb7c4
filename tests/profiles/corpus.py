#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Two properties of every profile, held over a corpus of captured pages.

    corpus.py says SCELLE CORPUS        each page says what it is
    corpus.py renamed SCELLE CORPUS N   N names of each page, one at a time,
                                        renamed throughout it: a page that held
                                        posts then still gives posts, or a
                                        finding that tells why not

CORPUS has an INDEX.tsv (path, platform, original_url) and beside pages with
posts a PATH.expected.jsonl.  Prints what fails; status 1 when something does.
"""
import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile

NO_PAGES = ("media", "robots")
UNREAD = ("layout-changed", "unknown-page", "no-profile", "unreadable")


def parse(scelle, url, path, profile=None):
    only = ["--profile", f"profiles/{profile}.profile"] if profile else []
    r = subprocess.run([scelle, "parse", "--url", url, *only, path],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    lines = r.stdout.splitlines()
    if r.returncode or not lines:
        return None
    return json.loads(lines[0])


def pages(corpus):
    with open(os.path.join(corpus, "INDEX.tsv"), newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["platform"] in NO_PAGES:
                continue
            url = (row.get("original_url") or "").split(" ")[0]
            if not url.startswith("http"):
                url = "https://t.me/s/example_channel" if row["platform"] == "telegram" \
                    else "https://example.org/" + row["path"]
            yield row["platform"], row["path"], url


def says(scelle, corpus):
    bad = 0
    for _, path, url in pages(corpus):
        page = parse(scelle, url, os.path.join(corpus, path))
        if page is None:
            why = "no answer"
        elif not page.get("page") or page.get("finding") in UNREAD:
            why = f"page {page.get('page')}, finding {page.get('finding')}"
        elif not page["posts"] and not page.get("finding") and not page.get("account"):
            why = "no post, and nothing says why"
        else:
            continue
        print(f"{path}: {why}")
        bad += 1
    return bad


def names_of(text):
    names = {c for s in re.findall(r'class="([^"]+)"', text) for c in s.split()}
    names |= set(re.findall(r'\\?"([A-Za-z_$@:]\w*)\\?"\s*:', text))
    if text.lstrip().startswith("<?xml"):
        names |= set(re.findall(r"<([a-zA-Z][\w:]*)[ >]", text))
    return sorted(names)


def renamed(scelle, corpus, count):
    bad = tried = 0
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as tmp:
        body = os.path.join(tmp, "body")
        for platform, path, url in pages(corpus):
            full = os.path.join(corpus, path)
            # A page of the rest of the web has no layout to change.
            if platform == "generic" or not os.path.exists(full + ".expected.jsonl"):
                continue
            page = parse(scelle, url, full)
            if not page or not page["posts"]:
                continue
            profile = page["platform"]
            with open(full, "rb") as f:
                text = f.read().decode("utf-8", "replace")
            names = names_of(text)
            for name in rng.sample(names, min(count, len(names))):
                changed = re.sub(r"(?<![\w-])" + re.escape(name) + r"(?![\w-])", "zz_renamed", text)
                with open(body, "wb") as f:
                    f.write(changed.encode())
                page = parse(scelle, url, body, profile)
                tried += 1
                if page is None or (not page["posts"] and page.get("finding") in (None, "no-posts")):
                    print(f"{path}: '{name}' renamed: {page and page.get('page')}, {page and page.get('finding')}")
                    bad += 1
    if not tried:
        print("nothing was tried")
    return bad + (not tried)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "says":
        return says(sys.argv[2], sys.argv[3]) != 0
    if len(sys.argv) == 5 and sys.argv[1] == "renamed":
        return renamed(sys.argv[2], sys.argv[3], int(sys.argv[4])) != 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
