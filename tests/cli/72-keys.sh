#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Keys: renewed by their user, taken from who leaves, given back out of the
# escrow with a stock age; and exports that take two.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
as() {
	local who=$1
	shift
	"$SCELLE" --vault "$V" --user "$who" --passphrase-file "$T/pass" "$@"
}
says() { check "$1 says: $2" has "$T/$1" "$2"; }
order() { sed -n 's/.*"order":"\([0-9a-f]*\)".*/\1/p' "$T/out"; }
sound() { expect_exit 0 "$SCELLE" verify "$V"; }
echo 'everybody has the same words' >"$T/pass"
enter() {
	expect_exit 0 as claire user add "$@" --new-passphrase-file "$T/pass" \
		--work-factor 2
}

start_site --throttle 0
expect_exit 0 as claire init --unit piej-demo --lab --work-factor 2
enter anne --role legal
enter paul --role investigator
enter sylvie --role supervisor
expect_exit 0 as claire case open now --basis b --offence o \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
D=$(find "$V/cases" -mindepth 1 -maxdepth 1)
expect_exit 0 as claire case member add now anne
expect_exit 0 as claire case member add now paul
expect_exit 0 as claire case source add now telegram:pharma_demo_lab
expect_exit 0 as claire --json --lab "$LAB" collect now --fast --why routine
expect_exit 0 as anne --json posts now --why w --limit 1000
cp "$T/out" "$T/posts"
check 'there is something to read' test -s "$T/posts"

# --- new keys ---
cp "$V/admin/users/paul.key.age" "$T/old.key.age"
expect_exit 0 as paul key show --user paul
cp "$T/out" "$T/old.pub"
expect_exit 0 as paul key rotate --new-passphrase-file "$T/pass" --work-factor 2
expect_exit 0 as paul key show --user paul
check_not 'the public keys are others' cmp -s "$T/old.pub" "$T/out"
expect_exit 0 as paul --json posts now --why w --limit 1000
check 'and open the same' cmp -s "$T/posts" "$T/out"
sound
cp "$V/admin/users/paul.key.age" "$T/new.key.age"
cp "$T/old.key.age" "$V/admin/users/paul.key.age"
expect_exit 3 as paul posts now --why w
cp "$T/new.key.age" "$V/admin/users/paul.key.age"

# --- who leaves a case: a new key of it, at once or at the next opening ---
EPOCH() { as claire --json case show now | sed -n 's/.*"epoch":\([0-9]*\).*/\1/p'; }
before=$(EPOCH)
cp -r "$D" "$T/case-before"
expect_exit 0 as claire case member remove now paul --reason 'other case'
check 'the case has a new key at once' same "$(EPOCH)" $((before + 1))
check 'no wrap of the old one is left' test ! -e "$D/wraps/$before/anne.age"
check 'none of who left' test -z "$(find "$D/wraps" -name 'paul.age')"
expect_exit 5 as paul posts now --why w
expect_exit 0 as anne --json posts now --why w --limit 1000
check 'who stayed reads all of it' cmp -s "$T/posts" "$T/out"
sound
# Wrapped as before, the old wrap opens nothing of today's slots.
mkdir -p "$D/wraps/$((before + 1))"
cp "$T/case-before/wraps/$before/paul.age" "$D/wraps/$((before + 1))/paul.age"
expect_exit 5 as paul posts now --why w
rm "$D/wraps/$((before + 1))/paul.age"
# By somebody who reads nothing: due, until a member opens the case.
expect_exit 0 as claire case member add now paul
expect_exit 0 as sylvie case member remove now paul --reason 'left the unit'
expect_exit 0 as claire --json case show now
says out '"epoch_due":true'
expect_exit 0 as anne posts now --why w
expect_exit 0 as claire --json case show now
says out '"epoch_due":false'
check 'a new key again' same "$(EPOCH)" $((before + 2))
sound

# --- escrow: two persons enter it, and a stock age opens what it was given ---
if command -v age >/dev/null && command -v age-keygen >/dev/null; then
	age-keygen -o "$T/escrow.key" 2>/dev/null
	TO=$(age-keygen -y "$T/escrow.key")
	expect_exit 0 as sylvie --json escrow set "$TO" --reason 'offline key'
	ORDER=$(order)
	expect_exit 0 as sylvie --json escrow show
	says out '"escrow":null'
	expect_exit 0 as claire approve "$ORDER"
	expect_exit 0 as sylvie escrow show
	says out "$TO"
	expect_exit 0 as claire --json case show now
	says out '"escrow":null'
	expect_exit 0 as anne posts now --why w
	expect_exit 0 as claire --json case show now
	says out "\"escrow\":\"$TO\""
	expect_exit 0 as claire case open later --basis b --offence o \
		--from 2026-01-01 --to 2099-01-01
	expect_exit 0 as claire --json case show later
	says out "\"escrow\":\"$TO\""
	expect_exit 3 as sylvie escrow set age1notone --reason r
	# docs/recovery.md
	expect_exit 0 age -d -i "$T/escrow.key" \
		-o "$T/case.key" "$D/wraps/$(EPOCH)/_escrow.age"
	check 'out comes the case key of now' \
		same "$(age-keygen -y "$T/case.key")" \
		"$(as claire --json case show now | sed -n 's/.*"public":"\([^"]*\)".*/\1/p')"
	expect_exit 0 as sylvie --json escrow restore now paul --key-file \
		"$T/case.key" --reason 'claire and anne are gone'
	ORDER=$(order)
	expect_exit 5 as sylvie escrow restore now paul --order "$ORDER" \
		--key-file "$T/case.key" --reason 'too early'
	expect_exit 0 as claire approve "$ORDER"
	expect_exit 3 as sylvie escrow restore now paul --order "$ORDER" \
		--key-file "$T/escrow.key" --reason 'another key'
	expect_exit 0 as sylvie escrow restore now paul --order "$ORDER" \
		--key-file "$T/case.key" --reason 'claire and anne are gone'
	expect_exit 0 as paul --json posts now --why w --limit 1000
	check 'who was let in reads all of it' cmp -s "$T/posts" "$T/out"
	expect_exit 5 as anne escrow set none --reason r
	sound
else
	skip 'no age: the recovery ceremony is not shown'
fi

# --- keys nobody should have ---
expect_exit 3 "$SCELLE" --vault "$T/v3" --user claire --passphrase-file \
	"$T/pass" init --unit other --work-factor 2 --escrow age1notone
check_not 'no vault with an escrow nobody can open' test -e "$T/v3"
expect_exit 0 "$SCELLE" --vault "$T/v3" --user claire --passphrase-file \
	"$T/pass" init --unit other --work-factor 2 --escrow \
	"$(as claire key show | sed -n 's/^receive //p')"
expect_exit 0 "$SCELLE" --vault "$T/v3" --user claire --passphrase-file \
	"$T/pass" escrow show
says out 'age1'
expect_exit 3 as sylvie escrow set \
	age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsqurrwc --reason r

# What old keys signed while they counted is theirs still.
expect_exit 0 as sylvie --json audit --why 'after all the keys' --by paul
check_not 'no record is called forged' grep -q '"forged":true\|not signed by' "$T/out"
says out '"command":"key rotate"'

# --- an export takes two where the policy says so ---
expect_exit 0 as sylvie --json policy set export-orders required --reason r
ORDER=$(order)
expect_exit 0 as claire approve "$ORDER"
expect_exit 0 as anne --json export now -o "$T/x.zip" --why 'for the judge' \
	--recipient 'TJ de Paris'
ORDER=$(order)
check_not 'nothing has left' test -e "$T/x.zip"
expect_exit 5 as anne approve "$ORDER"
expect_exit 5 as anne export now -o "$T/x.zip" --why 'for the judge' \
	--recipient 'TJ de Paris' --order "$ORDER"
says err 'waits for a second person'
expect_exit 0 as sylvie approve "$ORDER"
expect_exit 5 as anne export now -o "$T/x.zip" --why 'for the judge' \
	--recipient 'somebody else' --order "$ORDER"
says err 'is for something else'
expect_exit 0 as anne export now -o "$T/x.zip" --why 'for the judge' \
	--recipient 'TJ de Paris' --order "$ORDER"
expect_exit 5 as anne export now -o "$T/y.zip" --why 'for the judge' \
	--recipient 'TJ de Paris' --order "$ORDER"
says err 'was used already'
expect_exit 0 "$SCELLE" verify "$T/x.zip"
expect_exit 0 as anne export now -o "$T/z.zip" --why 'for the judge' \
	--recipient 'TJ de Paris' --break-glass 'custody ends at noon'
says err 'GLASS BROKEN'
expect_exit 0 "$SCELLE" --vault "$V" --json status
says out '"glass_open":1'
sound
finish
