#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Time stamps: what an authority may answer, and what becomes of it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || { skip 'python3 is not here'; finish; }
export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config
V=$T/v
echo 'the words of claire' >"$T/pass"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
TSA_PID=
tsa_stop() { [ -z "$TSA_PID" ] || { kill "$TSA_PID"; wait "$TSA_PID"; } 2>/dev/null; TSA_PID=; }
trap 'tsa_stop; cleanup' EXIT

sh tests/outside/authority.sh "$T/tsa"
python3 tests/outside/authority.py "$T/tsa" "$T/ready" 2>/dev/null &
TSA_PID=$!
for _ in $(seq 200); do [ -s "$T/ready" ] && break; sleep 0.05; done
PORT=$(cat "$T/ready")
at() { echo "http://127.0.0.1:$PORT/$1"; }

expect_exit 0 s init --unit piej-demo --user claire --work-factor 2
expect_exit 3 s anchor
says err 'nobody to ask'

# --- who is asked is a statement, and so is what he is said to be (R19) ---
expect_exit 2 s anchor authority set tsa --url "$(at good)" --roots "$T/tsa/ca.pem" --qualified
expect_exit 3 s anchor authority set tsa --url "$(at good)" --roots "$T/pass"
says err 'no certificate'
expect_exit 3 s anchor authority set tsa --url 'ftp://x/' --roots "$T/tsa/ca.pem"
expect_exit 3 s anchor authority set 'A B' --url "$(at good)" --roots "$T/tsa/ca.pem"
expect_exit 0 s anchor authority set tsa --url "$(at good)" --roots "$T/tsa/ca.pem"
expect_exit 0 s anchor authority list
says out 'not said to be qualified'

# --- a good one ---
expect_exit 0 s --json anchor
says out '"what":"done"'
says out '"kept":1'
H=$(echo "$V"/log/*/heads)
TSR=$(ls "$H"/*.tsa.tsr)
N=$(basename "$TSR" .tsa.tsr)
sed '/^$/,$d' "$H/$N.note" >"$T/text"
check 'openssl says so too' openssl ts -verify -in "$TSR" -data "$T/text" -CAfile "$T/tsa/ca.pem" >/dev/null 2>&1
expect_exit 0 "$SCELLE" verify "$V"
expect_exit 0 "$SCELLE" verify "$V" --token "$TSR" --authority "$T/tsa/ca.pem"
says out "stamped  $N leaves are older than"
says out 'only the local clock vouches'
expect_exit 1 "$SCELLE" verify "$V" --token "$TSR" --authority "$T/tsa/other-ca.pem"
expect_exit 0 s --json anchor
says out '"kept":1'

expect_exit 0 s status
says out 'by tsa'

# --- and every bad one, each with its sentence; nothing of it is kept ---
bad() { # KIND WORDS
	local before after
	expect_exit 0 s anchor authority set tsa --url "$(at "$1")" --roots "$T/tsa/ca.pem"
	before=$(find "$H" -name '*.tsr' | wc -l)
	expect_exit 0 s --json anchor
	check "$1: nothing is kept" has "$T/out" '"kept":0'
	check "$1: says: $2" has "$T/err" "$2"
	after=$(find "$H" -name '*.tsr' | wc -l)
	check "$1: no file is left" same "$before" "$after"
}
bad nonce 'nonce mismatch'
bad nononce 'nonce'
bad imprint 'it stamps another imprint'
bad other 'not sound'
bad expired 'certificate has expired'
bad future 'certificate is not yet valid'
bad refused 'did not grant it: rejected'
bad huge 'longer than'
bad endless 'longer than'
bad short 'no whole answer'
bad cut 'not a time stamp response'
bad trailing 'not a time stamp response'
bad flipped 'not sound'
bad time 'not sound'
bad garbage 'not a time stamp response'
bad empty 'not a time stamp response'
bad html "no time stamp but 'text/html'"
bad 500 'answered 500'
bad redirect 'answered 302'
expect_exit 0 s anchor authority set tsa --url "$(at replay)" --roots "$T/tsa/ca.pem"
expect_exit 0 s --json anchor
says out '"kept":1'
bad replay 'it stamps another imprint'
expect_exit 0 s anchor authority set tsa --url 'http://127.0.0.1:1/' --roots "$T/tsa/ca.pem"
expect_exit 0 s anchor
says err 'no whole answer'
expect_exit 0 s anchor authority set tsa --url "$(at chunked)" --roots "$T/tsa/ca.pem"
expect_exit 0 s --json anchor
says out '"kept":1'

# --- two authorities; one that is down does not stop the other ---
expect_exit 0 s anchor authority set second --url "$(at second)" --roots "$T/tsa/ca.pem" \
	--qualified --list 'list of the ministry, 2026-11-01, entry 7'
expect_exit 0 s anchor authority set tsa --url 'http://127.0.0.1:1/' --roots "$T/tsa/ca.pem"
expect_exit 0 s --json anchor
says out '"kept":1'
says err "no answer kept from tsa"
expect_exit 0 s status
says out 'by second'
says out 'only the local clock vouches'
expect_exit 0 s anchor authority list
says out 'qualified, says claire, by: list of the ministry'

# --- by files, for an authority no network reaches ---
mkdir "$T/pair"
expect_exit 0 s anchor authority remove tsa --reason 'it is down'
expect_exit 0 s anchor authority remove second --reason 'enough'
expect_exit 0 s anchor authority set paper --url "file://$T/pair" --roots "$T/tsa/ca.pem"
expect_exit 0 s --json anchor
says out '"what":"asked"'
Q=$(ls "$T"/pair/*.tsq)
check 'a request is there' test -s "$Q"
openssl ts -reply -queryfile "$Q" -config "$T/tsa/other.cnf" -out "${Q%.tsq}.tsr" 2>/dev/null
expect_exit 0 s --json anchor
says err 'not sound'
openssl ts -reply -queryfile "$Q" -config "$T/tsa/good.cnf" -out "${Q%.tsq}.tsr" 2>/dev/null
expect_exit 0 s --json anchor
says out '"what":"done"'

# --- late: over fewer leaves than one that came before it ---
expect_exit 0 s case open 2026-0043 --basis b --offence o --from 2026-01-01 --to 2099-12-31
expect_exit 0 s --json anchor
Q=$(find "$T/pair" -name '*.tsq' -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2)
expect_exit 0 s case open 2026-0044 --basis b --offence o --from 2026-01-01 --to 2099-12-31
expect_exit 0 s anchor authority set tsa --url "$(at good)" --roots "$T/tsa/ca.pem"
expect_exit 0 s --json anchor
sleep 2
openssl ts -reply -queryfile "$Q" -config "$T/tsa/good.cnf" -out "${Q%.tsq}.tsr" 2>/dev/null
expect_exit 0 s --json anchor
says err 'after a time stamp over more leaves'

expect_exit 0 "$SCELLE" verify "$V"
# A token that is changed or lost afterwards is found without any key.
cp "$TSR" "$T/kept"
printf 'x' | dd of="$TSR" bs=1 seek=100 conv=notrunc 2>/dev/null
expect_exit 1 "$SCELLE" verify "$V"
says out '.tsa.tsr'
rm "$TSR"
expect_exit 1 "$SCELLE" verify "$V"
cp "$T/kept" "$TSR"
expect_exit 0 "$SCELLE" verify "$V"
finish
