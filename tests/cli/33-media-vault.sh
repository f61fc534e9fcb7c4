#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# shellcheck disable=SC2016  # the variables in single quotes are jq's
# What captured media say of themselves, from the sealed bytes: in show, posts,
# search, timeline and the bundle; each read on record.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
echo 'the words of claire' >"$T/pass"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }

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
expect_exit 0 s --json --lab "$LAB" collect now --fast --why routine
D=$(dirname "$(find "$V/cases" -name case.note | head -n 1)")

# --- beside the posts ---
expect_exit 0 s --json posts now --why test --limit 1000
cp "$T/out" "$T/posts"
jq -c '.media[]? | .captured[]?' "$T/posts" >"$T/media"
check 'media are read' test -s "$T/media"
check 'each has a type and a digest' jq -e -s \
	'all(.type and (.sha256 | length == 64) and (.item >= 0))' "$T/media"
check 'pictures have dimensions' jq -e -s 'any(.type == "image/jpeg" and
	.width > 0 and .height > 0)' "$T/media"
check 'films have a duration' jq -e -s 'any(.duration_ms > 0)' "$T/media"
check 'a camera is named' jq -e -s 'any(.camera_model)' "$T/media"
check 'a place is told' jq -e -s 'any(.latitude and .longitude)' "$T/media"

# --- an item, and the bytes themselves ---
item=$(jq -r 'select(.camera_model) | .item' "$T/media" | head -n 1)
model=$(jq -r 'select(.camera_model) | .camera_model' "$T/media" | head -n 1)
note "item $item, camera '$model'"
expect_exit 0 s --json show now "$item" --why test
jq -cS .medium "$T/out" >"$T/shown"
check 'show has the record' jq -e '.fields | length > 3' "$T/shown"
s show now "$item" --why test --raw --body | "$SCELLE" media - | jq -cS . >"$T/piped"
check 'the sealed body, read outside the vault, says the same' cmp "$T/shown" "$T/piped"
sum=$(s show now "$item" --why test --raw --body | sha256sum | cut -d' ' -f1)
check 'and has that digest' same "$(jq -r .sha256 "$T/shown")" "$sum"
expect_exit 0 s show now "$item" --why test
says out 'the medium says of itself'
says out "$model"
says out "$sum"
post=$(jq -r --argjson n "$item" 'select(any(.media[]?.captured[]?; .item == $n)) | .post_id' "$T/posts" | head -n 1)
expect_exit 0 s show now "$post" --why test
says out "item $item (status 200)"
says out "$model"

# --- found, in order, in the bundle ---
expect_exit 0 s --json search now "\"$model\"" --why test --limit 1000
check 'a search finds a medium by its camera' jq -e -s --argjson n "$item" \
	'any(.kind == "medium" and .item == $n)' "$T/out"
expect_exit 0 s search now "\"$model\"" --why test --limit 1000
says out "medium, item $item"
expect_exit 0 s --json search now "\"$model\"" --why test --source telegram:nobody
check 'of no source' test ! -s "$T/out"
expect_exit 0 s --json timeline now --why test
check 'the timeline has when it says it was taken' jq -e -s \
	--argjson n "$item" 'any(.what == "taken" and .item == $n)' "$T/out"
expect_exit 0 s export now -o "$T/bundle.zip" --why test --recipient r
unzip -p "$T/bundle.zip" media.jsonl >"$T/media.jsonl"
check 'the bundle has the records' jq -e -s --argjson n "$item" \
	'any(.capture == $n and .kind == "medium")' "$T/media.jsonl"
expect_exit 0 "$SCELLE" verify "$T/bundle.zip"

# --- the items are in the record of what was shown ---
expect_exit 0 s --json audit --why control
check 'that the medium was shown is on record' has "$T/out" '"posts"'

# --- read once, kept sealed, read again by reindex ---
expect_exit 0 s --json reindex now --why test
check 'reindex reads them again' jq -e '.media_read > 0' "$T/out"
rm "$D/index.age"
expect_exit 0 s --json posts now --why test --limit 1000
check 'the same from the kept records' cmp -s "$T/out" "$T/posts"
rm -f "$D/index.age" "$D/derived.cache"
expect_exit 0 s --json posts now --why test --limit 1000
check 'the same from the sealed bytes' cmp -s "$T/out" "$T/posts"
check_not 'no camera in clear in the vault' grep -rqaF "$model" "$V"
expect_exit 0 "$SCELLE" verify "$V"
finish
