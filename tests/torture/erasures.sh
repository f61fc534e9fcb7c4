#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# 500 erasures at random: what is erased is in no file, opens with no key, and
# the vault verifies.
# shellcheck source=../cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

[ -x "$O/tests/store/test_erase" ] || make -s "$O/tests/store/test_erase"
expect_exit 0 env SCELLE_ERASURES="${SCELLE_ERASURES:-500}" \
	"$O/tests/store/test_erase" --filter 'erase/erasures_at_random*'
finish
