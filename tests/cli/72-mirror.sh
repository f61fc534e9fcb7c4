#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# A peer keeps a copy without keys and takes nothing back: what shrinks, forks or
# overwrites is refused; what was cut off is taken up again.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
M=$T/mirror
echo 'the words of claire' >"$T/pass"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
send() { "$SCELLE" --vault "$1" mirror send -- "$SCELLE" mirror receive "$2"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
day() { date -u -d "$1" +%F; }
leaves() { "$SCELLE" --vault "$1" --json status | sed 's/.*"leaves":\([0-9]*\).*/\1/'; }
runs() { find "$M" -maxdepth 1 -type d -name '0*' | wc -l; }
sums() { (cd "$M" && find . -type f ! -path './refused/*' ! -name LOCK -print0 |
	sort -z | xargs -0 sha256sum); }

start_site --throttle 0
expect_exit 0 s init --unit piej-demo --user claire --lab --work-factor 2
expect_exit 0 s case open c1 --basis 'art. L.114-22-3 CSS' \
	--offence escroquerie --from "$(day yesterday)" --to "$(day '+9 days')"
expect_exit 0 s case source add c1 telegram:pharma_demo_lab
expect_exit 0 s --lab "$LAB" collect c1 --fast --pages 1 --why 'routine'

expect_exit 2 "$SCELLE" --vault "$V" mirror
expect_exit 2 "$SCELLE" --vault "$V" mirror send ssh peer
expect_exit 0 send "$V" "$M"
says out 'bytes went over'
n1=$(leaves "$V")
check 'the run is there' test -d "$M/$(printf %012d "$n1")"
check_not 'no key went over' sh -c \
	"find '$M' -name '*.age' -o -name '*.add' | grep -q ."
expect_exit 0 send "$V" "$M"
says out 'nothing new'
cp -r "$V" "$T/old"
cp -r "$V" "$T/fork"

# --- it grows ---
expect_exit 0 s --lab "$LAB" collect c1 --fast --pages 1 --why 'more'
expect_exit 0 s shard new
expect_exit 0 send "$V" "$M"
check 'two runs' test "$(runs)" = 2

# --- a log that shrank, another history, another log ---
before=$(sums)
expect_exit 5 send "$T/old" "$M"
says err 'shrank'
f() { "$SCELLE" --vault "$T/fork" --passphrase-file "$T/pass" "$@"; }
while [ "$(leaves "$T/fork")" -lt "$(($(leaves "$V") + 2))" ]; do
	f audit --why 'another copy' >/dev/null 2>&1 || break
done
expect_exit 5 send "$T/fork" "$M"
says err 'fork'
check 'the signed heads that contradict are kept' test \
	"$(find "$M/refused" -name '*.note' | wc -l)" = 2
expect_exit 0 "$SCELLE" --vault "$T/x" --passphrase-file "$T/pass" init \
	--unit other --user claire --lab --work-factor 2
expect_exit 5 send "$T/x" "$M"
says err 'another log'
expect_exit 5 sh -c "'$SCELLE' --vault '$T/x' mirror send -- '$SCELLE' mirror \
	receive '$T/m2' --key 'somebody+else'"
check 'nothing that stands was touched' same "$before" "$(sums)"
expect_exit 1 "$SCELLE" verify --head "$(find "$M/refused" -name '*.note' | sort |
	tail -1)" "$V"
says out 'NOT SOUND'

# --- killed at any point, taken up again ---
expect_exit 0 s --lab "$LAB" collect c1 --fast --pages 1 --why 'again'
before=$(sums)
for at in 0.005 0.01 0.02 0.03 0.05; do
	timeout -s KILL "$at" "$SCELLE" --vault "$V" mirror send -- \
		timeout -s KILL "$at" "$SCELLE" mirror receive "$M" \
		>/dev/null 2>&1
	[ "$(runs)" = 2 ] || break
	check "killed after $at s: the runs are as they were" same "$before" \
		"$(cd "$M" && find . -type f ! -path './refused/*' \
		! -path './partial/*' ! -name LOCK -print0 | sort -z |
		xargs -0 sha256sum)"
done
expect_exit 0 send "$V" "$M"
check 'three runs' test "$(runs)" = 3
check_not 'nothing half is left' test -e "$M/partial"

# --- a hostile sender ---
python3 - "$SCELLE" "$T/m3" <<'END'
import struct, subprocess, sys, os
scelle, d = sys.argv[1:3]
def run(data):
    p = subprocess.run([scelle, 'mirror', 'receive', d], input=data,
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
    return p.returncode
def msg(t, b): return struct.pack('>IB', len(b) + 1, t) + b
hello = msg(1, b'scelle-mirror/v1x+1+y')
cases = [b'', b'\xff' * 64, msg(9, b'x'), msg(1, b'other'), hello,
         hello + msg(3, b'\0' * 200), hello + msg(4, b'\0' * 60),
         hello + struct.pack('>I', 0x7fffffff) + b'\3' + b'A' * 1000]
bad = [i for i, c in enumerate(cases) if run(c) not in (3, 5)]
for i in range(400):
    r = run(hello + msg(3, os.urandom(i % 90))) if i % 40 == 0 else 3
    if r not in (3, 5): bad.append(i)
print(bad)
sys.exit(bool(bad) or any(x.startswith('0') for x in os.listdir(d)))
END
check 'a hostile sender gets a refusal and leaves no run' test $? = 0

# --- restored from the mirror ---
expect_exit 0 "$SCELLE" restore "$M" "$T/truths"
says out 'nothing in it opens'
finish
