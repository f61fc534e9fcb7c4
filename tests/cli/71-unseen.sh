#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Nobody reads unseen, from the system calls: the access leaf's sync comes before
# the first byte of every answer, there are as many of the one as of the other,
# and when the log cannot be written not a byte comes out.
# READS: how many (200; make torture: 10000)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB SCELLE_SOCKET
READER=$O/tests/tools/serve_reader
READS=${READS:-${TORTURE:+10000}}
READS=${READS:-200}
FAULTS=${FAULTS:-${TORTURE:+60}}
FAULTS=${FAULTS:-6}
V=$T/vault
S=$T/run/scelle.sock
K=$T/config/scelle/keys
PID=
if ! command -v strace >/dev/null || ! strace -o /dev/null true 2>/dev/null; then
	skip 'strace cannot be used here'
	ok 'nothing to do'
	finish
fi
mkdir -p "$T/run" "$K"
for who in claire sylvie; do echo "the words of $who" >"$T/$who"; done
solo() { "$SCELLE" --quiet --vault "$V" --user claire --passphrase-file "$T/claire" "$@"; }
as() { local who=$1; shift; "$SCELLE" --quiet --socket "$S" --user "$who" --passphrase-file "$T/$who" "$@"; }

start_site --throttle 0
expect_exit 0 solo init --unit piej-demo --name 'Claire Un' --lab --work-factor 2
expect_exit 0 solo user add sylvie --role supervisor --name 'Sylvie Deux' \
	--new-passphrase-file "$T/sylvie" --work-factor 2
expect_exit 0 solo case open now --basis b --offence o \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
expect_exit 0 solo case source add now telegram:pharma_demo_lab
expect_exit 0 solo --lab "$LAB" collect now --fast --why routine
stop_site
expect_exit 0 solo custodian set --keys-to "$K" sylvie claire

# serve STRACE-OPTION…: the service under strace; its trace is $T/trace
serve() {
	rm -f "$S"
	strace -f -y -s 48 -o "$T/trace" "$@" \
		"$SCELLE" --socket "$S" serve "$V" >"$T/serve.out" 2>&1 &
	PID=$!
	for _ in $(seq 400); do
		grep -q listening "$T/serve.out" && return 0
		kill -0 "$PID" 2>/dev/null || break
		sleep 0.05
	done
	return 1
}
stop() {
	local child
	[ -n "$PID" ] || return
	child=$(pgrep -P "$PID" 2>/dev/null | head -n 1)
	[ -z "$child" ] || kill "$child" 2>/dev/null
	wait "$PID" 2>/dev/null
	PID=
}
trap 'stop; cleanup' EXIT
unlock() { as sylvie unlock 2>/dev/null && as claire unlock 2>/dev/null; }
reads() {
	"$READER" "$S" claire "$K/claire.key.age" "$T/claire" "$1" 3 \
		show now % --statement --why unseen 2>"$T/reader.err"
}

# What a trace says.  A session's process asks the keeper to record (message R on
# descriptor 1); a segment of the log is synced; a message O carries an answer's
# bytes to the client (descriptor 3).
ordered() {
	awk '
	/ fdatasync\(.*\.seg>\) += 0/ { syncs++ }
	/ fdatasync\(.*\) += -1/ { bad++ }
	/ writev\(1<.*iov_base="[^"]*R", iov_len=5}/ {
		asked[$1] = syncs + 0
		due[$1] = 1
		records++
	}
	/ writev\(3<.*iov_base="[^"]*O", iov_len=5}, {iov_base="\\1/ {
		answers++
		# Two syncs a commit: the leaves, then the head over them.
		if (!due[$1] || syncs < asked[$1] + 2)
			early++
		if (bad)
			after++
		due[$1] = 0
	}
	END {
		printf "answers %d records %d early %d after_failure %d failed_syncs %d\n",
		       answers, records, early, after, bad
	}' "$T/trace"
}

CALLS=writev,fdatasync
serve -e "trace=$CALLS"
check 'two custodians unlock' unlock
reads "$READS" >"$T/out"
note "$(cat "$T/out")"
check "$READS reads are answered" has "$T/out" "done $READS "
stop
ordered >"$T/order"
note "$(cat "$T/order")"
check 'the sync comes before the answer, each time' has "$T/order" 'early 0 '
answers=$(awk '{ print $2 }' "$T/order")
check 'exactly one answer for each read' test "$answers" -eq "$READS"
serve -e "trace=$CALLS"
unlock
expect_exit 0 as sylvie --json audit --why 'count the reads'
accesses=$(grep -c '"command":"show"' "$T/out")
note "accesses in the audit: $accesses"
stop
check 'and exactly as many accesses on record' test "$accesses" -eq "$READS"
expect_exit 0 "$SCELLE" verify "$V"

# The log fails at some sync: what was read before is all that was read.
serve -e "trace=$CALLS"
unlock
reads 3 >/dev/null
stop
opening=$(grep -c 'fdatasync(.*\.seg>)' "$T/trace")
n=0
while [ "$n" -lt "$FAULTS" ]; do
	n=$((n + 1))
	case $((n % 2)) in
	0) error=EIO ;;
	*) error=ENOSPC ;;
	esac
	at=$((opening + n * 2))
	serve -e "trace=$CALLS" -e "inject=fdatasync:error=$error:when=$at+"
	if ! unlock; then
		note "$error at $at: not unlocked"
		stop
		continue
	fi
	reads 40 >"$T/out"
	stop
	ordered >"$T/order"
	if has "$T/order" 'early 0 after_failure 0 ' &&
	   ! grep -q 'failed_syncs 0$' "$T/order"; then
		PASSED=$((PASSED + 1))
	else
		fail "$error at sync $at: $(cat "$T/order")"
	fi
done
note "$FAULTS runs with a log that fails"
expect_exit 0 "$SCELLE" --socket "$S" serve --help
serve -e "trace=$CALLS"
check 'the vault opens again' unlock
stop
expect_exit 0 "$SCELLE" verify "$V"
finish
