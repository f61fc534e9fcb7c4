#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Power loss at every file operation, every sync taken out in turn, every call
# made to fail.  CRASH_STATES, CRASH_SEED: how many, which.
set -u
cd "$(dirname "$0")/../.." || exit 3
pass=0; fail=0
prog=build/crash/tests/crash/crash
try() { # what, command...
	echo "== $1"
	shift
	if "$@"; then pass=$((pass + 1)); else echo "not ok $*"; fail=$((fail + 1)); fi
}
try "build" make -s MODE=crash "$prog"
try "crash states" "$prog" explore --states "${CRASH_STATES:-24000}" --seed "${CRASH_SEED:-1}"
try "syncs" "$prog" syncs --states 3000 --known tests/crash/syncs.txt --seed "${CRASH_SEED:-1}"
try "faults" "$prog" faults --seed "${CRASH_SEED:-1}"
echo "$pass passed, $fail failed"
[ "$fail" -eq 0 ]
