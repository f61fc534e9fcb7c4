#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Runs each Criterion suite and adds up what they say.
# usage: run-units.sh OBJDIR SUITE...
set -u
obj=$1; shift
pass=0; fail=0; bad=""
for t in "$@"; do
	out=$obj/$(basename "$t").log
	SCELLE=${SCELLE:-./scelle} timeout 600 "$t" --jobs 2 >"$out" 2>&1
	rc=$?
	line=$(grep -a 'Synthesis: Tested' "$out" | tail -1)
	p=$(printf '%s' "$line" | sed -n 's/.*Passing: *\([0-9]*\).*/\1/p')
	n=$(printf '%s' "$line" | sed -n 's/.*Tested: *\([0-9]*\).*/\1/p')
	grep -a '^SKIP' "$out" | sort -u | sed 's/^/  /'
	if [ "$rc" -ne 0 ] || [ -z "$n" ] || [ "$p" != "$n" ]; then
		bad="$bad $t"; fail=$((fail + ${n:-1} - ${p:-0}))
		printf 'FAIL %s (exit %s)\n' "$t" "$rc"
		grep -aE '^\[(FAIL|----|CRASH)|Unexpected|timed out' "$out" | head -40
		tail -5 "$out"
	else
		printf 'ok   %-40s %s tests\n' "${t#"$obj"/}" "$n"
	fi
	pass=$((pass + ${p:-0}))
done
printf 'units: %d passed, %d failed\n' "$pass" "$fail"
[ -z "$bad" ]
