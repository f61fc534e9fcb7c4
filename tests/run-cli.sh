#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Runs each command line test and adds up what they say.
# usage: run-cli.sh TEST...      OBJ is the object directory, CLI_TIMEOUT the
# seconds a script may take (1800)
set -u
pass=0; fail=0; skip=0
for t in "$@"; do
	name=$(basename "$t" .sh)
	log=${OBJ:-build/release}/cli-$name.log
	timeout "${CLI_TIMEOUT:-1800}" "$t" >"$log" 2>&1
	rc=$?
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -1)
	p=$(printf '%s' "$line" | sed -n 's/^\([0-9]*\) passed.*/\1/p')
	f=$(printf '%s' "$line" | sed -n 's/.* \([0-9]*\) failed.*/\1/p')
	s=$(printf '%s' "$line" | sed -n 's/.* \([0-9]*\) skipped.*/\1/p')
	grep -aiE '^(SKIP|# skip|skip)' "$log" | sed 's/^/  /'
	if [ $rc -ne 0 ] || [ -z "$line" ] || [ "${f:-1}" -ne 0 ]; then
		echo "FAIL $name (exit $rc)"
		grep -aE '^(not ok|FAIL)' "$log" | head -20
		tail -15 "$log" | sed 's/^/    /'
		[ "${f:-0}" -gt 0 ] || f=1
	else
		printf 'ok   %-40s %s\n' "$name" "$line"
	fi
	pass=$((pass + ${p:-0})); fail=$((fail + ${f:-0})); skip=$((skip + ${s:-0}))
done
printf '%d passed, %d failed, %d skipped\n' "$pass" "$fail" "$skip"
[ "$fail" -eq 0 ]
