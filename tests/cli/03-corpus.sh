#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# The profiles against captured pages of the platforms.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

if [ -z "${SCELLE_SHARED:-}" ] || [ ! -d "$SCELLE_SHARED/corpus" ]; then
	skip "captured pages: SCELLE_SHARED not set"
	finish
	exit
fi
CORPUS=$SCELLE_SHARED/corpus

python3 "$SCELLE_SHARED/tools/score_corpus.py" --scelle "$SCELLE" \
	--corpus "$CORPUS" --min 0.98 >"$T/score"
status=$?
sed 's/^/# /' "$T/score" | cut -c1-150
check "posts of all platforms: mean at least 0.98" test $status = 0
# "name  good/all points …"
awk '$3 == "points" { split($2, p, "/"); if (p[1] < 0.95 * p[2]) print $1 }' \
	"$T/score" >"$T/weak"
check "no platform below 0.95" test ! -s "$T/weak"
check "all platforms with posts were judged" \
	test "$(grep -c ' points ' "$T/score")" -ge 14

check "every page says what it is" \
	python3 tests/profiles/corpus.py says "$SCELLE" "$CORPUS"
NAMES=1
[ -n "${TORTURE:-}" ] && NAMES=200
check "a renamed class or key is never taken for 'no posts'" \
	python3 tests/profiles/corpus.py renamed "$SCELLE" "$CORPUS" $NAMES

for p in profiles/*.profile; do
	"$SCELLE" --quiet profile check "$p" >>"$T/checked" 2>&1 || echo "$p" >>"$T/bad"
done
check "every profile passes its own check" test ! -s "$T/bad"
check "no block that no page names" \
	test "$("$SCELLE" profile check profiles/x.profile 2>&1 | grep -c 'unused block')" = 0

finish
