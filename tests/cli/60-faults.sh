#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# A collect is killed, or meets EIO or ENOSPC, at its write-class system calls:
# what was acknowledged is there and opens, verify passes once the vault was
# opened again, and the next pass finishes.  Every call with TORTURE=1, every
# FAULT_STEP-th (37) otherwise.  FAULT_KINDS (kill EIO ENOSPC) and FAULT_FROM (the
# first call) take a part of it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || { skip "no strace"; finish; }
strace -o /dev/null true 2>/dev/null || { skip "strace may not trace here"; finish; }

CALLS=write,pwrite64,writev,fsync,fdatasync,rename,link,unlink,ftruncate,mkdir,flock
step=${FAULT_STEP:-37}
[ -z "${TORTURE:-}" ] || step=1
umask 077
printf 'faults and floods\n' >"$T/pass"
export SCELLE_PASSPHRASE_FILE=$T/pass XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config
start_site --throttle 0
export SCELLE_LAB=$LAB
vault() { "$SCELLE" --quiet --vault "$T/$1" "${@:2}"; }
collect=(collect F-1 --fast --pages 2 --why faults)

prepare() {
	vault base init --unit faults --user camille --lab --work-factor 10 &&
	vault base case open F-1 --basis "L.114-22-3" --offence "441-1" \
		--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)" &&
	vault base case source add F-1 telegram:ordos_demo_lab
}
check "a vault, a case and a source" prepare >"$T/prepare" 2>&1 || { cat "$T/prepare"; finish; }

# What an undisturbed pass does, and how many such calls it makes.
cp -r "$T/base" "$T/clean"
strace -qq -o "$T/trace" -e trace=$CALLS "$SCELLE" --quiet --vault "$T/clean" \
	"${collect[@]}" >"$T/out" 2>&1
check "an undisturbed pass ends well" [ $? -eq 0 ] || { cat "$T/out"; finish; }
total=$(grep -cE '^[a-z0-9]+\(' "$T/trace")
want=$(vault clean posts F-1 --why faults --limit 1000 --json 2>/dev/null | grep -c '"post_id"')
note "$total write-class calls, $want posts"
check "it found posts" [ "$want" -gt 0 ]

# Receipts kept outside are what was acknowledged: none may be lost.
acknowledged() {
	find "$T/state" -type f -newer "$T/mark" -print0 2>/dev/null |
	while IFS= read -r -d '' r; do
		"$SCELLE" verify "$T/v" --head "$r" >/dev/null 2>"$T/err" || {
			echo "receipt $r does not fit"; return 1; }
	done
}

runs=0
try() {
	local what=$1 n=$2 inject=$3 rc posts
	rm -rf "$T/v"; cp -r "$T/base" "$T/v"; touch "$T/mark"
	strace -qq -o /dev/null -e trace=$CALLS -e inject="$CALLS:$inject" \
		"$SCELLE" --quiet --vault "$T/v" "${collect[@]}" >"$T/out" 2>&1
	rc=$?
	runs=$((runs + 1))
	if [ "$what" != kill ] && [ $rc -gt 5 ]; then
		fail "$what at call $n: exit $rc"; tail -3 "$T/out"; return
	fi
	# The second start recovers and finishes; nothing is fetched in vain.
	if ! "$SCELLE" --quiet --vault "$T/v" "${collect[@]}" >"$T/out" 2>&1; then
		fail "$what at call $n: the next pass fails"; tail -3 "$T/out"; return
	fi
	if ! "$SCELLE" verify "$T/v" >"$T/out" 2>&1; then
		fail "$what at call $n: verify"; head -5 "$T/out"; return
	fi
	if ! acknowledged >"$T/out"; then
		fail "$what at call $n: $(cat "$T/out")"; return
	fi
	posts=$(vault v posts F-1 --why faults --limit 1000 --json 2>"$T/err" | grep -c '"post_id"')
	if [ "$posts" -ne "$want" ]; then
		fail "$what at call $n: $posts posts, not $want"; head -3 "$T/err"; return
	fi
	PASSED=$((PASSED + 1))
}

for n in $(seq "${FAULT_FROM:-1}" "$step" "$total"); do
	case " ${FAULT_KINDS:-kill EIO ENOSPC} " in *" kill "*) try kill "$n" "signal=KILL:when=$n" ;; esac
	[ "$n" -gt 1 ] || continue
	case " ${FAULT_KINDS:-kill EIO ENOSPC} " in *" EIO "*) try EIO "$n" "error=EIO:when=$n" ;; esac
	case " ${FAULT_KINDS:-kill EIO ENOSPC} " in *" ENOSPC "*) try ENOSPC "$n" "error=ENOSPC:when=$n+" ;; esac
done
note "$runs disturbed passes"
finish
