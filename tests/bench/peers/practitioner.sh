#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# What a careful person does with tools at hand: fetch into WARC, hash, pull out
# the posts, pack and encrypt.
# usage: practitioner.sh URLS DIR AGE-RECIPIENT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
urls=$1 dir=$2 to=$3
mkdir -p "$dir"
cd "$dir"
wget -q -x --no-http-keep-alive -i "$urls" --warc-file=capture
find . -type f -print0 | sort -z | xargs -0 sha256sum >../SHA256SUMS
mv ../SHA256SUMS .
/usr/bin/python3 "$here/parse.py" bs4 "$(dirname "$(find . -name '00000.html')")" posts.jsonl >/dev/null
tar -cf - . | age -r "$to" -o ../case.tar.age
