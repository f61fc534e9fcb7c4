#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Every role by every command: each may what docs/roles.md says and nothing
# else, and what is denied is found in the log.  Then orders of two persons:
# forged, expired, replayed, self-approved, by one person with two accounts.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
DENIED=0
as() {
	local who=$1
	shift
	"$SCELLE" --vault "$V" --user "$who" --passphrase-file "$T/pass" "$@"
}
says() { check "$1 says: $2" has "$T/$1" "$2"; }
echo 'everybody has the same words' >"$T/pass"
enter() {
	local name=$1
	shift
	as claire user add "$name" --new-passphrase-file "$T/pass" \
		--work-factor 2 "$@" >"$T/out" 2>"$T/err"
}
# The document's own table is what this test goes by.
cell() {
	awk -F'|' -v act="\`$1\`" -v want="$2" '
		/^\| act / { for (i = 1; i <= NF; i++) { gsub(/ /, "", $i); col[$i] = i } }
		index($2, act) { v = $(col[want]); gsub(/ /, "", v); print v; exit }' \
		docs/roles.md
}

expect_exit 0 "$SCELLE" --vault "$V" --user claire --passphrase-file "$T/pass" \
	init --unit piej-demo --work-factor 2
expect_exit 0 as claire case open 2026-0042 --basis b --offence o \
	--from 2026-01-01 --to 2099-01-01
expect_exit 0 as claire case open 2026-0043 --basis b --offence o \
	--from 2026-01-01 --to 2099-01-01
# One of each role in, and one of each role out of, the case.
enter investigator --role investigator --person M-1
enter legal --role legal --person M-2
enter investigator2 --role investigator --person M-3
enter legal2 --role legal --person M-4
enter auditor --role auditor --person M-5
enter dpo --role dpo --person M-6
enter administrator --role administrator --person M-7
check 'the second who could enter users is entered by one' \
	same "$(as claire user list | grep -c '^administrator ')" 1
# From here on it takes two: claire proposes, the administrator approves.
enter supervisor --role supervisor --person M-8
ORDER=$(sed -n 's/^order \([0-9a-f]*\) .*/\1/p' "$T/out")
check 'from now on a supervisor is entered by two' test "${#ORDER}" = 16
check_not 'and is not there yet' test -e "$V/admin/users/supervisor.pub"
expect_exit 0 as administrator approve "$ORDER"
expect_exit 0 as claire user add supervisor --role supervisor --person M-8 \
	--order "$ORDER" --new-passphrase-file "$T/pass" --work-factor 2
expect_exit 5 as claire user add supervisor2 --role supervisor --order "$ORDER" \
	--new-passphrase-file "$T/pass" --work-factor 2
says err 'is for something else'
DENIED=$((DENIED + 1))
expect_exit 0 as claire case member add 2026-0042 investigator
expect_exit 0 as claire case member add 2026-0042 legal
expect_exit 5 as claire case member add 2026-0042 supervisor
says err 'no role that reads content'

# --- every role by every command ---
# try ACT ROLE USER COMMAND...: as the table's cell says.  A cell "member" is
# tried with a member and with somebody of that role who is none.
try() {
	local act=$1 role=$2 user=$3 want want_exit got
	shift 3
	want=$(cell "$act" "$role")
	case $want in
	yes) want_exit=0 ;;
	member) if [ "$user" = "$role" ]; then want_exit=0; else want_exit=5; fi ;;
	–) want_exit=5 ;;
	*)
		fail "docs/roles.md has no cell for $act and $role"
		return
		;;
	esac
	as "$user" "$@" >"$T/out" 2>"$T/err" </dev/null
	got=$?
	[ "$got" -ne 5 ] || DENIED=$((DENIED + 1))
	# What is allowed may still fail for its own reasons, but is not refused.
	if { [ "$want_exit" = 5 ] && [ "$got" = 5 ]; } ||
		{ [ "$want_exit" = 0 ] && [ "$got" -ne 5 ]; }; then
		ok "$act as $user: $want"
	else
		fail "$act as $user: exit $got, table says $want"
		sed 's/^/# /' "$T/err"
	fi
}
N=0
for who in investigator legal investigator2 legal2 supervisor dpo auditor \
	administrator; do
	role=${who%2}
	N=$((N + 1))
	try list "$role" "$who" case list
	try list "$role" "$who" user list
	try list "$role" "$who" approve list
	try list "$role" "$who" policy list
	try list "$role" "$who" escrow show
	try case-open "$role" "$who" case open "2027-000$N" --basis b \
		--offence o --from 2026-01-01 --to 2099-01-01
	try case-change "$role" "$who" case source add 2026-0042 \
		"telegram:canal_$N"
	try case-change "$role" "$who" case robots-decision 2026-0042 \
		"site$N.example" --reason r
	for reads in posts timeline gaps; do
		try read "$role" "$who" "$reads" 2026-0042 --why w
	done
	try read "$role" "$who" search 2026-0042 ordonnance --why w
	try read "$role" "$who" reindex 2026-0042 --why w
	try import "$role" "$who" import 2026-0042 "$T/none" --from f \
		--procedure p --why w
	try export "$role" "$who" export 2026-0042 -o "$T/$who.zip" \
		--why w --recipient r
	try audit "$role" "$who" audit --why w
	try user-add "$role" "$who" user add "new$N" --role investigator \
		--new-passphrase-file "$T/pass" --work-factor 2
	try key-own "$role" "$who" key new --new-passphrase-file "$T/pass" \
		--work-factor 2
	try user-role "$role" "$who" user role auditor --role auditor \
		--role investigator --reason r
	try user-revoke "$role" "$who" user revoke "auditor" --reason r
	try policy "$role" "$who" policy set export-orders required --reason r
	try escrow "$role" "$who" escrow set none --reason r
done
# Members come and go, and cases are closed, after everything else.
for who in investigator2 legal2 supervisor dpo auditor administrator; do
	role=${who%2}
	try member-add "$role" "$who" case member add 2026-0042 investigator2
	try case-close "$role" "$who" case close 2026-0042 --reason r
done
expect_exit 0 as investigator case member add 2026-0042 investigator2
for who in dpo auditor legal2; do
	try member-remove "${who%2}" "$who" case member remove 2026-0042 \
		investigator2
done
expect_exit 0 as supervisor case member remove 2026-0042 investigator2

# --- orders of people: every wrong approval has its own sentence ---
expect_exit 0 as supervisor --json user role auditor --role auditor \
	--role dpo --reason 'one more task'
ORDER=$(sed -n 's/.*"order":"\([0-9a-f]*\)".*/\1/p' "$T/out")
expect_exit 0 as administrator approve show "$ORDER" --note
cp "$T/out" "$T/note"
check 'the order is a signed note' grep -q '^scelle/v1/order$' "$T/note"
# by oneself
expect_exit 5 as supervisor approve "$ORDER"
says err "approves an order of one's own"
# by a role that may not
expect_exit 5 as auditor approve "$ORDER"
says err 'it takes the role supervisor, administrator'
# of nobody
expect_exit 5 as administrator approve 0123456789abcdef
says err 'was proposed here'
# forged
sed 's/"dpo"/"legal"/' "$T/note" >"$T/forged"
expect_exit 5 as administrator approve --note-file "$T/forged"
says err 'the order is forged'
# of another vault
expect_exit 0 "$SCELLE" --vault "$T/v2" --user claire --passphrase-file \
	"$T/pass" init --unit other --work-factor 2
V2() { "$SCELLE" --vault "$T/v2" --user "$1" --passphrase-file "$T/pass" "${@:2}"; }
expect_exit 0 V2 claire user add paul --role administrator \
	--new-passphrase-file "$T/pass" --work-factor 2
expect_exit 0 V2 claire --json user revoke paul --reason r
ID2=$(sed -n 's/.*"order":"\([0-9a-f]*\)".*/\1/p' "$T/out")
expect_exit 0 V2 claire approve show "$ID2" --note
cp "$T/out" "$T/foreign"
expect_exit 5 as administrator approve --note-file "$T/foreign"
says err 'is of another vault'
DENIED=$((DENIED + 5))
# rightly, once; then replayed
expect_exit 0 as administrator approve --note-file "$T/note"
expect_exit 0 as claire --json user list
says out '"roles":["auditor","dpo"]'
expect_exit 5 as administrator approve "$ORDER"
says err 'was used already'
expect_exit 5 as administrator approve --note-file "$T/note"
says err 'was used already'
DENIED=$((DENIED + 2))
# one person with two accounts
expect_exit 0 as claire --json user add double --role supervisor --person M-8 \
	--new-passphrase-file "$T/pass" --work-factor 2
ORDER=$(sed -n 's/.*"order":"\([0-9a-f]*\)".*/\1/p' "$T/out")
expect_exit 0 as supervisor approve "$ORDER"
expect_exit 0 as claire user add double --role supervisor --person M-8 \
	--order "$ORDER" --new-passphrase-file "$T/pass" --work-factor 2
expect_exit 0 as supervisor --json user revoke auditor --reason left
ORDER=$(sed -n 's/.*"order":"\([0-9a-f]*\)".*/\1/p' "$T/out")
expect_exit 5 as double approve "$ORDER"
says err 'are one person'
DENIED=$((DENIED + 1))
# expired: the clock of this machine says so
if command -v faketime >/dev/null; then
	expect_exit 5 faketime '+73 hours' "$SCELLE" --vault "$V" \
		--user administrator --passphrase-file "$T/pass" approve "$ORDER"
	says err 'expired'
else
	skip 'no faketime: an expired approval is shown by test_order only'
fi
expect_exit 0 as administrator approve "$ORDER"
expect_exit 3 as auditor case list
check 'what only the revoked user could open is gone' \
	test ! -e "$V/admin/users/auditor.key.age"

# --- broken glass: visible at once, until a supervisor countersigns ---
expect_exit 5 as legal2 posts 2026-0042 --why w --break-glass 'child at risk'
says err 'no break-glass reads'
DENIED=$((DENIED + 1))
expect_exit 0 as supervisor --json policy set break-glass on --reason nights
ORDER=$(sed -n 's/.*"order":"\([0-9a-f]*\)".*/\1/p' "$T/out")
expect_exit 0 as administrator approve "$ORDER"
expect_exit 0 as legal2 policy list
says out 'break-glass    on'
expect_exit 5 as legal2 posts 2026-0042 --why w --break-glass 'child at risk'
says err 'there is no key for it yet'
expect_exit 0 as legal posts 2026-0042 --why w
expect_exit 5 as legal2 posts 2026-0042 --why w
DENIED=$((DENIED + 1))
expect_exit 5 as dpo posts 2026-0042 --why w --break-glass 'curious'
says err 'no role that reads content'
DENIED=$((DENIED + 1))
expect_exit 5 as legal2 export 2026-0042 -o "$T/x.zip" --why w --recipient r
DENIED=$((DENIED + 1))
expect_exit 2 as legal2 posts 2026-0042 --why w --break-glass ' '
expect_exit 0 as legal2 posts 2026-0042 --why w --break-glass 'child at risk'
says err 'GLASS BROKEN'
expect_exit 0 "$SCELLE" --vault "$V" --json status
says out '"glass_open":2'
says err 'GLASS BROKEN'
expect_exit 0 as claire --json approve list
GLASS=$(sed 's/.*"glasses"//' "$T/out" | grep -o '"glass":"[0-9a-f]*"' |
	tail -n 1 | cut -d'"' -f4)
expect_exit 5 as legal2 approve "$GLASS"
expect_exit 5 as dpo approve "$GLASS"
DENIED=$((DENIED + 2))
expect_exit 0 as supervisor approve "$GLASS"
expect_exit 0 "$SCELLE" --vault "$V" --json status
says out '"glass_open":1'
expect_exit 5 as supervisor approve "$GLASS"
says err 'countersigned already'
DENIED=$((DENIED + 1))

# --- what was denied is in the log, each time ---
expect_exit 0 as supervisor --json audit --why 'denials'
check "the log holds $DENIED denials or more" test \
	"$(grep -c '"kind":"refused"' "$T/out")" -ge "$DENIED"
expect_exit 0 "$SCELLE" verify "$V"
finish
