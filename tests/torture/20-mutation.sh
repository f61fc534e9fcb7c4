#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Each check of the verifying and permitting code taken out in turn.
set -u
cd "$(dirname "$0")/../.." || exit 3
obj=${OBJ:-build/release}
mapfile -t tests < <(printf '%s\n' tests/store/test_*.c tests/cases/test_*.c | sed "s#^#$obj/#; s#\.c\$##")
make -s -j2 "${tests[@]}" || exit 3
if python3 tests/mutation/run.py "$obj"; then
	echo "1 passed, 0 failed"
else
	echo "not ok mutants live"
	echo "0 passed, 1 failed"
	exit 1
fi
