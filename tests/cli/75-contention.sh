#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Many processes on one vault, some of them killed: the short form.
set -u
cd "$(dirname "$0")/../.." || exit 3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if "${OBJ:-build/release}/tests/contention/contend" "$dir/vault" --ops 2000 --kills 10; then
	echo "1 passed, 0 failed"
else
	echo "not ok contention"
	echo "0 passed, 1 failed"
	exit 1
fi
