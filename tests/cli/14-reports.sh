#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# shellcheck disable=SC2016  # the variables in single quotes are jq's
# Papers for authorities: the list of collection operations (by a member, and by
# a supervisor who may read nothing), the data-protection sheet, the origin of
# what is known of a person; an export that is handed over and one that is not.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
for who in claire sylvie paul; do echo "the words of $who" >"$T/$who"; done
as() { local who=$1; shift; "$SCELLE" --vault "$V" --user "$who" --passphrase-file "$T/$who" "$@"; }
jqe() { jq -e "$@" >/dev/null; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }

if ! command -v jq >/dev/null; then
	skip "jq is not installed"
	ok "nothing to do"
	finish
fi
start_site --throttle 0
expect_exit 0 as claire init --unit piej-demo --user claire --lab --work-factor 2
expect_exit 0 as claire user add sylvie --role supervisor --new-passphrase-file "$T/sylvie" --work-factor 2
expect_exit 0 as claire user add paul --role investigator --new-passphrase-file "$T/paul" --work-factor 2
expect_exit 0 as claire case open now --basis 'art. L.114-22-3 CSS' --offence escroquerie \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
expect_exit 0 as claire case source add now telegram:pharma_demo_lab
expect_exit 0 as claire --lab "$LAB" collect now --fast --why 'première collecte'

# --- operations ---
expect_exit 2 as claire report operations now
expect_exit 0 as claire report operations now --why 'demande du parquet'
says out 'LISTE DES OPÉRATIONS DE COLLECTE'
says out 'SANS VALEUR PROBANTE'
says out 'première collecte'
says out 'telegram:pharma_demo_lab'
expect_exit 0 as claire report operations now --why test --format json
cp "$T/out" "$T/member.json"
check 'the counts add up' jqe '([.operations[].operations] | add) <= .pieces and (.operations | length) >= 1' "$T/member.json"
check 'each operation names who, when, why' jqe 'all(.operations[]; .agent == "claire" and .motif == "première collecte" and .debut <= .fin)' "$T/member.json"
expect_exit 0 as claire report operations now --why test --format csv
check 'a line for each, and its head' same "$(wc -l <"$T/out")" $(($(jq '.operations | length' "$T/member.json") + 1))
# Who reads no content gets the same passes from the audit.
expect_exit 0 as sylvie report operations now --why 'demande de la CNIL' --format json
cp "$T/out" "$T/audit.json"
check 'without opening the case' jqe .sans_ouvrir_le_dossier "$T/audit.json"
check 'as many operations in all' same "$(jq '[.operations[].operations] | add' "$T/audit.json")" \
	"$(jq '[.operations[].operations] | add' "$T/member.json")"
check 'by the same person' jqe 'all(.operations[]; .agent == "claire")' "$T/audit.json"
expect_exit 5 as paul report operations now --why 'curious'

# --- aipd ---
expect_exit 0 as sylvie report aipd
says out 'telegram'
says out '365 jours'
check_not 'nobody is named' grep -qiE 'claire|sylvie|paul' "$T/out"
expect_exit 0 as sylvie report aipd --format json
check 'as JSON' jqe '.Sources.telegram' "$T/out"
if command -v xmllint >/dev/null; then
	expect_exit 0 as sylvie report aipd --format html
	check 'as a page that is well-formed' xmllint --noout "$T/out"
fi
expect_exit 2 as sylvie report aipd --format csv

# --- origine ---
expect_exit 2 as claire report origine --why x
expect_exit 0 as claire report origine --identifier pharma_demo_lab --why 'droit à information' --format json
cp "$T/out" "$T/origin"
check 'what the account published' test -s "$T/origin"
check 'when it was collected, in which item' jqe '.recueilli and (.piece >= 0) and (.adresse | startswith("http"))' "$T/origin"
n=$(wc -l <"$T/origin")
check 'each version once' same "$(jq -c '[.publication, .version]' "$T/origin" | sort -u | wc -l)" "$n"
expect_exit 0 as claire report origine --identifier pharma_demo_lab --why 'droit à information' now
says out "Total : $n publications dans 1 dossiers"
expect_exit 0 as claire report origine --identifier 'nobody-of-that-name' --why x
says out 'Rien dans ce dossier'
expect_exit 5 as paul report origine --identifier pharma_demo_lab --why x
expect_exit 5 as paul report origine --identifier pharma_demo_lab --why x now
expect_exit 5 as sylvie report origine --identifier pharma_demo_lab --why x now
expect_exit 0 as sylvie --json audit --why control --command 'report origine'
check 'each is an access with what it showed' jqe -s '
	([.[] | select(.what == "access" and .query == "pharma_demo_lab") | .leaf] | sort) as $a |
	([.[] | select(.what == "shown" and .rows > 0 and .item_count > 0) | .of] | unique | sort) as $s |
	($a | length) == 2 and $a == $s' "$T/out"

# --- exports and their hand-over ---
expect_exit 0 as claire export now -o "$T/one.asice" --why 'parquet' --recipient 'parquet de Paris'
expect_exit 3 as claire handover now 3 --to 'TJ Paris' --why 'réquisition 12'
expect_exit 0 as claire handover now --to 'TJ Paris, greffe' --why 'réquisition 12'
expect_exit 5 as paul handover now --to x --why y
expect_exit 0 as sylvie --json audit --why control --what exported,access --case now
check 'the hand-over names the export' jqe -s '
	([.[] | select(.what == "exported") | .leaf][0]) as $x |
	any(.[]; .command == "handover" and .about == $x and .recipient == "TJ Paris, greffe")' "$T/out"
expect_exit 0 "$SCELLE" verify "$V"
finish
