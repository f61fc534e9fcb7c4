#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# What was captured elsewhere and handed over: sealed as such, marked wherever
# it is shown, read by the same profiles; hostile files leave nothing behind.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
echo 'the words of claire' >"$T/pass"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
leaves() { "$SCELLE" --vault "$V" --json status | sed 's/.*"leaves":\([0-9]*\).*/\1/'; }
take() {
	local file=$1
	shift
	s --json import now "$file" --from 'maréchale des logis Exemple' \
		--procedure 'PV 2026/0042' --why 'requisition answered' "$@"
}

if ! command -v jq >/dev/null; then
	skip "jq is not installed"
	ok "nothing to do"
	finish
fi

# Synthetic files, and what a hostile sender would make of them.
python3 - "$T" <<'PY' || fail "samples"
import gzip, hashlib, io, json, os, struct, sys, zipfile, zlib
d = sys.argv[1]
def rec(kind, url, body, ctype, extra=""):
    return (("WARC/1.1\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%s>\r\nWARC-Date: 2026-11-20T10:00:00Z\r\n"
        "WARC-Target-URI: %s\r\nContent-Type: %s\r\nWARC-Block-Digest: sha256:%s\r\n%sContent-Length: %d\r\n\r\n")
        % (kind, "00000000-0000-4000-8000-%012x" % (zlib.crc32(url.encode() + kind.encode())), url, ctype,
           hashlib.sha256(body).hexdigest(), extra, len(body))).encode() + body + b"\r\n\r\n"
def http(body, ctype, status="200 OK", coding=""):
    return ("HTTP/1.1 %s\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n" % (status, ctype, coding, len(body))).encode() + body
def post(n, text):
    return ('<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message js-widget_message" data-post="exemple/%d">'
        '<div class="tgme_widget_message_bubble"><div class="tgme_widget_message_text js-message_text">%s</div>'
        '<a class="tgme_widget_message_date" href="https://t.me/exemple/%d"><time datetime="2026-11-0%dT10:00:00+00:00" class="time"></time></a></div></div></div>'
        % (n, text, n, n))
page = ('<!doctype html><main class="tgme_main"><section class="tgme_channel_history js-message_history">'
        + post(1, "premier importé") + post(2, "deuxième importé") + '</section></main>').encode()
png = (b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in (
    (b"IHDR", struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 0)), (b"tEXt", b"Software\0Appareil Exemple 7"),
    (b"IDAT", zlib.compress(b"\0\0\0\0\0\0\0\0")), (b"IEND", b""))))
R = "application/http; msgtype=response"
records = [rec("response", "https://t.me/s/exemple", http(gzip.compress(page), "text/html", coding="Content-Encoding: gzip\r\n"), R),
    rec("response", "https://cdn4.telesco.pe/file/a.png", http(png, "image/png"), R),
    rec("request", "https://t.me/s/exemple", b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request"),
    rec("resource", "urn:thumbnail:x", b"not of the web", "text/plain"),
    rec("response", "https://t.me/s/autre", http(b"no", "text/html", "404 Not Found"), R)]
open(d + "/a.warc", "wb").write(b"".join(records))
open(d + "/a.warc.gz", "wb").write(b"".join(gzip.compress(r) for r in records))
open(d + "/cut.warc", "wb").write(b"".join(records)[:-40])
open(d + "/cut.warc.gz", "wb").write(b"".join(gzip.compress(r) for r in records)[:-40])
bad = b"".join(records).replace("premier".encode(), b"premier")  # the digest below differs
open(d + "/digest.warc", "wb").write(rec("response", "https://t.me/s/exemple", http(page, "text/html"), R).replace(b"deuxi\xc3\xa8me", b"troisi\xc3\xa8m"))
open(d + "/bomb.warc.gz", "wb").write(gzip.compress(
    (b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\nWARC-Date: 2026-11-20T10:00:00Z\r\n"
     b"WARC-Target-URI: https://t.me/x\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: 200000000\r\n\r\n") + b"\0" * 200000000))
def wacz(name, warc, listed=None, more=()):
    with zipfile.ZipFile(d + "/" + name, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("archive/data.warc.gz", warc, zipfile.ZIP_STORED)
        z.writestr("datapackage.json", json.dumps({"profile": "data-package", "wacz_version": "1.1.1", "resources": [
            {"name": "data.warc.gz", "path": "archive/data.warc.gz", "hash": "sha256:" + hashlib.sha256(listed or warc).hexdigest()}]}))
        for n, b in more:
            z.writestr(n, b)
whole = open(d + "/a.warc.gz", "rb").read()
wacz("a.wacz", whole, more=[("pages/pages.jsonl", "{}")])
wacz("changed.wacz", whole, listed=b"another")
wacz("path.wacz", whole, more=[("../../etc/passwd", "x")])
wacz("back.wacz", whole, more=[("a\\..\\b", "x")])
wacz("root.wacz", whole, more=[("/etc/passwd", "x")])
import warnings
warnings.simplefilter("ignore")
wacz("twice.wacz", whole, more=[("pages/p", "1"), ("pages/p", "2")])
wacz("cut.wacz", whole)
b = open(d + "/cut.wacz", "rb").read()
open(d + "/cut.wacz", "wb").write(b[:len(b) // 2])
b = bytearray(open(d + "/a.wacz", "rb").read())
b[60] ^= 0x55
open(d + "/flip.wacz", "wb").write(b)
# A name that the directory tells otherwise than the member itself.
b = bytearray(open(d + "/a.wacz", "rb").read())
b[30:38] = b"ARCHIVE/"
open(d + "/names.wacz", "wb").write(b)
wacz("bomb.wacz", gzip.compress(b"".join(records)), more=[("archive/b.warc", b"\0" * 600000000)])
# One run of bytes, many members: they share it.
def overlap():
    data = zlib.compressobj(9, 8, -15)
    body = data.compress(b"\0" * 1000000) + data.flush()
    crc = zlib.crc32(b"\0" * 1000000)
    out = struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, 0, 8, 0, 33, crc, len(body), 1000000, 1, 0) + b"a" + body
    entry = b"".join(struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 20, 20, 0, 8, 0, 33, crc, len(body), 1000000, 1, 0, 0, 0, 0, 0, 0) + b"a" for _ in range(500))
    return out + entry + struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 500, 500, len(entry), len(out), 0)
open(d + "/overlap.zip", "wb").write(overlap())
chat = {"name": "Groupe Exemple", "type": "private_group", "id": 4242, "messages": [
    {"id": 1, "type": "service", "date": "2026-11-01T10:00:00", "date_unixtime": "1793527200", "actor": "Camille", "actor_id": "user1", "action": "create_group", "text": ""},
    {"id": 2, "type": "message", "date": "2026-11-01T11:00:00", "date_unixtime": "1793530800", "from": "Camille", "from_id": "user1",
     "text": ["prix ", {"type": "bold", "text": "cinquante"}, " voir ", {"type": "text_link", "text": "ici", "href": "https://example.org/x"}]},
    {"id": 3, "type": "message", "date": "2026-11-01T12:00:00", "date_unixtime": "1793534400", "edited": "2026-11-01T12:30:00", "edited_unixtime": "1793536200",
     "from": "Dominique", "from_id": "user2", "reply_to_message_id": 2, "photo": "photos/photo 1.png", "width": 3, "height": 2, "text": "reçu"},
    {"id": 4, "type": "message", "date": "2026-11-01T13:00:00", "date_unixtime": "1793538000", "from": "Dominique", "from_id": "user2",
     "file": "(File not included. Change data exporting settings to download.)", "media_type": "voice_message", "mime_type": "audio/ogg", "text": ""}]}
os.makedirs(d + "/export/photos")
json.dump(chat, open(d + "/export/result.json", "w"), ensure_ascii=False, indent=1)
open(d + "/export/photos/photo 1.png", "wb").write(png)
with zipfile.ZipFile(d + "/export.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.write(d + "/export/result.json", "ChatExport/result.json")
    z.write(d + "/export/photos/photo 1.png", "ChatExport/photos/photo 1.png")
many = dict(chat, id=77, messages=[dict(chat["messages"][1], id=i + 1) for i in range(1203)])
json.dump({"about": "x", "chats": {"about": "y", "list": [many, dict(chat, id=78)]}}, open(d + "/account.json", "w"))
text = open(d + "/export/result.json").read()
open(d + "/cut.json", "w").write(text[:-20])
open(d + "/deep.json", "w").write('{"messages":[' + "[" * 5000)
open(d + "/other.json", "w").write('{"a":1}')
open(d + "/rubbish", "wb").write(b"neither one thing nor another")
open(d + "/empty", "wb").close()
os.makedirs(d + "/linked")
os.symlink("/etc/passwd", d + "/linked/result.json")
PY

expect_exit 0 s init --unit piej-demo --user claire --lab --work-factor 2
expect_exit 0 s case open now --basis 'art. L.114-22-3 CSS' \
	--offence escroquerie --from "$(date -u -d yesterday +%F)" \
	--to "$(date -u -d '+9 days' +%F)"
expect_exit 0 s case source add now telegram:exemple
expect_exit 2 s import now "$T/a.warc"
expect_exit 2 s import now "$T/a.warc" --from x --why y

# --- hostile and damaged files: a clear error, and nothing of them ---
before=$(leaves)
for f in cut.warc cut.warc.gz bomb.warc.gz path.wacz back.wacz root.wacz \
	twice.wacz cut.wacz flip.wacz names.wacz bomb.wacz overlap.zip \
	cut.json deep.json other.json rubbish empty linked not-there; do
	expect_exit 3 take "$T/$f"
	check "$f: a reason is given" test -s "$T/err"
	note "$f: $(tail -n 1 "$T/err")"
done
check 'nothing was sealed of any of them' same "$(leaves)" "$before"
expect_exit 0 "$SCELLE" verify "$V"

# --- WARC ---
expect_exit 0 take "$T/a.warc" --source telegram:exemple
file=$(jq .item "$T/out")
check 'three records of the web' same "$(jq .records "$T/out")" 3
check 'what was left out is said' has "$T/out" 'no address of the web'
check 'the digest of the file' same "$(jq -r .sha256 "$T/out")" \
	"$(sha256sum "$T/a.warc" | cut -d' ' -f1)"
expect_exit 0 s show now "$file" --why test
says out 'handed over, not collected by this unit'
says out 'maréchale des logis Exemple'
says out 'PV 2026/0042'
s show now "$file" --why test --raw --body >"$T/back"
check 'the file is sealed whole' cmp "$T/back" "$T/a.warc"
expect_exit 0 s --json posts now --why test
check 'its posts are read by the same profile, and marked' jq -e -s \
	'length == 2 and all(.imported == true and .platform == "telegram")' "$T/out"
expect_exit 0 s posts now --why test
says out 'imported: handed over'
expect_exit 0 s --json timeline now --why test
check 'marked in the timeline' jq -e -s 'map(select(.what == "first seen")) |
	length == 2 and all(.imported == true)' "$T/out"
expect_exit 0 s --json search now 'Appareil' --why test
check 'its pictures are read, and marked' jq -e \
	'.kind == "medium" and .imported == true and .width == 3' "$T/out"
expect_exit 0 take "$T/a.warc.gz"
check 'compressed, the same' same "$(jq .records "$T/out")" 3
expect_exit 0 take "$T/digest.warc"
check 'a block that is another than its digest is told' has "$T/out" 'its digest was made of'

# --- WACZ ---
expect_exit 0 take "$T/a.wacz"
check 'the same from a WACZ' jq -e '.format == "wacz" and .records == 3' "$T/out"
expect_exit 0 take "$T/changed.wacz"
check 'a member that its list does not know is told' has "$T/out" 'is not the file that datapackage.json names'

# --- Telegram Desktop ---
for f in export.zip export; do
	expect_exit 0 take "$T/$f"
	check "$f: the messages and what lies beside" jq -e \
		'.format == "telegram" and .records == 2' "$T/out"
done
expect_exit 0 s --json posts now --why test --source 'import:telegram:c/4242'
check 'messages are posts' same "$(wc -l <"$T/out")" 4
check 'with text out of its parts' has "$T/out" 'prix cinquante voir ici'
check 'author, edit mark, reply' jq -e -s 'any(.author == "Dominique" and
	.edited and .reply_to == "2" and .imported)' "$T/out"
check 'a picture of the export is found and read' jq -e -s \
	'any(.[].media[]?; .captured[0].width == 3)' "$T/out"
check 'a file that was not exported is said' jq -e -s 'any(.[].media[]?; .unavailable)' "$T/out"
expect_exit 0 take "$T/account.json"
check 'a large chat in pieces' same "$(jq .records "$T/out")" 4
expect_exit 0 s --json posts now --why test --source c/77 --limit 5000
check 'each message once' same "$(wc -l <"$T/out")" 1203

# --- on record, in the bundle, gone when erased ---
expect_exit 0 s --json audit --why control
check 'who imported is on record' has "$T/out" '"import"'
expect_exit 0 s export now -o "$T/b.zip" --why test --recipient r
expect_exit 0 "$SCELLE" verify "$T/b.zip"
unzip -p "$T/b.zip" posts.jsonl >"$T/posts.jsonl"
check 'marked in the bundle' jq -e -s 'length > 0 and all(.imported == true)' "$T/posts.jsonl"
rm -f "$(dirname "$(find "$V/cases" -name case.note | head -n 1)")"/{index.age,derived.cache}
expect_exit 0 s --json posts now --why test --source c/77 --limit 5000
check 'the same from the sealed bytes' same "$(wc -l <"$T/out")" 1203
expect_exit 0 "$SCELLE" verify "$V"

# --- refused: no such case or source, out of period, closed ---
expect_exit 5 take "$T/a.warc" --source telegram:autre
expect_exit 5 s import nowhere "$T/a.warc" --from x --procedure y --why z
expect_exit 0 s case open later --basis b --offence o \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
expect_exit 0 s case close later --reason r
before=$(leaves)
expect_exit 5 s import later "$T/a.warc" --from x --procedure y --why z
check 'a refusal is on record' test "$(leaves)" -gt "$before"
finish
