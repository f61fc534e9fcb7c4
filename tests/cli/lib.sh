# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
#
# What the end-to-end tests share.  A test begins with
#
#	# shellcheck source=lib.sh
#	. "$(dirname "$0")/lib.sh"
#
# and ends with "finish".  It runs in the root of the sources, has a directory
# of its own in $T that goes away at the end, and speaks TAP on stdout.
#
#	ok TEXT / fail TEXT           one result
#	check TEXT CMD…               ok when CMD succeeds
#	expect_exit N CMD…            ok when CMD leaves with status N; its output
#	                              is in $T/out and $T/err
#	has FILE TEXT / hasnt …       a fixed string is (not) in a file
#	skip TEXT                     loud, counted, not a failure
#	start_site [ARGS]             the lab site; sets LAB, SITE_DIR, SITE_LOG,
#	                              HTTPS, HTTP, ADMIN and the TLS_… ports
#	site_admin PATH               POST to its admin port
#	stop_site
#	site_get URL [curl args]      curl as a browser of that world would

set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT" || exit 1
O=${O:-build/release}
case $O in /*) ;; *) O=$ROOT/$O ;; esac
: "${SCELLE:=$ROOT/scelle}"
: "${SITE:=$O/tests/server/site}"
NAME=$(basename "$0" .sh)
T=$(mktemp -d "${TMPDIR:-/tmp}/scelle-test.XXXXXX") || exit 1
PASSED=0
FAILED=0
SKIPPED=0
SITE_PID=
SITE_COUNT=0
export SCELLE O T

cleanup() {
	stop_site
	if [ -n "${KEEP:-}" ]; then
		echo "# kept: $T"
	else
		rm -rf "$T"
	fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

note() { printf '# %s\n' "$*"; }

ok() {
	PASSED=$((PASSED + 1))
	printf 'ok %d - %s\n' $((PASSED + FAILED)) "$*"
}

fail() {
	FAILED=$((FAILED + 1))
	printf 'not ok %d - %s\n' $((PASSED + FAILED)) "$*"
}

skip() {
	SKIPPED=$((SKIPPED + 1))
	printf '# SKIP %s\n' "$*"
	printf 'SKIP %s: %s\n' "$NAME" "$*" >&2
}

check() {
	local text=$1
	shift
	if "$@"; then ok "$text"; else fail "$text"; fi
}

check_not() {
	local text=$1
	shift
	if "$@"; then fail "$text"; else ok "$text"; fi
}

expect_exit() {
	local want=$1 got
	shift
	"$@" >"$T/out" 2>"$T/err" </dev/null
	got=$?
	if [ "$got" -eq "$want" ]; then
		ok "exit $want: ${*##*/}"
	else
		fail "exit $got, not $want: $*"
		head -n 5 "$T/err" | sed 's/^/# /'
	fi
	return 0
}

same() { [ "$1" = "$2" ] || { note "'$1' is not '$2'"; return 1; }; }
has() { grep -qF -- "$2" "$1" || { note "no '$2' in $1"; return 1; }; }
hasnt() { ! grep -qF -- "$2" "$1" || { note "'$2' is in $1"; return 1; }; }

start_site() {
	local ready
	SITE_COUNT=$((SITE_COUNT + 1))
	SITE_DIR=$T/site$SITE_COUNT
	SITE_LOG=$SITE_DIR/site.log
	LAB=$SITE_DIR/lab.conf
	ready=$T/site$SITE_COUNT.ready
	[ -x "$SITE" ] || { fail "the lab site is built"; finish; }
	"$SITE" --dir "$SITE_DIR" --ready "$ready" "$@" >"$T/site.out" 2>&1 &
	SITE_PID=$!
	for _ in $(seq 600); do
		[ -s "$ready" ] && break
		kill -0 "$SITE_PID" 2>/dev/null || break
		sleep 0.05
	done
	if [ ! -s "$ready" ]; then
		fail "the lab site starts"
		sed 's/^/# /' "$T/site.out"
		finish
	fi
	# shellcheck disable=SC1090
	. "$ready"
	export SITE_DIR SITE_LOG LAB
}

stop_site() {
	if [ -n "$SITE_PID" ]; then
		kill "$SITE_PID" 2>/dev/null
		wait "$SITE_PID" 2>/dev/null
		SITE_PID=
	fi
}

site_admin() {
	curl -sS -X POST "http://127.0.0.1:$ADMIN/admin/$1"
}

site_get() {
	local url=$1 host port
	shift
	host=${url#*://}
	host=${host%%/*}
	port=$HTTPS
	case $url in
	http://*) port=$HTTP ;;
	https://tls-*)
		port=$(sed -n "s/^map $host 127.0.0.1:\([0-9]*\)$/\1/p" "$LAB")
		;;
	esac
	curl -sS --noproxy '*' --max-time 30 --cacert "$SITE_DIR/ca/root.pem" \
		--connect-to "::127.0.0.1:$port" "$@" "$url"
}

finish() {
	local total=$((PASSED + FAILED))
	echo "1..$total"
	[ "$SKIPPED" -eq 0 ] || echo "# $SKIPPED skipped"
	echo "$PASSED passed, $FAILED failed"
	[ "$FAILED" -eq 0 ] && [ "$total" -gt 0 ]
	exit
}
