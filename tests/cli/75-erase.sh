#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Items, single objects and a whole case are erased by two persons; what fell
# due is erased by a timer; nothing of it is found afterwards, and the vault
# verifies.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
echo 'the words of claire' >"$T/claire"
echo 'the words of denis' >"$T/denis"
as() { local who=$1; shift; "$SCELLE" --vault "$V" --user "$who" --passphrase-file "$T/$who" "$@"; }
s() { as claire "$@"; }
timer() { "$SCELLE" --vault "$V" --user timer --passphrase-file "$T/claire" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
case_dir() { dirname "$(grep -l "\"$1\"" "$V"/cases/*/case.note)"; }
order() { jq -r .order "$T/out"; }
sound() { expect_exit 0 "$SCELLE" verify "$V"; }
anywhere() { grep -rqaF -- "$1" "$V"; }

if ! command -v jq >/dev/null; then
	skip "jq is not installed"
	ok "nothing to do"
	finish
fi
start_site --throttle 0
expect_exit 0 s init --unit piej-demo --user claire --lab --work-factor 2
expect_exit 0 s user add denis --role supervisor --role dpo --name 'Denis Deux' \
	--new-passphrase-file "$T/denis"
expect_exit 0 s case open now --basis 'art. L.114-22-3 CSS' \
	--offence escroquerie --from "$(date -u -d yesterday +%F)" \
	--to "$(date -u -d '+9 days' +%F)"
expect_exit 0 s case source add now telegram:pharma_demo_lab
expect_exit 0 s --json --lab "$LAB" collect now --fast --why routine
expect_exit 0 s --json posts now --why test --limit 1000
cp "$T/out" "$T/posts"
D=$(find "$V/cases" -mindepth 1 -maxdepth 1 | head -n 1)
check 'there are words to erase' test -s "$T/posts"

# --- an order of two ---
item=$(jq -r .capture "$T/posts" | sort -n | head -n 1)
[ "$item" != null ] || item=$(jq -r '.item // .at.item' "$T/posts" | sort -n | head -n 1)
note "item $item"
expect_exit 2 s erase now "$item"
says err '--why'
expect_exit 3 s erase now 99999 --why 'there is none'
says err 'no item'
expect_exit 2 s erase now 1,2 --why x
expect_exit 0 s --json erase now "$item" --why 'not about the target'
id=$(order)
expect_exit 5 s erase --order "$id"
expect_exit 5 s approve "$id"
expect_exit 0 as denis approve "$id"
sound
expect_exit 0 s --json show now "$item" --raw --why test
expect_exit 0 s --json erase --order "$id"
cp "$T/out" "$T/erased"
check 'certified at once' test "$(jq -r .certified "$T/erased")" != null
sound
expect_exit 5 s erase --order "$id"
expect_exit 3 s erase now "$item" --why 'again'
says err "erased already, by order $id"
expect_exit 0 s show now "$item" --why test
says out "erased by order $id"
expect_exit 3 s show now "$item" --raw --why test
says err "erased by order $id"
check 'the key is another' test -f "$D/keys/0002.tab.age"
check 'the old slots are gone' test ! -e "$D/keys/0001.add"
expect_exit 0 s --json posts now --why test --limit 1000
check 'fewer posts' test "$(wc -l <"$T/out")" -lt "$(wc -l <"$T/posts")"
expect_exit 0 s erase now --list
says out 'certified, complete on'

# --- one object of an item ---
other=$((item + 1))
expect_exit 0 s --json erase now "$other/1" --why 'one photograph'
id=$(order)
expect_exit 0 as denis approve "$id"
# Carried out by who is no member: bytes now, keys with the next member.
expect_exit 0 as denis --json erase --order "$id"
check 'no certificate yet' same "$(jq -r .certified "$T/out")" null
sound
expect_exit 0 as denis retention
says out 'wait for a member'
expect_exit 0 s show now "$other" --why test
check 'the statement is still there' has "$T/out" 'URL'
expect_exit 0 as denis --json erase now --list
check 'certified by then' test "$(jq -r '.erasures[1].certified' "$T/out")" != null
sound

# --- classes and clocks ---
expect_exit 0 s case open short --basis 'art. L.114-22-3 CSS' \
	--offence escroquerie --from "$(date -u -d yesterday +%F)" \
	--to "$(date -u -d '+9 days' +%F)" --retention 0,5,20
expect_exit 0 s case source add short telegram:pharma_demo_lab
expect_exit 0 s --json --lab "$LAB" collect short --fast --why routine
expect_exit 0 s --json retention short --within 4d
check 'nothing falls due in four days' same "$(jq '.due | length' "$T/out")" 0
expect_exit 0 s --json retention short --within 6d
all=$(jq '.due | length' "$T/out")
check 'everything does in six' test "$all" -gt 3
expect_exit 5 s case classify short 1 --class relevant --why 'it is about him'
says err 'legal reason'
expect_exit 0 s case classify short 1 --class relevant --why 'it is about him' --legal 'instruction of 2026-11-20'
expect_exit 0 s case classify short 2-3 --class sensitive --why 'somebody else, ill'
expect_exit 3 s case classify short 99999 --class sensitive --why x
expect_exit 2 s case classify short 2 --class secret --why x
expect_exit 0 s --json retention short --within 0
check 'two are due' same "$(jq '.due | length' "$T/out")" 2
expect_exit 0 s --json retention run short --dry-run
check 'a dry run names them' same "$(jq -c '[.due[].item]' "$T/out")" '[2,3]'
expect_exit 0 timer --json retention run
check 'the timer erases both' same "$(jq '[.cases[].items] | add' "$T/out")" 2
sound
expect_exit 0 timer --json retention run
check 'and then nothing' same "$(jq '[.cases[].items] | add' "$T/out")" 0
expect_exit 0 s show short 2 --why test
says out 'erased by the rule of retention'
sound
expect_exit 0 s --json erase short --list
check 'the rule is certified when a member came' test "$(jq -r '.erasures[0].certified' "$T/out")" != null

# --- a whole case ---
expect_exit 0 s --json erase short --all --why 'the procedure is over'
id=$(order)
expect_exit 5 s approve "$id"
expect_exit 0 as denis approve "$id"
expect_exit 0 as denis --json erase --order "$id"
check 'certified' test "$(jq -r .certified "$T/out")" != null
sound
expect_exit 3 s posts short --why test
says err 'purged'
for f in "$V"/cases/*/tag.age; do echo "$f"; done >"$T/tags"
check 'one tag key is left' same "$(wc -l <"$T/tags")" 1
check 'the other case is as it was' s posts now --why test --limit 1
expect_exit 0 s export now -o "$T/bundle.asice" --why 'for the prosecutor' --recipient 'TJ Demo'
expect_exit 0 "$SCELLE" verify "$T/bundle.asice"
check 'the bundle names what was erased, and by which order' \
	test "$(unzip -p "$T/bundle.asice" leaves/case.tsv | grep -c 'erased by order [0-9a-f]')" -eq 2
finish
