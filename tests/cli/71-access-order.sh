#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# From the system calls: the access is under a signed head and synced before the
# first byte of an answer is written, of every command that reads; as many
# records as readings.  Where the log fails (EIO, ENOSPC, a file that may not
# grow) not one byte of content comes out.  ACCESS_READS (40) readings in one
# process; 10,000 with TORTURE=1.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || { skip "no strace"; ok "nothing to do"; finish; }
strace -o /dev/null true 2>/dev/null || { skip "strace may not trace here"; ok "nothing to do"; finish; }
command -v jq >/dev/null || { skip "jq is not installed"; ok "nothing to do"; finish; }

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
reads=${ACCESS_READS:-40}
[ -z "${TORTURE:-}" ] || reads=10000
CALLS=write,pwrite64,writev,pwritev,fdatasync,fsync
for who in claire sylvie; do echo "the words of $who" >"$T/$who"; done
as() { local who=$1; shift; "$SCELLE" --vault "$V" --user "$who" --passphrase-file "$T/$who" "$@"; }
# What stands in the log: access statements, and what they showed.
counts() { as sylvie --json audit --why count --what access,shown >"$T/audit.jsonl" 2>/dev/null; }
records() { jq -s --arg c "$1" --arg w "$2" '[.[] | select(.command == $c and .what == $w)] | length' "$T/audit.jsonl"; }

prepare() {
	as claire init --unit order --user claire --lab --work-factor 2 &&
	as claire user add sylvie --role supervisor --new-passphrase-file "$T/sylvie" --work-factor 2 &&
	as claire case open O-1 --basis "L.114-22-3" --offence "441-1" \
		--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)" &&
	as claire case source add O-1 telegram:pharma_demo_lab &&
	as claire --lab "$LAB" collect O-1 --fast --pages 2 --why order &&
	as claire posts O-1 --why 'the index is made'
}
start_site --throttle 0
check "a case with something to read" prepare >"$T/prepare" 2>&1 || { cat "$T/prepare"; finish; }
post=$(as claire --json posts O-1 --why which --limit 1 | jq -r .post_id)
item=$(as claire --json posts O-1 --why which --limit 1 | jq -r .item)

# order TRACE NEED - a head is durable when a sync of the log follows a write to
# it twice (leaves, then the head); NEED of them before the first byte of an
# answer: to standard output, or to the file of -o.
order() {
	awk -v need="$2" -v out="$T/answer" '
		/\/log\/[^>]*\.seg>/ && /pwrite64\(/ { wrote = 1; next }
		/\/log\/[^>]*\.seg>/ && /(fdatasync|fsync)\(/ && / = 0$/ { if (wrote) syncs++; wrote = 0; next }
		/(^| )write\(1</ || (/(^| )p?write(64|v)?\(/ && index($0, "<" out)) {
			if (!answers++) before = syncs
			if (wrote) torn = 1 }
		END {
			if (!answers) { print "no answer was written"; exit 1 }
			if (torn) { print "an answer while the log was not synced"; exit 1 }
			if (before < 2 * need) { print before / 2 " heads before the first byte"; exit 1 } }' "$1"
}

# each NAME NEED COMMAND... - one command, traced
each() {
	local name=$1 need=$2 who=claire
	shift 2
	case $1 in audit) who=sylvie ;; esac
	rm -f "$T/answer"
	strace -f -y -qq -o "$T/trace" -e trace=$CALLS "$SCELLE" --quiet --vault "$V" --user $who \
		--passphrase-file "$T/$who" "$@" >"$T/out" 2>"$T/err" </dev/null
	# 1 is an answer too: not every gap was long enough.
	check "$name ends well" [ $? -le 1 ] || head -n 3 "$T/err"
	check "$name: on record before the first byte" order "$T/trace" "$need"
}
each posts 2 posts O-1 --why order
each search 2 search O-1 ordonnance --why order
each timeline 2 timeline O-1 --why order
each 'show of a post' 2 show O-1 "$post" --why order
each 'show of an item' 1 show O-1 "$item" --why order
each 'show --statement' 1 show O-1 "$item" --statement --why order
each 'show --raw' 1 show O-1 "$item" --raw --why order
each 'show --raw --body' 1 show O-1 "$item" --raw --body --why order
each gaps 2 gaps O-1 --why order
each reindex 2 reindex O-1 --why order
each 'report operations' 2 report operations O-1 --why order
each export 2 export O-1 -o "$T/answer" --why order --recipient parquet
each 'audit as text' 2 audit --why order
each 'audit as a page' 2 audit --why order --format html -o "$T/answer"
each 'audit, findings' 2 audit --why order --findings --format csv
counts
check 'as many records as readings: show' same "$(records show access)" 5
check 'as many records as readings: search' same "$(records search access)" 1
check 'and what it showed' same "$(records search shown)" 1
check 'every listing says what it showed' same "$(jq -s '
	([.[] | select(.what == "access" and .reach) | .leaf]) - ([.[] | select(.what == "shown") | .of]) | length' "$T/audit.jsonl")" 0

# --- many in one process ---
many() { "$O/tests/tools/readmany" "$V" claire "$T/claire" O-1 "$1"; }
if [ -x "$O/tests/tools/readmany" ]; then
	before=$(jq -s '[.[] | select(.what == "access" and .why == "many readings")] | length' "$T/audit.jsonl")
	strace -y -qq -o "$T/trace" -e trace=$CALLS "$O/tests/tools/readmany" "$V" claire "$T/claire" O-1 "$reads" >"$T/many" 2>"$T/err"
	check "$reads readings end well" [ $? -eq 0 ]
	check "each behind its own heads, none while the log is not synced" awk -v n="$reads" '
		/\/log\/[^>]*\.seg>/ && /pwrite64\(/ { wrote = 1; next }
		/\/log\/[^>]*\.seg>/ && /(fdatasync|fsync)\(/ && / = 0$/ { if (wrote) syncs++; wrote = 0; next }
		/^write\(1</ { need = answers % 3 == 0 ? 4 : 2
			if (wrote || syncs < need) { print "answer " answers ": " syncs " syncs"; bad = 1 }
			answers++; syncs = 0 }
		END { if (answers != n) print answers " answers"; exit bad || answers != n }' "$T/trace"
	counts
	check "and as many records" same "$(($(jq -s '[.[] | select(.what == "access" and .why == "many readings")] | length' "$T/audit.jsonl") - before))" "$reads"

	# --- a log that fails ---
	# Each sync in turn, then each write; what was shown before is what was
	# on record before.
	dry=$(grep -c . "$T/claire")
	check 'the probe reads' [ "$dry" -eq 1 ]
	bad=0 tried=0 met=0
	for error in EIO ENOSPC; do
		for when in $(seq 1 9); do
			rm -rf "$T/v2"; cp -r "$V" "$T/v2"
			strace -qq -o /dev/null -e trace=pwrite64,fdatasync,fsync \
				-e inject=pwrite64,fdatasync,fsync:error=$error:when="$when"+ \
				"$O/tests/tools/readmany" "$T/v2" claire "$T/claire" O-1 1 >"$T/out" 2>"$T/err"
			rc=$?
			tried=$((tried + 1))
			[ $rc -eq 0 ] || met=$((met + 1))
			if [ $rc -ne 0 ] && [ -s "$T/out" ]; then
				bad=$((bad + 1)); note "$error from call $when on: $(wc -c <"$T/out") bytes"
			fi
		done
	done
	note "$tried faults, $met of them refused the reading"
	check 'faults were met' [ "$met" -ge 10 ]
	check 'not one byte of content where the log failed' same "$bad" 0
else
	skip "the probe readmany is not built"
fi

# The same of whole commands: the log's file may not grow (a full disk).
seg=$(find "$V/log" -name '*.seg' -printf '%s\n' | sort -n | tail -n 1)
bad=0
for cmd in "posts O-1" "search O-1 ordonnance" "timeline O-1" "show O-1 $item" "show O-1 $item --raw" "gaps O-1" "report operations O-1"; do
	rm -rf "$T/v2"; cp -r "$V" "$T/v2"
	# shellcheck disable=SC2086  # words of a command
	(trap '' XFSZ; exec prlimit --fsize="$seg" "$SCELLE" --quiet --vault "$T/v2" --user claire \
		--passphrase-file "$T/claire" $cmd --why full) 2>"$T/err" | cat >"$T/out"
	if [ -s "$T/out" ]; then
		bad=$((bad + 1)); note "$cmd: $(wc -c <"$T/out") bytes"
	fi
	grep -q . "$T/err" || { bad=$((bad + 1)); note "$cmd: no word of it"; }
done
check 'a log that cannot grow lets nothing out' same "$bad" 0
# And of the second record: what a listing shows is not on record, so it is not shown.
bad=0
for when in 3 4 5 6 7 8 9 10; do
	rm -rf "$T/v2"; cp -r "$V" "$T/v2"
	strace -f -qq -o /dev/null -e trace=fdatasync -e inject=fdatasync:error=EIO:when=$when+ \
		"$SCELLE" --quiet --vault "$T/v2" --user claire --passphrase-file "$T/claire" posts O-1 --why full >"$T/out" 2>"$T/err"
	[ ! -s "$T/out" ] || grep -q 'receipt' "$T/err" || { bad=$((bad + 1)); note "sync $when: $(wc -c <"$T/out") bytes"; }
done
check 'nor one that fails behind the first record' same "$bad" 0
expect_exit 0 "$SCELLE" verify "$V"
finish
