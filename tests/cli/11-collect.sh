#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# A pass over a case's sources: what it may not do it refuses on record, what it
# does is sealed, an interrupt ends it safely.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
echo 'the words of claire' >"$T/pass"
echo 'the words of the unit' >"$T/unit"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
day() { date -u -d "$1" +%F; }
leaves() { "$SCELLE" --vault "$V" --json status | sed 's/.*"leaves":\([0-9]*\).*/\1/'; }

start_site --throttle 0
expect_exit 0 s init --unit piej-demo --user claire --lab --work-factor 2 \
	--unit-passphrase-file "$T/unit"
for ref in now early over closed; do
	case $ref in
	early) from=$(day '+5 days') to=$(day '+9 days') ;;
	over) from=$(day '-9 days') to=$(day '-5 days') ;;
	*) from=$(day yesterday) to=$(day '+9 days') ;;
	esac
	expect_exit 0 s case open $ref --basis 'art. L.114-22-3 CSS' \
		--offence escroquerie --from "$from" --to "$to"
	expect_exit 0 s case source add $ref telegram:pharma_demo_lab
done
expect_exit 0 s case close closed --reason over

# --- refused, and on record ---
for ref in early over closed nowhere; do
	before=$(leaves)
	expect_exit 5 s --lab "$LAB" collect $ref --fast --why 'routine'
	check "the refusal of '$ref' is a leaf" test "$(leaves)" -gt "$before"
done
before=$(leaves)
expect_exit 5 s --lab "$LAB" collect now telegram:another_one --fast
check 'a source the case does not have is refused on record' \
	test "$(leaves)" -gt "$before"
check 'not one byte was asked for' test ! -s "$SITE_LOG"
expect_exit 2 s collect now --fast
says err 'name its file with --lab'

# --- a pass ---
expect_exit 0 s --json --lab "$LAB" collect now --fast --pages 2 --why 'routine'
says out '"cancelled":false'
check_not 'pages were read' grep -q '"pages":0,' "$T/out"
check_not 'posts were found' grep -q '"posts":0,' "$T/out"
check 'no error on stderr' test ! -s "$T/err"
expect_exit 0 "$SCELLE" verify "$V"
says out 'SOUND'
expect_exit 0 s --json --lab "$LAB" collect now telegram:pharma_demo_lab --fast
expect_exit 0 "$SCELLE" verify "$V" --receipts

# --- nobody logged in ---
t() { "$SCELLE" --vault "$V" --user timer --passphrase-file "$T/unit" "$@"; }
expect_exit 0 t --lab "$LAB" collect now --fast --pages 1
expect_exit 5 t posts now --why curious
expect_exit 5 t case close now --reason x

# --- another writer ---
exec 9>"$V/LOCK"
flock 9
expect_exit 3 s --lab "$LAB" collect now --fast
says err 'is locked'
exec 9>&-

# --- an interrupt ---
cp -r "$V" "$T/slow"
"$SCELLE" --vault "$T/slow" --passphrase-file "$T/pass" --lab "$LAB" \
	collect now >"$T/out" 2>"$T/err" &
pid=$!
sleep 2
kill -INT $pid
wait $pid
check 'an interrupt ends a pass well' test $? -eq 0
says out 'stopped'
expect_exit 0 "$SCELLE" verify "$T/slow"

# --- outside the lab ---
V=$T/real
expect_exit 0 s init --unit piej-demo --user claire --work-factor 2
expect_exit 0 s case open now --basis b --offence o --from "$(day yesterday)" \
	--to "$(day '+9 days')"
expect_exit 0 s case source add now telegram:pharma_demo_lab
expect_exit 5 s collect now --fast
says err '--fast is refused'
expect_exit 5 s --lab "$LAB" collect now
says err 'no lab file is read'

finish
