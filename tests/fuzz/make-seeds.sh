#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Writes tests/fuzz/seeds/<target>/*: small inputs of our own making, from which
# a target starts deep.  What it writes is in the tree; run it again after a
# format has changed.  Names: example domains and numbers nobody has.
set -eu
cd "$(dirname "$0")/../.."
export LC_ALL=C
exec python3 - tests/fuzz/seeds <<'PY'
import base64, gzip, hashlib, io, os, shutil, struct, subprocess, sys, zlib

top = sys.argv[1]

def put(target, name, data):
    if isinstance(data, str):
        data = data.encode()
    d = os.path.join(top, "fuzz_" + target)
    os.makedirs(d, exist_ok=True)
    with open(os.path.join(d, name), "wb") as f:
        f.write(data)

def sha(b):
    return hashlib.sha256(b).digest()

# age: files to the identity the target knows, plain and armoured
ID = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"
if shutil.which("age"):
    to = subprocess.run(["age-keygen", "-y"], input=ID.encode() + b"\n",
                        stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    for name, more, text in (("plain", [], b"exhibit"), ("empty", [], b""),
                             ("armour", ["-a"], b"exhibit " * 20)):
        put("age", name, subprocess.run(["age", "-r", to] + more, input=text,
                        stdout=subprocess.PIPE, check=True).stdout)
put("age", "identities", "# a key\n" + ID + "\n")
b64 = lambda b: base64.b64encode(b).decode().rstrip("=")
put("age", "scrypt", "age-encryption.org/v1\n-> scrypt " + b64(b"s" * 16) + " 1\n"
    + b64(b"k" * 32) + "\n--- " + b64(b"m" * 32) + "\n" + "n" * 40)

# notes and what is written in them
line = lambda name, n: "\u2014 " + name + " " + base64.b64encode(
    sha(name.encode())[:4] + bytes(n)).decode() + "\n"
put("note", "two-lines", "This is a\nsigned text\n\n" + line("fuzz", 64) + line("example.com/foo", 64))
put("note", "cosigned", "text\n\n" + line("witness.example", 72))
put("note", "vkey", "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
put("note", "minisign", "untrusted comment: c\n" + base64.b64encode(b"ED" + bytes(72)).decode()
    + "\ntrusted comment: t\n" + base64.b64encode(bytes(64)).decode() + "\n")
root = base64.b64encode(bytes(32)).decode()
body = "vault.example/log\n%d\n" + root + "\n"
put("checkpoint", "bare", body % 7)
put("checkpoint", "extended", body % 20852163 + "time 2026-01-02T03:04:05.678Z\nlab\n")
put("checkpoint", "signed", body % 1 + "\n" + line("fuzz", 64))

put("witness", "first", "old 0\n\n" + body % 1 + "\n" + line("vault.example/log", 64))
put("witness", "proof", "old 5\n" + (root + "\n") * 3 + "\n" + body % 9 + "\n" + line("vault.example/log", 64))
put("witness", "lines", line("w", 72) + line("unit4.example/witness", 72))
put("witness", "size", "20852163\n")

def leaf(seq, kind, flags=0):
    d = b"SCLLEAF1" + struct.pack(">QqHH", seq, 1767225600000 + seq, kind, flags) + bytes(4)
    d += bytes(32) if seq == 0 else sha(b"prev")
    return (d + sha(b"tag") + sha(b"body") + sha(b"open"))[:160].ljust(160, b"\0")

put("checkpoint", "leaf", leaf(0, 1))
frame = lambda l: struct.pack(">H", 160) + l + sha(b"\0" + l)[:4]
note = lambda t: struct.pack(">HH", 0xffff, len(t)) + t + sha(t)[:4]
text = ((body % 2) + "\n" + line("fuzz", 64)).encode()
put("segment", "two-leaves-and-head", frame(leaf(0, 1)) + frame(leaf(1, 5)) + note(text))
put("segment", "heads", note(b"a\n") + note(text) + frame(leaf(2, 10, 1)))

def pframe(kind, number, seq, content, digest=None):
    h = b"SPF1" + struct.pack(">HHQQ", kind, number, seq, len(content)) + (digest or sha(content))
    return h + sha(h)[:4] + content
pack = b"SCLLPCK1" + struct.pack(">II", 1, 0)
put("pack", "item", pframe(1, 0, 0, b"statement") + pframe(1, 1, 0, b"blob" * 9)
    + pframe(2, 2, 0, b"media/0001/a.age") + pframe(1, 0, 1, b"next"))
put("pack", "erased", pframe(1, 0, 5, b"x") + pframe(3, 1, 5, b"", sha(b"gone")) + pframe(1, 0, 6, b"y"))
put("pack", "whole-file", pack + pframe(1, 0, 0, b"statement"))
f = b"SKF1" + struct.pack(">QQII", 3, 0, 2, 400)
put("slot", "frame", f + sha(f)[:4])
put("slot", "slot", b"S1" + struct.pack(">HIQ", 1, 0, 9) + b"i" * 32 + b"s" * 32)

# the web
put("http", "response", b"\0HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
    b"Content-Type: text/html; charset=\"utf-8\"\r\nContent-Length: 12\r\nSet-Cookie: a=b\r\n\r\n")
put("http", "continue-then-busy", b"\0HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 \r\nRetry-After: 120\r\n"
    b"Transfer-Encoding: gzip, chunked\r\n\r\n")
put("http", "request", b"\1GET /a?b HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n")
put("url", "relative", b"https://user@shop.example:8443/a/b;c/../d?q=%2f#f\xff../x/./y?z#")
put("url", "ipv6", "http://[2001:db8::1:0:0]:80/%7Ea")
put("url", "numbers", "HTTP://0x7f.1/")
put("url", "idn", "https://b\u00fccher.example./stra\u00dfe")
put("url", "opaque", "data:text/plain,a b")
put("robots", "groups", b"/a/b?c\xff# c\nUser-agent: other\nDisallow: /\n\nUser-Agent: bot\nUser-agent: *\n"
    b"Allow: /a/*$\nDisallow: /a\nCrawl-delay: 2.5\nSitemap: https://shop.example/s.xml\n")
put("robots", "glob", b"*a*b$\xffxaxbab")

def chunks(b, n):
    return b"".join(b"%x;e=1\r\n%s\r\n" % (len(b[i:i+n]), b[i:i+n]) for i in range(0, len(b), n)) \
        + b"0\r\nDigest: x\r\n\r\n"
page = b"<p>prix: 10 \xe2\x82\xac</p>" * 4
put("coding", "gzip", b"\0" + gzip.compress(page, mtime=0))
put("coding", "deflate", b"\1" + zlib.compress(page))
put("coding", "raw-deflate", b"\1" + zlib.compress(page)[2:-4])
put("coding", "chunked", b"\4" + chunks(page, 30))
for tool, n in (("brotli", 2), ("zstd", 3)):
    if shutil.which(tool):
        put("coding", tool, bytes([n]) + subprocess.run([tool, "-c"], input=page,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)

def record(kind, block, **more):
    b32 = base64.b32encode(hashlib.sha1(block).digest()).decode()
    h = "WARC/1.1\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-%012d>\r\n" \
        "WARC-Date: 2026-01-02T03:04:05.678Z\r\nWARC-Block-Digest: sha1:%s\r\n" % (kind, len(block), b32)
    for k, v in more.items():
        h += "%s: %s\r\n" % (k.replace("_", "-"), v)
    return h.encode() + b"Content-Length: %d\r\n\r\n" % len(block) + block + b"\r\n\r\n"
info = record("warcinfo", b"software: scelle\r\nformat: WARC File Format 1.1\r\n", WARC_Filename="a.warc",
              Content_Type="application/warc-fields")
resp = record("response", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
              + chunks(gzip.compress(page, mtime=0), 40), WARC_Target_URI="https://shop.example/",
              Content_Type="application/http; msgtype=response")
put("warc", "plain", info + resp)
put("warc", "gzip", gzip.compress(info, mtime=0) + gzip.compress(resp, mtime=0))

# pages: the first byte chooses address and type
tme = """<!DOCTYPE html><html><head><meta property="og:title" content="Exemple"></head><body>
<div class="tgme_channel_info"><div class="tgme_channel_info_header_title">Exemple</div>
<div class="tgme_channel_info_counter"><span class="counter_value">1.2K</span>
<span class="counter_type">subscribers</span></div></div>
<div class="tgme_widget_message_wrap"><div class="tgme_widget_message js-widget_message" data-post="exemple/42">
<a class="tgme_widget_message_owner_name" href="https://t.me/exemple">Exemple</a>
<a class="tgme_widget_message_photo_wrap" style="background-image:url('https://cdn4.telesco.pe/file/a.jpg')"></a>
<div class="tgme_widget_message_text js-message_text">Vente <b>x</b><br/>06 39 98 00 01
<a href="https://shop.example/?a=1">lien</a></div>
<span class="tgme_widget_message_views">3.4M</span>
<a class="tgme_widget_message_date" href="https://t.me/exemple/42"><time datetime="2026-01-02T03:04:05+00:00">03:04</time></a>
</div></div><script>var D = {"a":[1,2,{"b":null}]};</script></body></html>"""
for i, name in enumerate(("listing", "post", "card")):
    put("html", name, bytes([i]) + tme.encode())
put("html", "json", bytes([3 | 2 << 2]) + b'{"item":[{"id":"1","content":"a <i>b</i>","date":"2026-01-02","url":"/x"}]}')
put("html", "xml-latin1", bytes([3 | 3 << 2]) + b'<?xml version="1.0"?><r><item id="1"><text>caf\xe9</text><url>/y</url></item></r>')
put("html", "other", bytes([3]) + b"<title>aab</title><script>D=[{\"item\":{\"id\":7}}](</script><a href=/l>x</a>"
    b"<item id=2 style='a:url(/u)'><content>t<br>u</content></item>")

put("profile", "forum", """scelle-profile 1
id          forum
version     2
checked     2026-01-02
about       a forum
host        forum.example *.forum.example
delay       4000 ms
quota       100 per day
define N    [0-9]+
block post
 post_id  string  @id
 text     text    s:html(.//div[@class='b'] | p)
 views    count   p
 each media .//a
  url     href    @href
 end
end
page topic
 match    ^https://forum\\.example/t/{N}
 posts    post //div[@class='a']
 link     next //a/@href
 finding  gone s:match(//title, '^t$')
end
""")
put("profile", "any", "scelle-profile 1\nid other\nversion 1\nchecked 2026-01-02\nhost *\n"
    "block b\n post_id string @id\n text text .\nend\npage any\n json D //script from [=(]\n"
    " posts b //div | s:parse-json(//script)/a\nend\n")

# the crawler's pipes and files
put("lab", "lab", "# lab\nca ca.pem\nmap a.example 127.0.0.1:4430\nmap b.example:8443 127.0.0.2:1\n"
    "dns a.example A 192.0.2.1,192.0.2.2;203.0.113.9\ndns a.example AAAA 2001:db8::1\n")
name = lambda n: b"".join(bytes([len(p)]) + p for p in n.encode().split(b".")) + b"\0"
head = struct.pack(">HHHHHH", 7, 0x8180, 1, 3, 0, 0)
q = name("shop.example") + struct.pack(">HH", 1, 1)
rr = lambda owner, t, d: owner + struct.pack(">HHIH", t, 1, 60, len(d)) + d
put("resolve", "alias", b"\1" + head + q + rr(b"\xc0\x0c", 5, name("cdn.example"))
    + rr(name("cdn.example"), 1, bytes([192, 0, 2, 7])) + rr(name("cdn.example"), 1, bytes([192, 0, 2, 8])))
q6 = name("shop.example") + struct.pack(">HH", 28, 1)
put("resolve", "ipv6", b"\0" + struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0) + q6
    + rr(b"\xc0\x0c", 28, bytes.fromhex("20010db8000000000000000000000001")))

# what was erased, and what copies and mirrors say
sha0 = "00" * 32
put("erase_list", "all-forms", "scelle/v1/erased\nstream cases/00000000000000aa\nitem 3\nitems 5 9\n"
    "object 12 2\nwas 1 0 3 4096 " + sha0 + "\nwas 2 1 5 70 " + "ab" * 32 + "\n")
message = lambda kind, b: struct.pack(">IB", len(b) + 1, kind) + b
put("mirror", "messages", b"".join(message(k, b"x" * k) for k in range(1, 8)))
put("mirror", "list", "".join(hashlib.sha256(n.encode()).hexdigest() + "  " + n + "\n"
    for n in ("FORMAT", "admin/packs/000001.pack", "log/000001.seg")))

# the custody service: frames as the fuzz target cuts them
cut = lambda service, kind, b: struct.pack(">HBc", len(b), service, kind) + b
put("serve", "run", cut(1, b"H", b"\0" * 40) + cut(0, b"L", b"note") + cut(0, b"R", b"\0" * 24))

# files of each kind, only just begun
def chunk(kind, b):
    return struct.pack(">I", len(b)) + kind + b + struct.pack(">I", zlib.crc32(kind + b))
put("container", "png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"tEXt", b"Software\0none") + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))
put("container", "gif", b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xfe\4note\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;")
put("container", "jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xfe\0\6note"
    b"\xff\xc0\0\x0b\x08\0\1\0\1\1\1\x11\0\xff\xd9")
put("container", "webp", b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(10))
box = lambda kind, b: struct.pack(">I", len(b) + 8) + kind + b
put("container", "mp4", box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", box(b"mvhd", bytes(100))))
put("container", "avif", box(b"ftyp", b"avif\0\0\0\0mif1") + box(b"meta", bytes(4) + box(b"hdlr", bytes(24))))
put("container", "ogg", b"OggS\0\2" + bytes(8) + b"\1\0\0\0" + bytes(8) + b"\1\x13OpusHead\1\1" + bytes(9))
put("container", "mp3", b"ID3\4\0\0\0\0\0\x11TSSE\0\0\0\7\0\0\3none\0\0" + b"\xff\xfb\x90\0" + bytes(413))
put("container", "tiff", b"II*\0\x08\0\0\0\1\0\0\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0")

# archives and exports that somebody hands over
import json, zipfile
z = io.BytesIO()
with zipfile.ZipFile(z, "w", zipfile.ZIP_DEFLATED) as f:
    for n, b in (("datapackage.json", "{}"), ("archive/a.warc", "WARC/1.1\r\n"), ("d/", ""), ("x/y", "a" * 500)):
        f.writestr(zipfile.ZipInfo(n, (1980, 1, 1, 0, 0, 0)), b)
put("zipread", "deflated", z.getvalue())
put("zipread", "empty", b"PK\5\6" + bytes(18))
chat = {"name": "Exemple", "type": "private_group", "id": 1, "messages": [
    {"id": 1, "type": "message", "text": ["a", {"type": "bold", "text": "b\\\""}]}, {"id": 2, "text": ""}]}
put("tgexport", "chat", json.dumps(chat))
put("tgexport", "account", json.dumps({"about": "x", "chats": {"list": [chat, dict(chat, messages=[])]}}))
PY
