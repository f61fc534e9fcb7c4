#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Politeness over a long collect with two crashes and a 429: the smallest gap
# in the server's own log is never below the delay in force, and `scelle gaps`
# finds the same figure in the vault alone.  500 pages with TORTURE=1, else 40.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

pages=40 delay=150
[ -z "${TORTURE:-}" ] || pages=500
umask 077
printf 'gaps and crashes\n' >"$T/pass"
mkdir "$T/profiles"
sed -e "s/^delay .*/delay       $delay ms/" -e 's/^quota .*/quota       100000 per day/' \
	-e 's/^pages .*/pages       1000 per pass/' profiles/telegram.profile \
	>"$T/profiles/telegram.profile"
export SCELLE_PROFILES=$T/profiles SCELLE_VAULT=$T/vault SCELLE_PASSPHRASE_FILE=$T/pass
export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config
start_site --scenario bench --pages $pages --posts 5 --media 4 --channels 1 \
	--throttle 1 --retry-after 2 --log "$T/arrivals"
export SCELLE_LAB=$LAB
run() { "$SCELLE" --quiet "$@" >"$T/out" 2>"$T/err"; }
check "a vault" run init --unit gaps --user camille --lab --work-factor 10
check "a case" run case open G-1 --basis "L.114-22-3" --offence "441-1" \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)" --quota 100000
check "a source" run case source add G-1 telegram:canal_00000

# Two crashes: killed outright while requests go out.
for third in 1 2; do
	"$SCELLE" --quiet collect G-1 --no-media >"$T/out" 2>"$T/err" &
	pid=$!
	want=$(($(grep -c '"event":"request"' "$T/arrivals") + pages / 4))
	for _ in $(seq 3000); do
		[ "$(grep -c '"event":"request"' "$T/arrivals")" -ge $want ] && break
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	check "crash $third comes in the middle" kill -KILL $pid
	wait $pid 2>/dev/null
done
check "the third pass ends" run collect G-1 --no-media
check "verify" run verify

gaps() { "$SCELLE" --json gaps G-1 --why 'politeness' >"$T/gaps" 2>"$T/err"; }
check "the records show every gap kept" gaps

# The server's view: from the end of one answer to the arrival of the next
# request, over all hosts (one family, one turn).
python3 - "$T/arrivals" "$T/gaps" "$delay" "$pages" <<'P' >"$T/verdict"
import json, sys
ev = [json.loads(l) for l in open(sys.argv[1])]
delay, pages = int(sys.argv[3]), int(sys.argv[4])
req = sorted(e["boot_ms"] for e in ev if e["event"] == "request")
start = {e["n"]: e["boot_ms"] for e in ev if e["event"] == "request"}
end = {e["n"]: e["boot_ms"] for e in ev if e["event"] == "response"}
order = sorted(start, key=start.get)
gaps = [start[b] - end.get(a, start[a]) for a, b in zip(order, order[1:])]
rows = [json.loads(l) for l in open(sys.argv[2])]
vault = min(r["min_gap_ms"] for r in rows if r["min_gap_ms"] is not None)
urls = [e["target"] for e in ev if e["event"] == "request" and e.get("target", "").startswith("/s/")]
print("requests", len(req), "pages", len(set(urls)), "smallest server", min(gaps), "vault", vault, "delay", delay)
throttled = [e for e in ev if e["event"] == "response" and e["status"] == 429]
ok = len(set(urls)) >= pages and min(gaps) >= delay and vault >= delay and throttled
# The two clocks see the same gap from both ends of a connection: connecting,
# TLS and closing lie between, and both read whole milliseconds.
same = abs(min(gaps) - vault) <= 60
if not throttled:
    sys.exit("the server never said 429")
t = throttled[0]["n"]
after = order[order.index(t) + 1]
held = start[after] - end[t] >= 2000
print("ok", bool(ok), "same", same, "held", held)
sys.exit(0 if ok and same and held else 1)
P
rc=$?
check "the server saw the same: $(tail -2 "$T/verdict" | tr '\n' ' ')" same $rc 0
"$SCELLE" --json posts G-1 --why politeness --limit 100000 >"$T/posts" 2>/dev/null
check "every post is there once" same "$(grep -c '"post_id"' "$T/posts")" "$((pages * 5))"
finish
