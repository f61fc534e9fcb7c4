#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Words of URLs, posts, names, reasons, queries and passphrases are found
# nowhere in clear in the vault, in temporary files or in what is kept outside.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

umask 077
printf 'CANARYpassphrase zephyr\n' >"$T/pass"
mkdir "$T/tmp"
export SCELLE_PASSPHRASE_FILE=$T/pass XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config
export TMPDIR=$T/tmp SQLITE_TMPDIR=$T/tmp SCELLE_VAULT=$T/vault
start_site --throttle 0
export SCELLE_LAB=$LAB
run() { "$SCELLE" --quiet "$@" >>"$T/log" 2>&1 || { note "failed: $*"; tail -3 "$T/log"; return 1; }; }

check "init" run init --unit canari --user camille --lab --work-factor 10
check "case" run case open CANARYreference --basis CANARYbasis --offence CANARYoffence \
	--purpose CANARYpurpose --from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
check "source" run case source add CANARYreference telegram:pharma_demo_lab --reason CANARYreason
check "collect" run collect CANARYreference --fast --why CANARYwhy
check "posts" run posts CANARYreference --why CANARYwhy
check "search" run search CANARYreference "CANARYquery" --why CANARYwhy
check "show" run show CANARYreference 1 --why CANARYwhy
check "reindex" run reindex CANARYreference --why CANARYwhy

# Something that is really in the posts, as they were served.
"$SCELLE" --quiet --json posts CANARYreference --why w 2>/dev/null >"$T/posts"
word=$(grep -o '"text":"[^"\\]\{12,40\}' "$T/posts" | head -1 | cut -c9-)
check "a post's words are known" [ -n "$word" ]
: >"$T/found"
for secret in CANARY zephyr pharma_demo_lab telesco.pe t.me/s/ "$word" AGE-SECRET-KEY PRIVATE+KEY; do
	grep -rlaF -- "$secret" "$T/vault" "$T/tmp" "$T/state" 2>/dev/null |
		sed "s|^|$secret: |" >>"$T/found"
done
check "nothing is in clear on disk" [ ! -s "$T/found" ] || sed 's/^/# /' "$T/found"
check "nothing is left in the temporary directory" [ -z "$(ls -A "$T/tmp")" ]
finish
