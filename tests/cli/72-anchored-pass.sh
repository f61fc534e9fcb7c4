#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# A pass ends by showing the log outside; what is sealed after it names the time
# stamp, and says what vouches for its time.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || { skip 'python3 is not here'; finish; }
export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
echo 'the words of claire' >"$T/pass"
echo 'the words of the unit' >"$T/unit"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
stamps() { find "$V/log" -name '*.tsr' | wc -l; }
TSA_PID=
trap '[ -z "$TSA_PID" ] || kill "$TSA_PID" 2>/dev/null; cleanup' EXIT

sh tests/outside/authority.sh "$T/tsa"
python3 tests/outside/authority.py "$T/tsa" "$T/ready" 2>/dev/null &
TSA_PID=$!
for _ in $(seq 200); do [ -s "$T/ready" ] && break; sleep 0.05; done
start_site --throttle 0
expect_exit 0 s init --unit piej-demo --user claire --lab --work-factor 2 --unit-passphrase-file "$T/unit"
expect_exit 0 s case open now --basis 'art. L.114-22-3 CSS' --offence escroquerie \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
expect_exit 0 s case source add now telegram:pharma_demo_lab

# a lab vault asks nobody but this machine
expect_exit 0 s anchor authority set tsa --url 'http://tsa.example/' --roots "$T/tsa/ca.pem"
expect_exit 0 s anchor
says err 'a lab vault asks nobody but this machine'
expect_exit 0 s anchor authority set tsa --url "http://127.0.0.1:$(cat "$T/ready")/good" --roots "$T/tsa/ca.pem"

expect_exit 0 s --lab "$LAB" collect now --fast --pages 1 --no-media --offline
check '--offline asks nobody' same "$(stamps)" 0
s show now 0 --why test >"$T/out"
says out 'only the local clock vouches for it'
expect_exit 0 s --lab "$LAB" collect now --fast --pages 1 --no-media
check 'a pass ends with a time stamp' same "$(stamps)" 1
s show now 0 --why test >"$T/out"
says out 'stamped by tsa, not said to be qualified'
HASH=$(sha256sum "$V"/log/*/heads/*.tsr | cut -c1-64)

# nobody logged in: the same, from a timer
expect_exit 0 "$SCELLE" --vault "$V" --user timer --passphrase-file "$T/unit" --lab "$LAB" \
	collect now --fast --pages 1 --no-media
check 'the timer may too' same "$(stamps)" 2
N=$(s --json posts now --why test 2>/dev/null | wc -l)
check 'posts are there' test "$N" -gt 0
LAST=0
while s show now $((LAST + 1)) --why test --statement >"$T/next" 2>/dev/null; do LAST=$((LAST + 1)); cp "$T/next" "$T/note"; done
check 'a capture of the pass after names the time stamp' has "$T/note" "\"anchor\":\"$HASH\""
s show now 0 --why test --statement >"$T/first"
check 'one from before does not' hasnt "$T/first" '"anchor"'
expect_exit 0 "$SCELLE" verify "$V"
finish
