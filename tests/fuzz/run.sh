#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Each fuzz target for a while.  usage: run.sh DIR SECONDS TARGET...
# Two at a time; findings stay in DIR/<target>.crash-*; corpora in DIR/corpus.
set -u
dir=$1 secs=$2
shift 2
export dir secs
# shellcheck disable=SC2016  # expanded by the inner shell
printf '%s\n' "$@" | xargs -P 2 -I{} sh -c '
	t=$1 n=$(basename "$1")
	mkdir -p "$dir/corpus/$n"
	if [ -d "tests/fuzz/seeds/$n" ]; then seeds=tests/fuzz/seeds/$n; else seeds=; fi
	if "$t" -max_total_time="$secs" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 -max_len=65536 \
	    -artifact_prefix="$dir/$n." "$dir/corpus/$n" $seeds >"$dir/$n.log" 2>&1; then
		printf "ok   %-24s %s executions\n" "$n" \
		    "$(sed -n "s/stat::number_of_executed_units: *//p" "$dir/$n.log")"
	else
		printf "FAIL %s\n" "$n"; grep -E "ERROR|SUMMARY|runtime error" "$dir/$n.log" | head -5
	fi' sh {} >"$dir/summary.txt"
cat "$dir/summary.txt"
! grep -q '^FAIL' "$dir/summary.txt"
