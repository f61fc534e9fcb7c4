#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Compares "scelle media" with what exiftool read of the same files.

usage: media_compare.py SCELLE FOLDER [--min SHARE] [--verbose]

FOLDER holds files and beside each FILE.exiftool.json.  Judged is every field
that is a date, camera, GPS, software, dimension or duration.  Left out: what
exiftool computes from fields judged already (Composite:GPSPosition), names of
persons (dc:Creator) and version numbers of a format.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

JUDGED = re.compile(
    r"Date|When$|OffsetTime|SubSecTime|GPS|Make$|Model$|Serial|Software|"
    r"Toolkit|CreatorTool|Producer$|PDF:Creator$|XMP-pdf:Creator$|"
    r"XML:Application$|AppVersion|Encoder$|Vendor$|Width$|Height$|Duration$|"
    r"Dimensions$")
LEFT_OUT = re.compile(r"Composite:GPSPosition|LinksUpToDate|Maker")

EXIF = {"ModifyDate": "DateTime", "CreateDate": "DateTimeDigitized",
        "ExifImageWidth": "PixelXDimension", "SerialNumber": "BodySerialNumber",
        "ExifImageHeight": "PixelYDimension", "ImageHeight": "ImageLength",
        "SubSecTimeDigitized": "SubSecTimeDigitized"}
XMP = {"ExifImageWidth": "PixelXDimension", "XMPToolkit": "xmptk",
       "ExifImageHeight": "PixelYDimension", "ImageHeight": "ImageLength",
       "HistoryWhen": "History[N]/stEvt:when",
       "HistorySoftwareAgent": "History[N]/stEvt:softwareAgent"}
OTHER = {
    "PDF:CreateDate": "info.CreationDate", "PDF:ModifyDate": "info.ModDate",
    "PDF:Producer": "info.Producer", "PDF:Creator": "info.Creator",
    "XML:CreateDate": "core.created", "XML:ModifyDate": "core.modified",
    "XML:DateCompleted": "custom.Date completed",
    "XML:RecordedDate": "custom.Recorded date",
    "XML:Application": "app.Application", "XML:AppVersion": "app.AppVersion",
    "ZIP:ZipModifyDate": "zip.modified", "PNG:Software": "png.text.Software",
    "QuickTime:CreateDate": "movie.created",
    "QuickTime:ModifyDate": "movie.modified",
    "QuickTime:Duration": "movie.duration",
    "QuickTime:PreviewDuration": "movie.preview_duration",
    "QuickTime:SelectionDuration": "movie.selection_duration",
    "ItemList:ContentCreateDate": "tag.date",
    "Vorbis:Vendor": "ogg.vendor", "Vorbis:Encoder": "stream0.tag.ENCODER",
    "IPTC:DateCreated": "Iptc.Application2.DateCreated",
}
TRACK = {"TrackCreateDate": "created", "TrackModifyDate": "modified",
         "TrackDuration": "duration", "MediaCreateDate": "media.created",
         "MediaModifyDate": "media.modified", "MediaDuration": "media.duration",
         "ImageWidth": "width", "ImageHeight": "height",
         "SourceImageWidth": "sample.width",
         "SourceImageHeight": "sample.height",
         "CleanApertureDimensions": "clean_aperture",
         "ProductionApertureDimensions": "production_aperture",
         "EncodedPixelsDimensions": "encoded_pixels"}


def fraction(text):
    a, _, b = text.partition("/")
    return float(a) / float(b) if b and float(b) else float(a)


def degrees(text):
    total = 0.0
    for i, part in enumerate(text.split()[:3]):
        total += fraction(part) / 60 ** i
    return total


def plain(value):
    """A text as it is compared: dates by their figures, blanks cut."""
    text = str(value).strip().strip("\0").strip()
    m = re.match(r"^(\d{4})[:-](\d\d)[:-](\d\d)(?:[ T](.*))?$", text)
    if m:
        text = "%s-%s-%s %s" % (m[1], m[2], m[3], m[4] or "")
    return text.strip()


def same(want, got):
    if plain(want) == plain(got):
        return True
    try:
        a, b = float(want), float(fraction(str(got)))
    except (TypeError, ValueError):
        return False
    return abs(a - b) <= 1e-6 * max(1.0, abs(a))


def candidates(key, ours):
    """Our values for one of exiftool's fields."""
    group, _, name = key.partition(":")
    fields = ours["named"]
    if group == "QuickTime" and key in OTHER:   # exiftool shows no zone
        return [v.rstrip("Z") for v in fields.get(OTHER[key], [])]
    if key in OTHER:
        return fields.get(OTHER[key], [])
    if group in ("File", "PNG", "GIF", "RIFF") and name in (
            "ImageWidth", "ImageHeight"):
        return [ours.get(name[5:].lower())]
    if key == "GIF:Duration":
        return [ours.get("duration_ms", 0) / 1000]
    if group == "FLAC" and ours["pictures"]:
        return [ours["pictures"][0].get(name[7:].lower())]
    if group == "Composite" and name in ("GPSLatitude", "GPSLongitude",
                                         "GPSAltitude"):
        return [ours.get(name[3:].lower())]
    if key == "Composite:GPSDateTime":
        return [plain(d) + " " + t + "Z" for d in candidates(
            "GPS:GPSDateStamp", ours) for t in candidates(
            "GPS:GPSTimeStamp", ours)]
    if group == "Composite":
        return candidates("GPS:" + name, ours)
    if group == "GPS":
        got = fields.get("Exif.GPSInfo." + name, [])
        if name.endswith(("Latitude", "Longitude")):
            return [degrees(v) for v in got if "/" in v]
        if name == "GPSTimeStamp":
            return [":".join(re.sub(r"\.?0+$", "", "%05.2f" % fraction(p))
                             if i == 2 and fraction(p) % 1 else
                             "%02d" % fraction(p)
                             for i, p in enumerate(v.split()))
                    for v in got if "/" in v]
        return got
    if group in ("IFD0", "ExifIFD"):
        name = EXIF.get(name, name)
        return fields.get("Exif.Image." + name, []) \
            if group == "IFD0" else fields.get("Exif.Photo." + name, [])
    if group.startswith("XMP-"):
        name = "Xmp.%s.%s" % (group[4:], XMP.get(name, name))
        return fields.get(name, [])
    if group.startswith("Track"):
        ours_name = "track%s.%s" % (group[5:], TRACK.get(name, name))
        if name.endswith("Dimensions"):
            w, h = (fields.get(ours_name + "." + d, [""])[0]
                    for d in ("width", "height"))
            return ["%s %s" % (w, h)]
        return [v.rstrip("Z") for v in fields.get(ours_name, [])]
    return []


def read(scelle, path):
    out = subprocess.run([scelle, "media", str(path)], capture_output=True,
                         timeout=120, check=True).stdout
    ours = json.loads(out)
    named = {}
    for f in ours["fields"]:
        name = re.sub(r"\[\d+\]", "[N]", f["name"])
        named.setdefault(name, []).append(f.get("raw", f["value"]))
        if "raw" in f:
            named[name].append(f["value"])
    ours["named"] = named
    return ours


def judge(key, want, ours):
    got = candidates(key, ours)
    if isinstance(want, list):
        return all(any(same(w, g) for g in got) for w in want), got
    if want == "" and not got:
        return True, got
    return any(same(want, g) for g in got), got


def main():
    args = argparse.ArgumentParser()
    args.add_argument("scelle")
    args.add_argument("folder", type=pathlib.Path)
    args.add_argument("--min", type=float, default=0.97)
    args.add_argument("--verbose", action="store_true")
    args = args.parse_args()
    right = total = files = 0
    for told in sorted(args.folder.glob("*.exiftool.json")):
        want = json.loads(told.read_text())
        want = want[0] if isinstance(want, list) else want
        ours = read(args.scelle, str(told)[:-len(".exiftool.json")])
        files += 1
        for key, value in want.items():
            if not JUDGED.search(key) or LEFT_OUT.search(key):
                continue
            ok, got = judge(key, value, ours)
            total += 1
            right += ok
            if args.verbose and not ok:
                print("%s %s: %r, ours %r" % (told.name[:40], key, value,
                                              got[:3]))
    share = right / total if total else 0
    print("%d files, %d of %d fields the same: %.4f" % (files, right, total,
                                                        share))
    sys.exit(0 if total and share >= args.min else 1)


if __name__ == "__main__":
    main()
