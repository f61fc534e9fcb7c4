#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# What stands in pictures: codes, text, and of documents alone a perceptual hash;
# only where it is asked for, within limits, and never at a case's peril.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
echo 'the words of claire' >"$T/pass"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
look() { "$SCELLE" media --pictures "$1" >"$T/out" 2>"$T/err"; }

if ! command -v jq >/dev/null; then
	skip "jq is not installed"
	ok "nothing to do"
	finish
fi

# A price list and a QR code, drawn for this test.
base64 -d >"$T/prices.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAggAAAEYAQAAAAARuTPIAAAIUUlEQVR42u2bz2/jxhXHP6QGEoG6MvfmRZWIcP4BtScF2MQTYIH2z3CQHIPG6aUuYFtjrYH6
kqwD5FCgCeBD/4g9GF1qu4CFoEDd+8KlawX1KUsJC5h0qJkeKMn6Lbku2kPIizgz5Adv3nsjva9nbBnuedlkhIyQETJCRsgI/yNC23KOujZlS+5jLNUxsuvW
qXPU9u5ig1GAknDca9cU4dWShNXLaJsd2Hj+Nmz03tKPfC79u9hg+6A/VHACEKnkLwF/rSxNMEmvJcEDkG7MFjjL2+D9t6LpA0WAH+hQJVqKIAB0MW00+73e
a4D4DjZItKRRH3tF3ikfDhRYSvZaGoDK1dKzSH6PBRuq/bzX60r6Llnaht8CFIORMetkaULkKKEAq9/bS4Q7+YF+BncAUMXbwCxDsJJ7rHIbIMQn6EWgVdCS
AgWO8Jcn2DZWCGbXA8kOgHjP4+xPd/KDAg4kjTVxqAD7paR9uDShZQVEkLMUbOZyANa+YnOp1W1llXlGyAgZISNkhB8fwbsvwYTDKM9bHmsDrV5JPXbVR1oN
N5ZzbdB/6IwP1dRo++psJuEc6K6MdAfATvrRuwphTs21Ib8yOYuxOqpVnUl4fu9oOjw83XD+5pqfx3IfbA7wGmksXhhZ/sVF6sJmidhrtlqe03UmZhHpmwQI
q4FSxrAHMp30hoIwCDgilsBVCKZ7kyRjlfnB9XX3WdsNzfcF9nyS2s8wJR8tMSXf4vtTv+/cy23Qr7ajaMwGF8e2XODB1dZ+YNn+OqzDSwXrgOt4QDkEhASL
Q0tMzMIVnQLguWlufID+IEjvgjQxt/BU6grsWKgxT5r1obA1bnPxkRwp1odiaeSUfOi7V6bql32w+/m0MXihp6Od5ihBv7hNPVNGv98vVvudlWAsBfLJFBty
ZrAaJUBt6K3VwbpdTV+1zscItUVpl3qu2hp0uKOEhPBWlRnQ9nNsHwzYz71B3d1MvRlQSMZjgVJgUoHIOZxwDoFvtAfn1jn4iiN8VWqSRCUftqNwih8cUXAB
6zvsb63vsC4UQmK15HfQcIGG21W85XaPEV/G66NZHReqkM+neVb/2hLUv8bfYH8PGu+LP7JpgE2zVmFtzZXk8isrS+sLL/i//16YexNuvPsSkJlSywgZISNk
hIwwWkdNlN2toSpsEeFCLXrKCA7mEY6PFxFuumZ31pgAnk4dKQ03IqpzbDCVZ4tsiMXeYzWboGXp/rE43XBx4hfdD43ofkgDQddpnXpOy6GbVn5J3aferb33
8QX7E4REFbWOujc8J9jTBEruapIE/a/EJLyJ+hE1NSA4lkpNsaF78knyKc94ZV3zypSTT4kiun8O9DntE0hLSF1V8OqLf5SnzcLmkEMeq/UXQq37njrEEthv
FS0X2wPyPwF4DHgPUp0wThCxiIVSSEBqmSoIYWMXaBUponXPFWx4WwvWhZgmIUheDzWacwndfhIPJETsArGjBs9a8VxCsjNNQtyaBuBP+EGozpgQsIwaSIiC
vl1fqZp65C/3/eCO+WdPznjFBttvUUh6qiEB2y/0R3XcW2AJIBQaKziajIV19ivYZhuAbSBQNVIJYUJ0QodCVD9R+PUTeG30pCc/cxFfiS8BxFdgXYg6qYSw
11l1APGAJnaDb+E3npAThM1NbCeXB7AdwH+SI5UQlkhvbNt6grW/L2Czsa/uUBW3Sj+234v//Mr0RUbICBkhI/y4CLH5qZqiNZpHy+sLPacyl7Fn3AX6okWy
dSttxjRPk6urmzcz9YV5qgAK8ZNpD1SbQJ7cyfBmxrgNFbnIW1VW3o6LM23QsrLY4649PxYX6uE3D68sJdreN55xqfPm4GHba8YXclADdwoYpxN3jg6MmNAX
HPsRQFeHIejI1IAoDEtxEAwX0jcJUNvVetKGL4Lrj4K1JNlZffZRkHyiq2pl53r1GZQHlXwIROdgfl3d2ZkkPOidBKq7JeCQx4DjlnToVYcftFxAPR7d6UpP
mnlbLvQPZcUiqfvgDtxXhXQLpVMAK6nPratjb/S+PQj0y6GnvElCo5+BV0O9V5jgbPDgIYNNDtGaY8NlMHzviNO+xcOrIqcn9AUb4agSMX567w82rrTH7SbH
66W/H8Tt0aJEFm/VkTOhL/7es70AARSS3mZRwO3RrQigCNGwVhnYcOaHPcRe4gPbqZRKfIhULydDVehgdCGEk2T0MJ8xRpVVuRyuRcmOFbwTlhOxR03nysE7
uuz/8vSpOTVBLrCinImsyGlrIssMXQLYNJvm2AFytisdbMfa3yM9NDekb/Mr5PPCxXqSz2dVcUbICBkhI2SEjHAPQmdKOT+16ppBmP4mUCdWi20Qs4dMTf9u
2Vmkdf/E+adHfnRPT74IQu41C2vu6FgsWt2Py6K768Ty1KXttdVRs6HSEjeWbXnU/HzXnfV/LeksiklNa5Lk6kxHhOHZMfh+WgtGwVkAyZsoDOf7QV9cE0WX
212fy+A0hKcKgwvXnIbww2cnl8E8goksWyhLCGmXEK6jepXcMThbjgJhe8KdR3Cs9LNZEgBHqS7RBnA5qoLTKi6OpujvWaT1cwsSOVz/xvMJW3QHx57SQ4O7
imhPAVxIIHa9ubEQNslOf89iLQTY9GkjhmT72vxYBKD6x54K2wBvB/wzHStHQEGn3bMIdqqiet6WvYx8mUu2hh6VizyZMDhEtdXEp3+wii3wKS2xLrZXojB5
KSHwOXwmrzE9KROFVXmok5Y/++ThvrQcxFfE628dAheH77qxrHv9k2nverFk1bk4XDAL22FlZa0CVCqVTU/5A11aqXiKlZXKjL8QZPoiI2SEjJARMkJGyAgZ
ISNkhH8DQBtCIm/tjmUAAAAASUVORK5CYII=
END
base64 -d >"$T/qr.png" <<'END'
iVBORw0KGgoAAAANSUhEUgAAAIQAAACEAQAAAAB5P74KAAAA30lEQVR42u2WsXFDMQxDH33ugQ28/1h/A2gCpHCauEjxWSasdCxwAESBmvKzzoPP+uOdmbHP
vA8LHLVcr9hqb/N5AiOEI4/WSgPe+PP8nhryYotTLENcNj6fGQz4zGz4FPDJiy500RIpFKlVcw9nygFcnzJ0806NNQlQr3TRIJFwWxctjQjtxh9aNUkbVemG
jyIQKfd1PUDoCikTbeZH6O02YqOrbYWqLnCeMKALwNTZ5SFmCGfpj4QAtYv7eudhiHK8zMNMOx20yecGgzta7a8zA/VlXff3zvz/E37tfAHf0ousks9mUQAA
AABJRU5ErkJggg==
END
python3 - "$T" <<'PY' || fail "samples"
import struct, sys, zlib
d = sys.argv[1]
def chunk(k, b):
    return struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b))
def png(w, h, rows):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
open(d + "/plain.png", "wb").write(png(300, 200, b"".join(b"\0" + bytes(x * 255 // 300 for x in range(300)) for _ in range(200))))
open(d + "/bomb.png", "wb").write(png(30000, 30000, b"\0" * 1000000))
open(d + "/short.png", "wb").write(png(3000, 3000, b"\0" * 10))
def rec(url, body):
    block = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    return (("WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-%012x>\r\nWARC-Date: 2026-11-20T10:00:00Z\r\n"
        "WARC-Target-URI: %s\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n")
        % (zlib.crc32(url.encode()), url, len(block))).encode() + block + b"\r\n\r\n"
for out, names in (("a.warc", ("prices", "qr", "plain", "bomb")), ("b.warc", ("prices",))):
    open(d + "/" + out, "wb").write(b"".join(
        rec("https://images.example.org/%s/%s.png" % (out, n), open("%s/%s.png" % (d, n), "rb").read()) for n in names))
PY

# --- a file ---
look "$T/prices.png"
if jq -e 'any(.findings[]; .finding == "no-language")' "$T/out" >/dev/null; then
	skip "no Tesseract data for French: text in pictures is not shown"
	ok "nothing to do"
	finish
fi
check 'the text is read' has "$T/out" 'Arrêt maladie 3 jours : 50 euros'
check 'a document has a perceptual hash' jq -e '.phash | length == 16' "$T/out"
check 'it was locked in' jq -e '.sandbox | startswith("no-new-privs")' "$T/out"
look "$T/qr.png"
check 'a code is read' jq -e '.codes == [{"type": "QR-Code", "value": "https://t.me/exemple_demo"}]' "$T/out"
check 'what is no document has none' jq -e '.phash == null' "$T/out"
look "$T/plain.png"
check 'a picture without text has neither' jq -e '.phash == null and .text == null and .codes == null' "$T/out"
look "$T/bomb.png"
check 'too many pixels are a finding' jq -e 'any(.findings[]; .finding == "limit" and .detail == "pixels")' "$T/out"
look "$T/short.png"
check 'a damaged picture is a finding' jq -e 'any(.findings[]; .from == "zbar")' "$T/out"
"$SCELLE" media "$T/prices.png" >"$T/out"
check 'nothing is looked at unasked' jq -e '.text == null and .looked_at == null' "$T/out"

# --- mutated pictures: each ends, with one JSON object ---
if python3 - "$SCELLE" "$T" "${MEDIA_MUTATIONS:-6}" <<'PY'; then
import json, pathlib, random, subprocess, sys
scelle, folder, n = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
chance, died, bad = random.Random(20261123), 0, 0
for name in ("prices.png", "qr.png"):
    whole = (folder / name).read_bytes()
    for i in range(n):
        b = bytearray(whole)
        if i % 4 == 0:
            b = b[:chance.randrange(len(b))]
        for _ in range(chance.randrange(1, 9)):
            if b:
                b[chance.randrange(len(b))] = chance.randrange(256)
        p = subprocess.run([scelle, "media", "--pictures", "-"], input=bytes(b), capture_output=True, timeout=120)
        try:
            died += any(f["finding"] == "reader-died" for f in json.loads(p.stdout)["findings"])
            bad += p.returncode != 0
        except ValueError:
            bad += 1
print("# %d each; the reader died %d times, no answer %d times" % (n, died, bad))
sys.exit(bad != 0)
PY
	ok "mutated pictures"
else
	fail "mutated pictures"
fi

# --- a case ---
expect_exit 0 s init --unit piej-demo --user claire --lab --work-factor 2
expect_exit 0 s case open now --basis 'art. L.114-22-3 CSS' \
	--offence escroquerie --from "$(date -u -d yesterday +%F)" \
	--to "$(date -u -d '+9 days' +%F)"
expect_exit 0 s import now "$T/a.warc" --from x --procedure y --why z
expect_exit 0 s --json search now ordonnance --why test
check 'unasked, the price list is not found' test ! -s "$T/out"
expect_exit 0 s --json reindex now --why 'price lists' --pictures
check 'its pictures are looked at' jq -e '.media_read == 4' "$T/out"
expect_exit 0 s --json search now '"ordonnance simple"' --why test
check 'a photographed price list is found' jq -e '.kind == "medium" and (.text | test("80 euros"))' "$T/out"
hash=$(jq -r .phash "$T/out")
expect_exit 0 s --json search now exemple_demo --why test
check 'and a code' jq -e '.codes[0].value == "https://t.me/exemple_demo"' "$T/out"
expect_exit 0 s search now maladie --why test
check 'shown to a person' has "$T/out" 'text in the picture: TARIFS'
expect_exit 0 s import now "$T/b.warc" --from x --procedure y --why z
expect_exit 0 s --json search now "$hash" --why test
check 'what comes later is looked at too, and is alike' same "$(wc -l <"$T/out")" 2
expect_exit 0 s --json reindex now --why 'no longer needed'
expect_exit 0 s --json search now ordonnance --why test
check 'no longer, when it is put off' test ! -s "$T/out"
expect_exit 0 s --json show now 1 --why test --pictures
check 'one picture, when asked' jq -e '.medium.text | test("maladie")' "$T/out"
expect_exit 2 s show now c/1 --why test --pictures
check_not 'no word of it in clear in the vault' grep -rqaF 'Ordonnance' "$V"
expect_exit 0 "$SCELLE" verify "$V"
finish
