#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# scelle media: what is read, what is refused, and that nothing a file holds
# ends the reading of the next.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Synthetic files, made here: no tool but python's standard library.
python3 - "$T" <<'PY' || fail "samples"
import struct, sys, zipfile, zlib
d = sys.argv[1]
def chunk(k, b):
    return struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b))
def png(w, h, *more, idat=b"\0"):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0))
            + b"".join(more) + chunk(b"IDAT", zlib.compress(idat)) + chunk(b"IEND", b""))
open(d + "/a.png", "wb").write(png(3, 2, chunk(b"tEXt", b"Software\0example 1.0"),
     chunk(b"tIME", struct.pack(">HBBBBB", 2026, 11, 22, 10, 11, 12))))
open(d + "/huge.png", "wb").write(png(2000000000, 2000000000))
# ten megabytes of text in some kilobytes
open(d + "/text.png", "wb").write(png(1, 1, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * 10**7))))
tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", 2)
tiff += struct.pack("<HHII", 0x10f, 2, 8, 38) + struct.pack("<HHII", 0x131, 2, 8, 46) + b"\0\0\0\0"
tiff += b"Example\0" + b"Prog 2\0\0"
open(d + "/a.tif", "wb").write(tiff)
open(d + "/a.jpg", "wb").write(b"\xff\xd8\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
     + b"\xff\xc0\0\x0b\x08\0\x07\0\x09\x01\x01\x11\0\xff\xd9")
def box(k, b):
    return struct.pack(">I", len(b) + 8) + k + b
t = 2082844800 + 1700000000
mvhd = struct.pack(">IIIII", 0, t, t, 1000, 2500) + bytes(80)
open(d + "/a.mp4", "wb").write(box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", box(b"mvhd", mvhd)))
deep = b""
for _ in range(3000):
    deep = box(b"udta", deep)
open(d + "/deep.mp4", "wb").write(box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", deep))
open(d + "/a.pdf", "wb").write(b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[]/Count 0>> endobj\n"
     b"3 0 obj <</Producer(example press)/CreationDate(D:20261122101112+01'00')>> endobj\ntrailer <</Root 1 0 R/Info 3 0 R>>\n")
bomb = zlib.compress(zlib.compress(b"\0" * 10**8, 9), 9)
open(d + "/bomb.pdf", "wb").write(b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R/Metadata 4 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[]/Count 0>> endobj\n"
     b"4 0 obj <</Type/Metadata/Filter[/FlateDecode/FlateDecode]/Length " + str(len(bomb)).encode() + b">> stream\n" + bomb + b"\nendstream endobj\ntrailer <</Root 1 0 R>>\n")
TYPES = ('<Types><Override ContentType="application/vnd.openxmlformats-officedocument.'
         'wordprocessingml.document.main+xml"/></Types>')
def docx(name, core):
    with zipfile.ZipFile(d + "/" + name, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", TYPES)
        z.writestr("docProps/core.xml", core)
docx("a.docx", '<c xmlns:d="urn:d"><d:creator>Camille Exemple</d:creator></c>')
docx("bomb.docx", "<c>" + " " * (2 * 10**8) + "</c>")
docx("laugh.docx", '<!DOCTYPE c [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><c><x>&b;</x></c>')
docx("xxe.docx", '<!DOCTYPE c [<!ENTITY a SYSTEM "file:///etc/passwd">]><c><x>&a;</x></c>')
PY

media() { "$SCELLE" media "$1" >"$T/out" 2>"$T/err"; }
# says NAME FILE TEXT: the answer is one whole JSON object that holds TEXT
says() {
	if media "$T/$2" && jq -e . "$T/out" >/dev/null && grep -qF "$3" "$T/out"; then
		ok "$1"
	else
		fail "$1"
		head -c 600 "$T/out"
	fi
}

says "png: dimensions" a.png '"width":3,"height":2'
says "png: the text it holds" a.png 'example 1.0'
says "png: when it was changed" a.png '2026-11-22T10:11:12Z'
says "tiff: camera" a.tif '"camera_make":"Example"'
says "jpeg: camera" a.jpg '"camera_make":"Example"'
says "jpeg: software" a.jpg '"software":"Prog 2"'
says "jpeg: dimensions" a.jpg '"width":9,"height":7'
says "mp4: when the film says it was made" a.mp4 '2023-11-14T22:13:20Z'
says "mp4: how long it is" a.mp4 '"duration_ms":2500'
says "pdf: what made it" a.pdf '"software":"example press"'
says "pdf: when" a.pdf '"taken":"2026-11-22T10:11:12+01:00"'
says "pdf: the field as it stands" a.pdf "D:20261122101112+01'00'"
says "docx: a document, not an archive" a.docx 'wordprocessingml.document"'
says "docx: author" a.docx '"author":"Camille Exemple"'
says "the reader was locked in" a.png '"sandbox":"no-new-privs'
sum=$(sha256sum "$T/a.png" | cut -d' ' -f1)
says "digest" a.png "\"sha256\":\"$sum\""
if [ "$("$SCELLE" media - <"$T/a.png")" = "$("$SCELLE" media "$T/a.png")" ]; then
	ok "standard input"
else
	fail "standard input"
fi

says "huge dimensions are a finding" huge.png 'huge-dimensions'
says "a text bomb is cut" text.png 'text-cut'
says "boxes without end are a finding" deep.mp4 'too-deep'
says "a stream bomb in a PDF is a finding" bomb.pdf '"finding"'
says "an archive bomb is a finding" bomb.docx 'part-too-long'
says "entities are refused" laugh.docx 'xml-with-declarations'
says "nothing outside is read" xxe.docx 'xml-with-declarations'
hasnt "$T/out" root:
expect_exit 3 "$SCELLE" media "$T/not-there"
expect_exit 2 "$SCELLE" media

# Cut short and mutated: each ends, with one JSON object.
if python3 - "$SCELLE" "$T" "${MEDIA_MUTATIONS:-4}" <<'PY'; then
import json, os, pathlib, random, subprocess, sys
scelle, folder, n = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
files = [folder / f for f in ("a.png", "a.jpg", "a.tif", "a.mp4", "a.pdf", "a.docx")]
shared = os.environ.get("SCELLE_SHARED")
if shared and n > 50:
    files += [p for p in sorted(pathlib.Path(shared, "corpus/media").iterdir())
              if p.suffix != ".json"]
chance, died, bad = random.Random(20261122), 0, 0
for path in files:
    whole = path.read_bytes()
    for i in range(n):
        b = bytearray(whole)
        if i % 4 == 0:
            b = b[:chance.randrange(len(b))]
        else:
            for _ in range(chance.randrange(1, 9)):
                b[chance.randrange(len(b))] = chance.randrange(256)
        p = subprocess.run([scelle, "media", "-"], input=bytes(b), capture_output=True, timeout=90)
        try:
            o = json.loads(p.stdout)
            died += any(f["finding"] == "reader-died" for f in o["findings"])
            bad += p.returncode != 0
        except ValueError:
            bad += 1
print("# %d files, %d each; the reader died %d times, no answer %d times" % (len(files), n, died, bad))
sys.exit(bad != 0)
PY
	ok "cut short and mutated files"
else
	fail "cut short and mutated files"
fi

if [ -z "${SCELLE_SHARED:-}" ]; then
	skip "the corpus of media: SCELLE_SHARED is not set"
else
	check "dates, cameras, places, software, sizes as exiftool reads them" \
		python3 tests/tools/media_compare.py "$SCELLE" "$SCELLE_SHARED/corpus/media" --min 0.97
	for f in "$SCELLE_SHARED"/corpus/media/*; do
		case $f in *.json) continue ;; esac
		"$SCELLE" media "$f" >"$T/one" || fail "${f##*/}"
		jq -e .sha256 "$T/one" >/dev/null || fail "${f##*/}: no answer"
	done
	ok "each file of the corpus has an answer"
fi
finish
