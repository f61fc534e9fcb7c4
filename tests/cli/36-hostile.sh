#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Hostile input: pages, answers, feeds, pictures and documents made to cost time,
# memory or more.  Each ends within its limits with a finding, and what comes
# next is read as if nothing had been.  HOSTILE_PAGES: how many mutated pages.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

PROBE=$O/tests/tools/hostile
N=${HOSTILE_PAGES:-${TORTURE:+10000}}
"$SITE" --write "$T/site" --scenario bench --pages 6 --media 2 --channels 2 >"$T/out" 2>&1 ||
	fail "pages of our own"
GOOD=$T/site/p/00000.html

# --- the boxes: each way out, from inside each child ---
# "Z" is all that is said when every way is shut
closed() { [ "$("$@" </dev/null | tail -c 1)" = Z ]; }
check "no way out of the parse, import, decode and fetch children" closed "$SCELLE" --child box all
check "no way out of the reader of media" closed "$O/scelle-media" --box all
check "nor of the one that looks at pictures" closed "$O/scelle-media-sight" --box all

# --- what parsers are known to choke on ---
check "deep, wide and endless pages, bombs, entities" "$PROBE" table "$SCELLE" "$ROOT/profiles" "$GOOD"

# --- mutated pages: our own and, where there are any, captured ones ---
python3 - "$T" "${SCELLE_SHARED:-}" >"$T/list" <<'PY' || fail "a list of pages"
import csv, json, os, sys
out, shared = sys.argv[1:]
def put(url, kind, name, text):
    path = os.path.join(out, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text if isinstance(text, str) else json.dumps(text, ensure_ascii=False))
    print(url, kind, path, sep="\t")
for n in sorted(os.listdir(out + "/site/p")):
    print("https://t.me/s/exemple", "text/html; charset=utf-8", f"{out}/site/p/{n}", sep="\t")
day = "2026-01-02T03:04:05.000Z"
put("https://mastodon.example/api/v1/accounts/1/statuses", "application/json", "m.json",
    [{"id": str(i), "created_at": day, "url": f"https://mastodon.example/@exemple/{i}", "uri": f"https://mastodon.example/{i}",
      "content": "<p>un <b>texte</b> &amp; plus</p>", "account": {"id": "1", "acct": "exemple", "display_name": "Exemple"},
      "media_attachments": [{"type": "image", "url": "https://example.org/i.jpg"}], "favourites_count": 3, "reblog": None}
     for i in range(40)])
put("https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=exemple.example", "application/json", "b.json",
    {"feed": [{"post": {"uri": f"at://did:plc:x/app.bsky.feed.post/{i}", "author": {"did": "did:plc:x", "handle": "exemple.example"},
      "record": {"text": "un texte", "createdAt": day}, "likeCount": 1}} for i in range(40)], "cursor": day})
put("https://www.reddit.com/r/exemple/new.json", "application/json", "r.json",
    {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": f"a{i}", "name": f"t3_a{i}", "title": "titre",
      "selftext": "un texte", "author": "exemple", "created_utc": 1767323045, "permalink": f"/r/exemple/comments/a{i}/t/"}}
      for i in range(40)], "after": "t3_a9"}})
put("https://example.org/feed", "application/rss+xml", "f.xml",
    "<?xml version='1.0'?><rss version='2.0'><channel><title>Exemple</title>" + "".join(
        f"<item><guid>https://example.org/{i}</guid><link>https://example.org/{i}</link><title>titre</title>"
        "<pubDate>Fri, 02 Jan 2026 03:04:05 GMT</pubDate><description>&lt;p&gt;texte</description></item>" for i in range(40))
    + "</channel></rss>")
put("https://example.org/boutique", "text/html", "g.html",
    "<html><head><meta property='og:title' content='Exemple'><script type='application/ld+json'>{\"@type\":\"Product\","
    "\"name\":\"x\",\"offers\":{\"price\":\"12\"}}</script></head><body>" + "<a href='https://t.me/exemple'>x</a>" * 40)
if shared:
    kinds = {"html": "text/html; charset=utf-8", "json": "application/json", "xml": "application/xml"}
    with open(shared + "/corpus/INDEX.tsv", newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            path = f"{shared}/corpus/{row['path']}"
            if row["platform"] in ("media", "robots") or not os.path.getsize(path):
                continue
            url = (row["original_url"] or "").split(" ")[0]
            print(url if url.startswith("http") else "https://example.org/" + row["path"],
                  kinds.get(row["path"].rsplit(".", 1)[-1], "text/html"), path, sep="\t")
PY
[ -n "${SCELLE_SHARED:-}" ] || skip "mutated captured pages: SCELLE_SHARED is not set"
note "$(wc -l <"$T/list") pages"
check "${N:-200} mutated pages" "$PROBE" mutate "$SCELLE" "$ROOT/profiles" "$GOOD" "${N:-200}" "${HOSTILE_SEED:-1}" <"$T/list"

# --- pictures, films and documents ---
if ! command -v jq >/dev/null; then
	skip "jq is not installed"
	finish
	exit
fi
python3 - "$T" <<'PY' || fail "media bombs"
import io, struct, sys, zipfile, zlib
d = sys.argv[1] + "/bomb."
def put(name, b):
    open(d + name, "wb").write(b)
def chunk(k, b):
    return struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b))
def png(w, h, *more, idat=b"\0"):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0))
            + b"".join(more) + chunk(b"IDAT", zlib.compress(idat)) + chunk(b"IEND", b""))
put("pixels.png", png(60000, 60000))
put("negative.png", png(0xffffffff, 0xffffffff))
put("chunks.png", png(1, 1, *[chunk(b"tEXt", b"k%d\0v" % i) for i in range(50000)]))
put("profile.png", png(1, 1, chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 10**8))))
put("long.png", b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 0x7fffffff) + b"IHDR" + bytes(20))
put("screen.gif", b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff" + b"\x2c\0\0\0\0\xff\xff\xff\xff\0\2\2D\1\0" * 5000 + b";")
put("frame.jpg", b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0\xff\xd9")
put("segments.jpg", b"\xff\xd8" + b"\xff\xe1\0\x08Exif\0\0" * 200000 + b"\xff\xd9")
# a directory of EXIF that is its own next one, and one of 65535 entries
put("loop.tif", b"II*\0\x08\0\0\0\0\0\x08\0\0\0")
put("wide.tif", b"II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", 0x10f, 2, 0xffffffff, 8) * 65535 + bytes(4))
put("sub.tif", b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4))
def box(k, b):
    return struct.pack(">I", len(b) + 8) + k + b
ftyp = box(b"ftyp", b"isom\0\0\0\0isom")
put("size.mp4", ftyp + struct.pack(">I", 1) + b"moov" + struct.pack(">Q", 2**63))
put("samples.mp4", ftyp + box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl",
    box(b"stsz", bytes(8) + struct.pack(">I", 0xffffffff))))))))
put("wide.mp4", ftyp + box(b"moov", box(b"free", b"") * 400000))
head = b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[]/Count 0>> endobj\n"
put("arrays.pdf", head + b"3 0 obj " + b"[" * 500000 + b" endobj\ntrailer <</Root 1 0 R/Info 3 0 R>>\n")
put("dicts.pdf", head + b"3 0 obj " + b"<</A" * 300000 + b" endobj\ntrailer <</Root 1 0 R/Info 3 0 R>>\n")
put("prev.pdf", head + b"xref\n0 1\n0000000000 65535 f \ntrailer <</Root 1 0 R/Prev 104/Size 5>>\nstartxref\n104\n%%EOF\n")
put("objects.pdf", head + b"".join(b"%d 0 obj null endobj\n" % i for i in range(5, 200000)) + b"trailer <</Root 1 0 R>>\n")
put("self.pdf", head + b"3 0 obj 3 0 R endobj\ntrailer <</Root 1 0 R/Info 3 0 R>>\n")
def archive(name, members):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        for n, text in members:
            z.writestr(n, text)
    put(name, b.getvalue())
types = ('<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>')
core = '<c xmlns:d="urn:d"><d:creator>%s</d:creator></c>'
archive("part.docx", [("[Content_Types].xml", types), ("docProps/core.xml", core % (" " * 3 * 10**8))])
archive("types.docx", [("[Content_Types].xml", types + " " * 3 * 10**8)])
archive("deep.docx", [("[Content_Types].xml", types), ("docProps/core.xml", "<c>" * 100000)])
archive("many.docx", [("x%d" % i, "") for i in range(60000)] + [("[Content_Types].xml", types)])
laughs = "<!DOCTYPE c [<!ENTITY a0 'ha'>" + "".join("<!ENTITY a%d '%s'>" % (i, "&a%d;" % (i - 1) * 10) for i in range(1, 20)) + "]><c>&a19;</c>"
archive("laughs.docx", [("[Content_Types].xml", types), ("docProps/core.xml", laughs)])
put("good.png", png(3, 2, chunk(b"tEXt", b"Software\0example 1.0")))
PY
"$SCELLE" media "$T/bomb.good.png" >"$T/good"
check "the good picture is read" jq -e '.width == 3 and any(.fields[]; .value == "example 1.0")' "$T/good"
for f in "$T"/bomb.*; do
	# What is packed in a profile is never unpacked: nothing to find.
	case $f in
	*.good.png) continue ;;
	*.profile.png) some=0 ;;
	*) some=1 ;;
	esac
	t0=${EPOCHREALTIME%.*}
	"$SCELLE" media "$f" >"$T/out" 2>"$T/err"
	status=$?
	t1=${EPOCHREALTIME%.*}
	if [ $status = 0 ] && jq -e ".findings | length >= $some" "$T/out" >/dev/null && [ $((t1 - t0)) -lt 70 ]; then
		ok "${f##*/}: $(jq -r '[.findings[].finding] | unique | join(" ")' "$T/out" | cut -c1-60)"
	else
		fail "${f##*/}: status $status, $((t1 - t0)) s, $(head -c 300 "$T/out")"
	fi
done
"$SCELLE" media "$T/bomb.good.png" >"$T/again"
check "and afterwards as before" cmp "$T/good" "$T/again"

# --- cut at every place, one bit flipped at a time ---
if python3 - "$SCELLE" "$T/bomb.good.png" "${TORTURE:+1}" <<'PY'; then
import json, subprocess, sys
scelle, path, step = sys.argv[1], sys.argv[2], 1 if sys.argv[3] else 17
whole, bad, silent = open(path, "rb").read(), 0, 0
for at in range(0, len(whole), step):
    flipped = bytearray(whole)
    flipped[at] ^= 1 << at % 8
    for b in (whole[:at], bytes(flipped)):
        p = subprocess.run([scelle, "media", "-"], input=b, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=90)
        try:
            o = json.loads(p.stdout)
        except ValueError:
            bad += 1
            continue
        bad += p.returncode != 0 or any(f["finding"] == "reader-died" for f in o["findings"])
        # a picture without its end is never taken for whole
        silent += len(b) < len(whole) and not o["findings"]
print("# %d bytes, every %d: %d without an answer, %d cut ones without a finding" % (len(whole), step, bad, silent))
sys.exit(bad + silent != 0)
PY
	ok "cut at each place and flipped: an answer, and of what is cut a finding"
else
	fail "cut at each place and flipped: an answer, and of what is cut a finding"
fi
finish
