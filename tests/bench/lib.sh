# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# Measuring contestants in turn, and the table.  For run.sh.
#
# $W/results.tsv: section, contestant, round, wall s, processor s, peak MB

note() { printf '%s\n' "$*" >&2; }
missing() { note "MISSING: $1 is not installed; what is compared with it is left out"; }
have() { command -v "$1" >/dev/null 2>&1 || { missing "$1"; return 1; }; }
have_py() { /usr/bin/python3 -c "import $1" 2>/dev/null || { missing "python3-$1"; return 1; }; }

# put SECTION NAME ROUND WALL CPU MB
put() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>"$W/results.tsv"; }

# measure SECTION NAME ROUND COMMAND... - the whole process and all it waited for
measure() {
	local section=$1 name=$2 round=$3 t0 t1 u s kb
	shift 3
	t0=$EPOCHREALTIME
	if ! /usr/bin/time -q -o "$W/time" -f '%U %S %M' "$@" >"$W/out" 2>"$W/err"; then
		note "$section: $name failed: $*"
		tail -n 5 "$W/err" "$W/out" >&2
		return 1
	fi
	t1=$EPOCHREALTIME
	read -r u s kb < <(tail -n 1 "$W/time")
	put "$section" "$name" "$round" "$(calc "$t1 - $t0")" "$(calc "$u + $s")" \
		"$(calc "$kb / 1024")"
}

# reported SECTION NAME ROUND COMMAND... - a program that prints seconds,
# processor seconds, bytes, posts, peak kB of what counts
reported() {
	local section=$1 name=$2 round=$3 wall cpu bytes posts kb
	shift 3
	read -r wall cpu bytes posts kb < <("$@" 2>"$W/err" || echo)
	if [ -z "${kb:-}" ]; then
		note "$section: $name failed: $*"
		tail -n 5 "$W/err" >&2
		return 1
	fi
	put "$section" "$name" "$round" "$wall" "$cpu" "$(calc "$kb / 1024")"
	printf '%s %s\n' "$bytes" "$posts" >"$W/did.$section.$name"
}

calc() { awk "BEGIN { printf \"%.4f\", $* }"; }

median() { sort -g | awk '{ v[NR] = $1 } END { if (NR) printf "%.4f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# of SECTION NAME wall|cpu|mb - the median of its rounds
of() {
	local c=4
	[ "$3" = cpu ] && c=5
	[ "$3" = mb ] && c=6
	[ -f "$W/results.tsv" ] || return 0
	awk -F '\t' -v s="$1" -v n="$2" -v c=$c '$1 == s && $2 == n { print $c }' "$W/results.tsv" | median
}

# ratio SECTION PEER OURS wall|cpu [MINUS] - median over rounds of peer / ours;
# MINUS seconds are taken off the peer first
ratio() {
	local c=4
	[ "$4" = cpu ] && c=5
	awk -F '\t' -v s="$1" -v a="$2" -v b="$3" -v c=$c -v minus="${5:-0}" '
		$1 == s && $2 == a { x[$3] = $c - minus }
		$1 == s && $2 == b { y[$3] = $c }
		END { for (r in x) if (y[r] > 0) print x[r] / y[r] }' "$W/results.tsv" | median
}

# row WHAT OURS PEER RATIO CPU-RATIO min|max TARGET - one line of the table; the
# ratio decides
row() {
	local verdict
	[ -n "$4" ] || { printf '%s\t%s\t%s\t-\t-\t%s %s\tnot run\n' "$1" "$2" "$3" "$6" "$7" >>"$W/table.tsv"; return; }
	verdict=$(awk -v r="$4" -v k="$6" -v t="$7" 'BEGIN { print (k == "min" ? r >= t : r <= t) ? "met" : "MISSED" }')
	printf '%s\t%s\t%s\t%.2f\t%s\t%s %s\t%s\n' "$1" "$2" "$3" "$4" "${5:+$(printf %.2f "$5")}" "$6" "$7" \
		"$verdict" >>"$W/table.tsv"
}

# versus SECTION WHAT OURS PEER min TARGET [MINUS] - a row of two contestants
versus() {
	local a b
	a=$(of "$1" "$3" wall) b=$(of "$1" "$4" wall)
	[ -n "$a" ] || a=0
	if [ -z "$b" ]; then
		row "$2" "$a s" "not run" "" "" "$5" "$6"
		return
	fi
	row "$2" "$(printf '%.2f s' "$a")" "$(printf '%.2f s' "$b")${7:+ less $(printf '%.2f' "$7")}" \
		"$(ratio "$1" "$4" "$3" wall "${7:-0}")" "$(ratio "$1" "$4" "$3" cpu "${7:-0}")" "$5" "$6"
}

table() {
	echo
	{
		printf 'what\tours\tpeer\tratio\tof CPU\ttarget\t\n'
		cat "$W/table.tsv"
	} | awk -F '\t' '{ printf "%-50s %14s %18s %7s %7s %10s  %s\n", $1, $2, $3, $4, $5, $6, $7 }'
	echo
	awk -F '\t' '{ n[$7]++ } END { printf "%d met, %d missed, %d not run\n", n["met"], n["MISSED"], n["not run"] }' "$W/table.tsv"
}
