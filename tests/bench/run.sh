#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Speed as ratios against real peers: same input, same machine, in turn
# (A B C A B C ...), medians of the rounds.
#
# usage: run.sh [SECTION...]    parse seal verify leaves search frontier pass
#                               memory audit erase commit; all of them when none is named
# BENCH_ROUNDS (5), BENCH_PAGES (1000), BENCH_MEDIA (2000), BENCH_POSTS (100000,
# search), BENCH_LEAVES (1000000), BENCH_ACCESSES (1000000), BENCH_DIR (a new directory below TMPDIR),
# BENCH_KEEP=1 keeps it.
#
# "ratio" is of wall time and decides; "of CPU" is the same of processor time:
# where other work runs on the machine, it is the quieter of the two.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
OBJ=$(cd "${OBJ:-build/release}" && pwd) || exit 3
TOP=$PWD B=$OBJ/tests/bench SITE=$OBJ/tests/server/site S=$PWD/scelle
PEERS=$TOP/tests/bench/peers
ROUNDS=${BENCH_ROUNDS:-5} PAGES=${BENCH_PAGES:-1000} MEDIA=${BENCH_MEDIA:-2000}
POSTS=${BENCH_POSTS:-100000} LEAVES=${BENCH_LEAVES:-1000000} ACCESSES=${BENCH_ACCESSES:-1000000}
W=${BENCH_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/scelle-bench-XXXXXX")}
mkdir -p "$W"
W=$(cd "$W" && pwd)
IN=$W/in
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
# shellcheck source=lib.sh
. "$TOP/tests/bench/lib.sh"
# shellcheck source=pass.sh
. "$TOP/tests/bench/pass.sh"
: >"$W/results.tsv"
: >"$W/table.tsv"

clean() {
	pass_stop
	[ -n "${BENCH_KEEP:-}" ] || rm -rf "$W"
}
trap clean EXIT
trap 'exit 3' INT TERM

make_input() {
	[ -f "$IN/urls.txt" ] && return
	note "making $PAGES pages and $MEDIA pictures"
	"$SITE" --write "$IN" --scenario bench --pages "$PAGES" --media "$MEDIA" --channels 10 || exit 3
}

# ------------------------------------------------------------------- parse

bench_parse() {
	local r bs4 lxml posts f
	make_input
	have_py bs4 && bs4=1
	have_py lxml && lxml=1
	for r in $(seq "$ROUNDS"); do
		note "parse: round $r of $ROUNDS"
		reported parse gumbo "$r" "$B/bench_parse" gumbo "$IN"
		reported parse one "$r" "$B/bench_parse" 1 "$IN" "$TOP/profiles" "$S"
		reported parse two "$r" "$B/bench_parse" 2 "$IN" "$TOP/profiles" "$S"
		[ -n "${lxml:-}" ] && reported parse lxml "$r" /usr/bin/python3 "$PEERS/parse.py" lxml "$IN/p"
		[ -n "${bs4:-}" ] && reported parse bs4 "$r" /usr/bin/python3 "$PEERS/parse.py" bs4 "$IN/p"
	done
	posts=$((PAGES * 20))
	for f in "$W"/did.parse.*; do
		case $f in *.gumbo) continue ;; esac
		[ "$(cut -d' ' -f2 "$f")" = $posts ] || note "parse: ${f##*.} found $(cut -d' ' -f2 "$f") posts of $posts"
	done
	versus parse "posts, 1 child, against bare gumbo_parse" one gumbo min 0.65
	versus parse "posts, 2 children, against 1 child" two one min 1.8
	versus parse "posts, 1 child, against BeautifulSoup (lxml)" one bs4 min 4
	versus parse "posts, 2 children, against lxml + XPath" two lxml min 1
	row "parse child, peak MB" "$(of parse one mb)" "" "$(of parse one mb)" "" max 64
}

# -------------------------------------------------------- sealing, verifying

restic() { command restic -q --no-cache -r "$W/restic" -p "$W/password" "$@"; }

seal_round() {
	local r=$1
	rm -rf "$W/vault"
	cat "$IN"/p/* "$IN"/media/* >/dev/null
	sync
	measure seal ours "$r" "$B/bench_vault" seal "$W/vault" "$IN/p" "$IN/media"
	if [ -n "${RESTIC:-}" ]; then
		rm -rf "$W/restic"
		restic init >/dev/null
		sync
		measure seal restic "$r" restic -q --no-cache -r "$W/restic" -p "$W/password" backup "$IN/p" "$IN/media"
		measure seal restic-open "$r" restic -q --no-cache -r "$W/restic" -p "$W/password" cat config
	fi
	if [ -n "${BORG:-}" ]; then
		rm -rf "$W/borg"
		borg init -e repokey-blake2 "$W/borg" >/dev/null 2>&1
		sync
		measure seal borg "$r" borg create -C lz4 "$W/borg::a" "$IN/p" "$IN/media"
	fi
}

bench_seal() {
	local r open
	make_input
	RESTIC='' BORG=''
	have restic && RESTIC=1
	have borg && BORG=1
	echo bench >"$W/password"
	export BORG_PASSPHRASE=bench BORG_BASE_DIR=$W/borgbase
	for r in $(seq "$ROUNDS"); do
		note "seal: round $r of $ROUNDS"
		seal_round "$r"
	done
	open=$(of seal restic-open wall)
	# Opening a repository derives a key for half a second, on purpose.
	versus seal "sealing, against restic backup, its key known" ours restic min 1.5 "$open"
	versus seal "sealing, against borg create -C lz4" ours borg min 2
	[ -z "$RESTIC" ] || row "sealing, processor time, of restic's" "$(of seal ours cpu)" \
		"$(of seal restic cpu) less $(of seal restic-open cpu)" \
		"$(calc "$(of seal ours cpu) / ($(of seal restic cpu) - $(of seal restic-open cpu))")" "" max 0.5
}

dgst() { find "$W/vault" -type f -print0 | xargs -0 openssl dgst -sha256; }
export -f dgst

bench_verify() {
	local r open
	make_input
	export W
	echo bench >"$W/password"
	[ -d "$W/vault" ] || "$B/bench_vault" seal "$W/vault" "$IN/p" "$IN/media" >/dev/null
	RESTIC=''
	have restic && RESTIC=1
	if [ -n "$RESTIC" ] && [ ! -d "$W/restic" ]; then
		restic init >/dev/null
		restic backup "$IN/p" "$IN/media"
	fi
	dgst >/dev/null
	for r in $(seq "$ROUNDS"); do
		note "verify: round $r of $ROUNDS"
		measure verify one "$r" "$B/bench_vault" verify "$W/vault" 1
		measure verify two "$r" "$B/bench_vault" verify "$W/vault" 2
		measure verify openssl "$r" bash -c dgst
		[ -n "$RESTIC" ] || continue
		measure verify restic "$r" restic -q --no-cache -r "$W/restic" -p "$W/password" check --read-data
		measure verify restic-open "$r" restic -q --no-cache -r "$W/restic" -p "$W/password" cat config
	done
	open=$(of verify restic-open wall)
	versus verify "verify, 1 thread, against openssl dgst -sha256" one openssl min 0.7
	versus verify "verify, 2 threads, against openssl dgst -sha256" two openssl min 1
	versus verify "verify, 1 thread, against restic check, key known" one restic min 1.7 "$open"
}

bench_leaves() {
	local r bare check x
	for r in $(seq "$ROUNDS"); do
		note "leaves: round $r of $ROUNDS"
		rm -rf "$W/long"
		read -r bare check x < <("$B/bench_vault" leaves "$W/long" "$LEAVES" 2>"$W/err" || echo)
		[ -n "${x:-}" ] || { note "leaves: failed"; cat "$W/err" >&2; break; }
		put leaves bare "$r" "$bare" "$bare" 0
		put leaves check "$r" "$check" "$check" 0
	done
	rm -rf "$W/long"
	row "$LEAVES leaves checked, of their bare hashing" "$(of leaves check wall) s" "$(of leaves bare wall) s" \
		"$(ratio leaves check bare wall)" "" max 3
}

# ---------------------------------------------------------- search, frontier

bench_search() {
	local order what p50 target
	note "search: an index of $POSTS posts"
	"$B/bench_search" "$POSTS" >"$W/search.txt" || { note "search: failed"; return; }
	cat "$W/search.txt" >&2
	# shellcheck disable=SC2034  # fields named for the reader
	while read -r order p50 what; do
		target=1
		[ "$order" = best ] && target=20
		row "search, $order 20, $what, p50 ms" "$p50" "" "$p50" "" max $target
	done < <(awk '/ (newest|best) / { for (i = 1; i <= NF; i++) if ($i == "newest" || $i == "best") {
			w = $1; for (k = 2; k < i; k++) w = w " " $k; print $i, $(i + 1), w } }' "$W/search.txt")
}

bench_frontier() {
	local r
	for r in $(seq "$ROUNDS"); do
		note "frontier: round $r of $ROUNDS"
		"$B/bench_frontier" >"$W/frontier.txt" || { note "frontier: failed"; return; }
		cat "$W/frontier.txt" >&2
		put frontier few "$r" "$(sed 's/.*claim \([0-9.]*\) us.*/\1/' "$W/frontier.txt")" 0 0
		put frontier many "$r" "$(sed 's/.*000, \([0-9.]*\) us.*/\1/' "$W/frontier.txt")" 0 0
	done
	row "a claim with 1,000,000 URLs, of one with 10,000" "$(of frontier many wall) us" "$(of frontier few wall) us" \
		"$(ratio frontier many few wall)" "" max 2
}

# The audit of many accesses: first reading, and later ones.
bench_audit() {
	local r wall all rows found bytes mb
	note "audit: $ACCESSES accesses"
	rm -rf "$W/audit"
	"$B/bench_audit" make "$W/audit" "$ACCESSES" >/dev/null || { note "audit: failed"; return; }
	for r in $(seq "$ROUNDS"); do
		for what in cold read; do
			[ "$what$r" != cold1 ] && [ $what = cold ] && continue
			note "audit: round $r of $ROUNDS, $what"
			# shellcheck disable=SC2034  # fields named for the reader
			read -r wall all rows found bytes mb < <("$B/bench_audit" $what "$W/audit")
			put audit $what "$r" "$wall" 0 "$mb"
			put audit $what-all "$r" "$all" 0 "$mb"
		done
	done
	row "audit of $ACCESSES, findings, first reading" "$(of audit cold wall) s" "" "$(of audit cold wall)" "" max 300
	row "audit of $ACCESSES, findings, later" "$(of audit read wall) s" "" "$(of audit read wall)" "" max 60
	row "audit of $ACCESSES, findings and CSV, later" "$(of audit read-all wall) s" "" "$(of audit read-all wall)" "" max 120
	row "audit of $ACCESSES, peak MB" "$(of audit read mb)" "" "$(of audit read mb)" "" max 512
	rm -rf "$W/audit"
}

# Commits a second, alone and by 64, beside SQLite that only stores and syncs.
bench_commit() {
	local r how n
	for r in $(seq "$ROUNDS"); do
		note "commit: round $r of $ROUNDS"
		for how in alone:1:2000 grouped:64:12800; do
			n=${how#*:}
			rm -rf "$W/commit" "$W"/commit.db*
			reported commit "${how%%:*}" "$r" "$B/bench_commit" vault "$W/commit" "${n#*:}" "${n%:*}"
			reported commit "${how%%:*}-sqlite" "$r" "$B/bench_commit" sqlite "$W/commit.db" "${n#*:}" "${n%:*}"
		done
	done
	rm -rf "$W/commit" "$W"/commit.db*
	for how in alone:2000 grouped:12800; do
		n=$(of commit "${how%:*}" wall)
		row "records a second sealed and durable, ${how%:*}" "${n:+$(calc "${how#*:} / $n")}" \
			"$(calc "${how#*:} / $(of commit "${how%:*}-sqlite" wall)")" \
			"$(ratio commit "${how%:*}-sqlite" "${how%:*}" wall)" \
			"$(ratio commit "${how%:*}-sqlite" "${how%:*}" cpu)" min 0.1
	done
}

# One item of 100,000: decision, packs, new key, certificate.
bench_erase() {
	local r all packs keys opened
	for r in $(seq "$ROUNDS"); do
		note "erase: round $r of $ROUNDS"
		rm -rf "$W/erase"
		read -r all packs keys opened < <("$B/bench_erase" "$W/erase" "$POSTS" || echo)
		[ -n "${opened:-}" ] || { note "erase: failed"; break; }
		put erase opened "$r" "$opened" 0 0
		put erase all "$r" "$all" 0 0
		put erase packs "$r" "$packs" 0 0
		put erase keys "$r" "$keys" 0 0
	done
	rm -rf "$W/erase"
	row "a case of $POSTS items opened, to the newest's first byte" "$(of erase opened wall) s" "" \
		"$(of erase opened wall)" "" max 2
	row "one item of $POSTS erased" "$(of erase all wall) s" "" "$(of erase all wall)" "" max 5
}

sections=("$@")
[ $# -gt 0 ] || sections=(parse seal verify leaves search frontier pass memory audit erase commit)
for s in "${sections[@]}"; do
	case $s in
	parse | seal | verify | leaves | search | frontier | pass | memory | audit | erase | commit) ;;
	*) note "usage: run.sh [parse|seal|verify|leaves|search|frontier|pass|memory|audit|erase|commit]..."; exit 2 ;;
	esac
done
for s in "${sections[@]}"; do
	"bench_$s"
done
printf '%s\n' "$(uname -sm), $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg), $ROUNDS rounds, $(date -u +%F)"
table
