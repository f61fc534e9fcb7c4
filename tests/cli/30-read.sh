#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# What was collected is read back: posts, searches, versions, the sealed bytes;
# with a reason, on record, with numbers masked.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
echo 'the words of claire' >"$T/pass"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
leaves() { "$SCELLE" --vault "$V" --json status | sed 's/.*"leaves":\([0-9]*\).*/\1/'; }
collect() { expect_exit 0 s --json --lab "$LAB" collect now --fast --why routine; }

if ! command -v jq >/dev/null; then
	skip "jq is not installed"
	ok "nothing to do"
	finish
fi
start_site --throttle 0
expect_exit 0 s init --unit piej-demo --user claire --lab --work-factor 2
expect_exit 0 s case open now --basis 'art. L.114-22-3 CSS' \
	--offence escroquerie --from "$(date -u -d yesterday +%F)" \
	--to "$(date -u -d '+9 days' +%F)"
expect_exit 0 s case source add now telegram:pharma_demo_lab
collect
D=$(dirname "$(find "$V/cases" -name case.note | head -n 1)")

# --- a reason, and a record before anything is read ---
before=$(leaves)
expect_exit 2 s posts now
says err 'reading takes a reason'
check 'nothing was recorded' same "$(leaves)" "$before"
expect_exit 0 s posts now --why 'first look'
check 'a reading is a leaf' test "$(leaves)" -gt "$before"
check 'the index is kept, sealed' grep -q '^age-encryption.org/v1' "$D/index.age"
expect_exit 3 s posts nowhere --why 'x'

# --- posts ---
expect_exit 0 s --json posts now --why test --limit 1000
cp "$T/out" "$T/posts"
check 'one line of JSON a post' jq -e . "$T/posts" >/dev/null
jq -r .post_id "$T/posts" | sort >"$T/ids"
check 'no post stands there twice' test -z "$(uniq -d "$T/ids")"
jq -r .published "$T/posts" >"$T/dates"
check 'newest first' sort -c -r "$T/dates"
expect_exit 0 s --json posts now --why test
check 'twenty, if nothing else is asked' same "$(wc -l <"$T/out")" 20
expect_exit 0 s --json posts now --why test --limit 3
check 'or as many as asked' same "$(wc -l <"$T/out")" 3
day=$(sed -n '5s/T.*//p' "$T/dates")
expect_exit 0 s --json posts now --why test --since "$day" --until "$day" --limit 1000
check 'all of a day and of no other' same "$(jq -r '.published[0:10]' "$T/out" | sort -u)" "$day"
check 'not one is missing' same "$(wc -l <"$T/out")" "$(grep -c "^$day" "$T/dates")"
expect_exit 0 s --json posts now --why test --source telegram:pharma_demo_lab --limit 1000
check 'of one source' same "$(wc -l <"$T/out")" "$(wc -l <"$T/posts")"
expect_exit 0 s --json posts now --why test --source telegram:nobody
check 'of no source' same "$(wc -l <"$T/out")" 0
expect_exit 0 s posts now --why test
check 'times have Paris beside them' grep -q 'Z (.* in Paris)' "$T/out"
expect_exit 2 s posts now --why test --since 2026-02-30
expect_exit 2 s posts now --why test --limit many

# --- search ---
word=$(jq -r '.text // empty' "$T/posts" | tr -cs '[:alpha:]' '\n' | grep -E '^[a-z]{6,}$' | head -n 1)
note "the word is '$word'"
expect_exit 0 s --json search now "$word" --why test --limit 1000
check 'a word is found' test -s "$T/out"
check 'the match is shown' grep -q '\[' "$T/out"
n=$(wc -l <"$T/out")
expect_exit 0 s --json search now "${word^^}" --why test --limit 1000
check 'whatever its case' same "$(wc -l <"$T/out")" "$n"
expect_exit 0 s --json search now "$word" --best --why test --limit 1000
check 'best first finds the same' same "$(wc -l <"$T/out")" "$n"
jq -r .score "$T/out" >"$T/scores"
check 'and ranks' sort -c -g -r "$T/scores"
expect_exit 0 s search now xyzzyplugh --why test
says err 'nothing found'
check 'nothing on stdout' test ! -s "$T/out"
expect_exit 3 s search now '"open' --why test

# --- one post, one item ---
id=$(sed -n 3p "$T/posts" | jq -r .post_id)
item=$(sed -n 3p "$T/posts" | jq -r .item)
off=$(sed -n 3p "$T/posts" | jq -r .at.offset)
len=$(sed -n 3p "$T/posts" | jq -r .at.length)
expect_exit 0 s show now "$id" --why test
says out "stood in item $item, at byte $off"
expect_exit 0 s show now "$item" --why test --raw --body
dd if="$T/out" bs=1 skip="$off" count="$len" 2>/dev/null >"$T/piece"
check 'those bytes of the sealed page are the post' has "$T/piece" "data-post=\"$id\""
expect_exit 0 s show now "$item" --why test --raw
mv "$T/out" "$T/raw"
expect_exit 0 "$SCELLE" warc check "$T/raw"
s show now "$item" --why test --statement >"$T/note"
check 'the statement is a signed note' grep -q '^scelle/v1/capture$' "$T/note"
check 'signed by the collector' grep -q '^— .*/collector ' "$T/note"
expect_exit 0 s show now "$item" --why test
for part in URL status server TLS certificates DNS robots.txt turn 'statement sha256' "$id"; do
	says out "$part"
done
expect_exit 0 s --json show now "$item" --why test
check 'its posts are in it' test "$(jq '.posts | length' "$T/out")" -gt 0
check 'the leaf is named' test "$(jq .position "$T/out")" -gt 0
expect_exit 3 s show now 99999 --why test
says err 'no item 99999'
expect_exit 3 s show now pharma_demo_lab/99999999 --why test
expect_exit 2 s show now "$item" --why test --body
expect_exit 2 s show now "$id" --why test --raw

# --- the media of a post ---
medium=$(jq -r 'select(.media | map(.url) | any) | .post_id' "$T/posts" | head -n 1)
expect_exit 0 s --json show now "$medium" --why test
check 'the items that hold its media' grep -q '"kind":"media-item"' "$T/out"
m=$(jq -r 'select(.kind == "media-item") | .item' "$T/out" | head -n 1)
expect_exit 0 s show now "$m" --why test --raw --body
check 'are media' test -s "$T/out"

# --- caches: deleted, spoilt, built anew, they give the same ---
s --json posts now --why test --limit 1000 >"$T/posts"
rm "$D/index.age"
expect_exit 0 s --json posts now --why test --limit 1000
check 'without the snapshot the same' cmp -s "$T/out" "$T/posts"
rm -f "$D/index.age" "$D/derived.cache"
expect_exit 0 s --json posts now --why test --limit 1000
check 'from the sealed bytes alone the same' cmp -s "$T/out" "$T/posts"
printf 'x' | dd of="$D/index.age" bs=1 seek=2000 conv=notrunc 2>/dev/null
expect_exit 0 s --json posts now --why test --limit 1000
check 'a spoilt snapshot is set aside' has "$T/err" 'index set aside'
check 'and gives the same' cmp -s "$T/out" "$T/posts"
expect_exit 0 s --json reindex now --why test
check 'reindex finds the same' jq -e '.before.posts == .now.posts and
	.before.versions == .now.versions and .parsed > 0' "$T/out"

# --- the world goes on: edited, gone, new ---
site_admin advance >/dev/null
collect
expect_exit 0 s --json posts now --why test --limit 1000
check 'new posts are there' test "$(wc -l <"$T/out")" -gt "$(wc -l <"$T/posts")"
edited=$(jq -r 'select(.versions > 1) | .post_id' "$T/out" | head -n 1)
check 'an edited post has versions' test -n "$edited"
check 'a post that is gone has vanished' test -n "$(jq -r 'select(.vanished) | .post_id' "$T/out")"
expect_exit 0 s --json show now "$edited" --why test
check 'all of them are shown' same "$(jq -s 'map(select(.kind == "post")) | length' "$T/out")" \
	"$(jq -s 'map(select(.kind == "post"))[0].versions' "$T/out")"
expect_exit 0 s --json timeline now --why test
for what in published 'first seen' edited vanished; do
	check "the timeline has: $what" has "$T/out" "\"what\":\"$what\""
done
check 'what changed is said' jq -e -s 'all(select(.what == "edited").changed)' "$T/out"
check 'no counters unless asked' hasnt "$T/out" '"what":"counted"'
jq -r .time "$T/out" >"$T/times"
check 'in order' sort -c "$T/times"
expect_exit 0 s --json timeline now --why test --counters
check 'counters, when asked' has "$T/out" '"what":"counted"'
expect_exit 0 s --json show now "$edited" --why test
check 'and with their post' has "$T/out" '"kind":"counted"'
expect_exit 0 s show now "$edited" --why test
says out '(changed: text'
expect_exit 0 s timeline now --why test --until 2000-01-01
check 'and within bounds' test ! -s "$T/out"

# --- what is asked is on record; numbers are not, but that they were shown ---
nir='2 95 10 99 126 111 93'
expect_exit 0 s search now "$nir" --why 'a number'
expect_exit 0 s --json posts now --why 'in clear' --unmask
expect_exit 0 s --json audit --why control
check 'the question is in the audit' has "$T/out" '2 ** ** ** *** *** 93'
check 'the number is not' hasnt "$T/out" "$nir"
grep -F 'in clear' "$T/out" >"$T/clear"
check 'that numbers were shown is' grep -q '"unmasked":true' "$T/clear"
check 'and only there' same "$(grep -c '"unmasked":true' "$T/out")" 1

# --- nothing in clear on disk ---
check_not 'no word of a post is in the vault' grep -rqaF "$word" "$V"
expect_exit 0 "$SCELLE" verify "$V"
says out 'SOUND'

# --- in French ---
expect_exit 0 env -u LC_ALL LANG=fr_FR.UTF-8 LANGUAGE=fr "$SCELLE" --vault "$V" \
	--passphrase-file "$T/pass" show now "$item" --why test
says out 'feuille'
says out 'à Paris'
finish
