#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Rollback, clean truncation and fork, each found by receipt alone, by witness
# alone and between two time stamps, with a proof that an independent script
# checks.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || { skip 'python3 is not here'; finish; }
export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config
echo 'the words of claire' >"$T/pass"
V=$T/v
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
PIDS=
p=
trap 'for p in $PIDS; do kill "$p" 2>/dev/null; done; cleanup' EXIT
waits() { for _ in $(seq 200); do [ -s "$1" ] && return; sleep 0.05; done; fail "no $1"; finish; }
CASES=0
write() { # a few leaves
	CASES=$((CASES + 1))
	s case open "2026-$CASES" --basis b --offence o --from 2026-01-01 --to 2099-12-31 >/dev/null || fail 'a write'
}
size() { "$SCELLE" --vault "$1" --json status 2>/dev/null | sed 's/.*"leaves":\([0-9]*\).*/\1/'; }

# --- the world: a vault, two witnesses, an authority ---
sh tests/outside/authority.sh "$T/tsa"
python3 tests/outside/authority.py "$T/tsa" "$T/ready" 2>/dev/null & PIDS="$PIDS $!"
waits "$T/ready"
expect_exit 0 s init --unit piej-demo --user claire --work-factor 2
LOG=$("$SCELLE" --vault "$V" --json status | sed 's/.*"log":"\([^"]*\)".*/\1/')
for w in north south; do
	"$SCELLE" --passphrase-file "$T/pass" witness init "$T/$w" --name "$w.example/witness" --work-factor 2 || fail "$w"
done
NORTH=$("$SCELLE" witness key "$T/north")
SOUTH=$("$SCELLE" witness key "$T/south")
"$SCELLE" --passphrase-file "$T/pass" witness serve "$T/north" >"$T/north.url" 2>"$T/north.log" & PIDS="$PIDS $!"
waits "$T/north.url"
URL=$(cat "$T/north.url")
mkdir "$T/spool"

# --- over HTTP, as the standard has it ---
code() { curl -sS --noproxy '*' -o "$T/out" -w '%{http_code}' "$@"; }
check '404 for another path' same "$(code "${URL}x" -d y)" 404
check '405 for a GET' same "$(code "${URL}add-checkpoint")" 405
check '400 for what is malformed' same "$(code "${URL}add-checkpoint" -d y)" 400
check '411 for a body without a length' same "$(code "${URL}add-checkpoint" -H 'Transfer-Encoding: chunked' -d y)" 411
check '413 for a huge one' same "$(head -c 900000 /dev/zero | code "${URL}add-checkpoint" -H 'Expect:' --data-binary @-)" 413
{ printf 'old 0\n\n'; "$SCELLE" --vault "$V" receipt show | sed '1,/^$/d'; } >"$T/body"
check '404 for a log it does not know' same "$(code "${URL}add-checkpoint" --data-binary @"$T/body")" 404
expect_exit 0 "$SCELLE" witness add-log "$T/north" "$LOG"
expect_exit 3 "$SCELLE" witness add-log "$T/north" "$LOG"
expect_exit 0 "$SCELLE" witness add-log "$T/south" "$LOG"
sed 's/^\(— [^ ]* .....\)./\1x/' "$T/body" >"$T/forged"
check '403 for a signature that is not the log'"'"'s' same "$(code "${URL}add-checkpoint" --data-binary @"$T/forged")" 403
check '200 for a head' same "$(code "${URL}add-checkpoint" --data-binary @"$T/body")" 200
check '409 for the same again' same "$(code "${URL}add-checkpoint" --data-binary @"$T/body")" 409
check 'with the size it knows' same "$(cat "$T/out")" "$(sed -n 4p "$T/body")"
# a client that says nothing holds nobody up
PORT=${URL##*:}
exec 9<>"/dev/tcp/127.0.0.1/${PORT%/}"
check 'a silent client holds nobody up' same "$(code "${URL}add-checkpoint" --data-binary @"$T/body")" 409
exec 9<&-

# --- the unit's policy ---
printf 'witness north %s %s\nwitness south %s file://%s\ngroup both all north south\nquorum both\n' \
	"$NORTH" "$URL" "$SOUTH" "$T/spool" >"$T/policy"
printf 'witness north %s ftp://x\nquorum north\n' "$NORTH" >"$T/bad"
expect_exit 3 s witness policy --policy "$T/bad"
expect_exit 0 s witness policy --policy "$T/policy"
expect_exit 0 s witness policy
check 'the policy is shown as it was given' cmp -s "$T/out" "$T/policy"
expect_exit 0 s anchor authority set tsa --url "http://127.0.0.1:$(cat "$T/ready")/good" --roots "$T/tsa/ca.pem"
south() { "$SCELLE" --passphrase-file "$T/pass" witness answer "$T/south" "$T/spool"; }
expect_exit 0 s --json anchor
says out '"name":"north"'
says out '"what":"asked"'
check 'the one with the directory answers' same "$(south | grep -c 'request  200')" 1
expect_exit 0 s --json anchor
check 'and its answer is taken up' test "$(grep -o '"name":"south","size":[0-9]*,"time"' "$T/out" | wc -l)" = 1
south >/dev/null
expect_exit 0 s status
says out 'witnessed   up to'
expect_exit 0 "$SCELLE" verify "$V"
expect_exit 0 "$SCELLE" --json witness list "$T/north"
says out '"against":0'

# --- what is kept outside: at size A a copy of the vault, at size B receipt,
#     witness and token ---
write
cp -a "$V" "$T/old"
cp "$T/state" -r "$T/state.old"
A=$(size "$V")
write
write
expect_exit 0 s anchor
south >/dev/null
newest() { find "$1" -name "$2" | while read -r f; do echo "$(basename "$f" | tr -c '0-9\n' ' ' | cut -d' ' -f1) $f"; done | sort -n | tail -1 | cut -d' ' -f2; }
TSR=$(newest "$V" '*.tsr')
B=$(basename "$TSR" | cut -d. -f1)
mkdir "$T/kept"
cp "$TSR" "$T/kept/b.tsr"
cp "$(dirname "$TSR")/$B.note" "$T/kept/b.note"
RECEIPT=$(newest "$T/state" '*.receipt')
cp "$RECEIPT" "$T/kept/b.receipt"
cp "$T"/north/logs/*/head.note "$T/kept/b.cosigned"
check 'the copy is older' test "$A" -lt "$B"
expect_exit 0 "$SCELLE" verify "$V" --receipt "$T/kept/b.receipt" --cosigned "$T/kept/b.cosigned" --witness "$NORTH" \
	--token "$T/kept/b.tsr" --head "$T/kept/b.note" --authority "$T/tsa/ca.pem"
says out 'witness  '
says out 'stamped  '
says out SOUND
expect_exit 1 "$SCELLE" verify "$V" --cosigned "$T/kept/b.cosigned" --witness "$SOUTH"

PY=tests/outside/check-proof.py
script() { python3 "$PY" "$1" --log "$LOG" --witness "$NORTH" --authority "$T/tsa/ca.pem" >"$T/verdict"; }
script_for_other() { python3 "$PY" "$T/proof" --log "$OTHERLOG" --witness "$NORTH" --authority "$T/tsa/ca.pem" >/dev/null; }
proven() { # NAME KIND ARGS of verify…
	local name=$1 kind=$2
	shift 2
	rm -f "$T/proof"
	expect_exit 1 "$SCELLE" verify "$@" --proof "$T/proof"
	check "$name: verify says so" has "$T/out" 'WRONG'
	check "$name: the independent script agrees" script "$T/proof"
	check "$name: it is a $kind" grep -q "^$kind:" "$T/verdict"
}
unbent() { # NAME: each line that says something is needed
	local f=0 n
	check_not "$1: not with another log's key" script_for_other
	for n in $(seq 2 "$(wc -l <"$T/proof")"); do
		# of long ones (time stamps) the lines of the heads
		[ "$n" -le 12 ] || [ "$(wc -l <"$T/proof")" -le 40 ] || continue
		sed -n "${n}p" "$T/proof" | grep -qE '^(made|what):|^	— north' && continue
		sed "${n}s/[A-Za-z0-9]\([A-Za-z0-9+\/=]*\)$/_\1/" "$T/proof" >"$T/bent"
		cmp -s "$T/proof" "$T/bent" && continue
		script "$T/bent" && { f=1; note "line $n may be changed: $(sed -n "${n}p" "$T/proof")"; }
	done
	check "$1: no line of the proof can be bent" same "$f" 0
}
"$SCELLE" --vault "$T/other" --passphrase-file "$T/pass" init --unit other-unit --user claire --work-factor 2 >/dev/null
OTHERLOG=$("$SCELLE" --vault "$T/other" --json status | sed 's/.*"log":"\([^"]*\)".*/\1/')

by_receipt="--receipt $T/kept/b.receipt"
by_witness="--cosigned $T/kept/b.cosigned --witness $NORTH"

# --- 1. the whole vault rolled back to an old copy ---
# shellcheck disable=SC2086  # lists of options
{
proven 'rollback, by receipt alone' SHORT "$T/old" $by_receipt
unbent 'rollback, by receipt alone'
proven 'rollback, by witness alone' SHORT "$T/old" $by_witness
}
# … and the witness itself says so when it is asked
cp -a "$T/old" "$T/rolled"
V=$T/rolled
expect_exit 1 s anchor --no-tokens
says err 'ALARM: witness north contradicts this vault'
says err 'rolled back, or another copy went on'
# … and between two time stamps, when the rolled-back one is stamped again
cp -a "$T/old" "$T/stamped"
V=$T/stamped
sleep 1.2
expect_exit 0 s anchor --no-witnesses
TSR2=$(newest "$V" '*.tsr')
C=$(basename "$TSR2" | cut -d. -f1)
check 'the later stamp is over fewer leaves' test "$C" -lt "$B"
proven 'rollback, between two time stamps' REGRESS "$V" --head "$T/kept/b.note" --token "$T/kept/b.tsr" \
	--token "$TSR2" --authority "$T/tsa/ca.pem"

unbent 'rollback, between two time stamps'

# --- 2. a clean cut: the log's own bytes are cut back to an older signed head ---
V=$T/v
cp -a "$V" "$T/cut"
python3 - "$T/cut" "$A" <<'PY'
import glob, os, struct, sys
vault, size = sys.argv[1], int(sys.argv[2])
seg = sorted(glob.glob(vault + "/log/*/*.seg"))[-1]
data = open(seg, "rb").read()
at, leaves, end = 32, struct.unpack(">Q", data[8:16])[0], None
while at < len(data):
    n, = struct.unpack(">H", data[at:at + 2])
    if n == 160:
        at += 2 + 160 + 4
        leaves += 1
    else:
        n, = struct.unpack(">H", data[at + 2:at + 4])
        at += 4 + n + 4
        if leaves == size:
            end = at
open(seg, "r+b").truncate(end)
PY
for d in admin audit cases; do rm -rf "$T/cut/$d"; cp -a "$T/old/$d" "$T/cut/$d"; done
rm -rf "$T"/cut/log/*/heads
cp -a "$T"/old/log/*/heads "$(dirname "$(find "$T/cut/log" -name '*.seg')")/heads"
cp "$T/old/LOCK" "$T/cut/LOCK"
expect_exit 0 "$SCELLE" verify "$T/cut"
check 'nothing inside tells' same "$(size "$T/cut")" "$A"
# shellcheck disable=SC2086
{
proven 'truncation, by receipt alone' SHORT "$T/cut" $by_receipt
proven 'truncation, by witness alone' SHORT "$T/cut" $by_witness
}
V=$T/cut
expect_exit 0 s anchor --no-witnesses
TSR2=$(newest "$V" '*.tsr')
proven 'truncation, between two time stamps' REGRESS "$V" --head "$T/kept/b.note" --token "$T/kept/b.tsr" \
	--token "$TSR2" --authority "$T/tsa/ca.pem"

# --- 3. a fork: an old copy goes on by itself, beyond ---
cp -a "$T/old" "$T/fork"
V=$T/fork
while [ "$(size "$V")" -le "$B" ]; do write; done
expect_exit 0 "$SCELLE" verify "$V"
# shellcheck disable=SC2086
{
proven 'fork, by receipt alone' FORK "$V" $by_receipt
unbent 'fork, by receipt alone'
proven 'fork, by witness alone' FORK "$V" $by_witness
}
expect_exit 1 s anchor --no-tokens
says err 'ALARM: witness north contradicts this vault'
expect_exit 0 "$SCELLE" --json witness list "$T/north"
says out '"against":1'
expect_exit 0 s anchor --no-witnesses
TSR2=$(newest "$V" '*.tsr')
proven 'fork, between two time stamps' FORK "$V" --head "$T/kept/b.note" --token "$T/kept/b.tsr" \
	--token "$TSR2" --authority "$T/tsa/ca.pem"
check 'the first head is dated' grep -q 'the first head was time-stamped' "$T/verdict"

# --- every receipt kept on this machine at once ---
expect_exit 1 "$SCELLE" verify "$T/old" --receipts --proof "$T/proof"
says out 'the vault has'
# --- a head of another log says nothing here ---
expect_exit 1 "$SCELLE" verify "$T/v" --head "$(newest "$T/state" '*.receipt')"
finish
