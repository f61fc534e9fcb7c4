#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# 100,000 operations of many processes on one vault, 200 of these killed.
set -u
cd "$(dirname "$0")/../.." || exit 3
prog=${OBJ:-build/release}/tests/contention/contend
make -s "$prog" || exit 3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if "$prog" "$dir/vault" --ops "${CONTEND_OPS:-100000}" --kills 200 --seed "${CONTEND_SEED:-1}"; then
	echo "1 passed, 0 failed"
else
	echo "not ok contention"
	echo "0 passed, 1 failed"
	exit 1
fi
