#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Truths go to a backup without any key, keys apart; a restored vault begins a
# new shard that states the gap; what was altered or lost is said.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
B=$T/backup
echo 'the words of claire' >"$T/pass"
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }
r() { "$SCELLE" --passphrase-file "$T/pass" restore "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
day() { date -u -d "$1" +%F; }
leaves() { "$SCELLE" --vault "$1" --json status | sed 's/.*"leaves":\([0-9]*\).*/\1/'; }
run_of() { printf '%s/%012d' "$B" "$1"; }

start_site --throttle 0
expect_exit 0 s init --unit piej-demo --user claire --lab --work-factor 2
expect_exit 0 s case open c1 --basis 'art. L.114-22-3 CSS' \
	--offence escroquerie --from "$(day yesterday)" --to "$(day '+9 days')"
expect_exit 0 s case source add c1 telegram:pharma_demo_lab
expect_exit 0 s --lab "$LAB" collect c1 --fast --pages 1 --why 'routine'

# --- truths, without any key ---
expect_exit 0 s backup "$B"
says out 'backup      '
n1=$(leaves "$V")
check 'the run is there' test -d "$(run_of "$n1")"
check 'sha256sum reads its list' sh -c \
	"cd '$(run_of "$n1")' && sha256sum --quiet -c ../$(printf %012d "$n1").sha256"
check 'the run has every pack byte for byte' sh -c "
	cd '$V' && for p in \$(find . -name '*.pack'); do
		cmp -s \"\$p\" '$(run_of "$n1")'/\"\$p\" || exit 1; done"
expect_exit 0 s backup "$B"
says out 'nothing new'
check_not 'no key file is in it' sh -c \
	"find '$B' -name '*.age' -o -name '*.add' -o -name '*.tab*' | grep -q ."
check_not 'and no torn bytes' sh -c "find '$B' -name '*.torn' | grep -q ."

# Every sealed slot frame and every key file, searched for in the whole backup.
cat >"$T/search.py" <<'END'
import os, sys
vault, copy = sys.argv[1], sys.argv[2]
needles, bad = [], 0
for d, _, names in os.walk(vault):
    for n in names:
        p = os.path.join(d, n)
        if '/keys/' in p or p.endswith('.age') and n != 'index.age':
            b = open(p, 'rb').read()
            needles += [(p, b[i:i + 48]) for i in range(0, len(b) - 48, 48)]
            needles.append((p, b[-32:]))
hay = []
for d, _, names in os.walk(copy):
    for n in names:
        hay.append(open(os.path.join(d, n), 'rb').read())
hay = b'\0'.join(hay)
# Lines that every age file begins with are no secret.
for p, b in needles:
    if b.startswith(b'age-encryption.org/v1'):
        continue
    if b in hay:
        bad += 1
        print('found a piece of', p)
print(len(needles), 'pieces searched')
sys.exit(bad > 0 or len(needles) < 50)
END
check 'no piece of a slot or a key file is in the backup' \
	python3 "$T/search.py" "$V" "$B"
check_not 'the search finds what is there' sh -c \
	"python3 '$T/search.py' '$V' '$V' >/dev/null"

# --- beside a writer, and only what is new ---
s --lab "$LAB" collect c1 --fast --pages 2 --why 'beside' >/dev/null 2>&1 &
pid=$!
for _ in 1 2 3; do expect_exit 0 s backup "$B"; done
wait "$pid"
expect_exit 0 s case list
expect_exit 0 s --json backup "$B"
n2=$(leaves "$V")
check_not 'something was taken over' has "$T/out" '"linked":0,'
check 'case.note is a link to the run before' sh -c \
	"test \$(stat -c %h '$(run_of "$n2")'/cases/*/case.note) -gt 1"

# --- keys apart ---
age-keygen -o "$T/id" 2>/dev/null
to=$(sed -n 's/^# public key: //p' "$T/id")
age-keygen -o "$T/other" 2>/dev/null
expect_exit 2 s backup "$B" --keys "$T/keys"
expect_exit 3 s backup "$B" --keys "$T/keys" --recipient age1x --name k1
expect_exit 2 s backup "$B" --keys "$T/keys" --recipient "$to" --name k1 \
	--days 31
expect_exit 0 s backup "$B" --keys "$T/keys" --recipient "$to" --name k1
says out 'to be destroyed by'
n3=$(leaves "$V")
expect_exit 3 s backup "$B" --keys "$T/keys" --recipient "$to" --name k2
expect_exit 3 s backup "$B" --keys "$T/keys2" --recipient "$to" --name k1
check_not 'a name is used once' test -e "$T/keys2"
expect_exit 0 s backup --list
says out 'k1  to be destroyed by'
check 'the key file is an age file' grep -q '^age-encryption.org/v1' "$T/keys"
check 'its recipient opens it' sh -c \
	"age -d -i '$T/id' '$T/keys' | head -c 8 | grep -q SCLLKBK1"
check 'the backup still verifies without keys' python3 "$T/search.py" "$V" "$B"

# --- what the lost vault wrote behind the backup ---
expect_exit 0 s --lab "$LAB" collect c1 --fast --pages 1 --why 'behind'
n4=$(leaves "$V")
late=$(find "$T/state" -name '*.receipt' | sort | tail -1)
check 'there is a gap' test "$n4" -gt "$n3"

# --- restore ---
expect_exit 3 r "$B" "$T/new" --keys "$T/keys" --identity "$T/other"
says err 'another key'
expect_exit 2 r "$B" "$T/new" --keys "$T/keys" --identity "$T/id" --run "$n1"
check_not 'a refused restore leaves nothing' test -e "$T/new"
expect_exit 0 r "$B" "$T/new" --keys "$T/keys" --identity "$T/id"
says out 'restored from a backup'
says out "gap         leaves $n3 to $((n4 - 1)) were signed"
expect_exit 0 "$SCELLE" verify "$T/new"
says out 'SOUND'
says out 'lost     '
expect_exit 0 "$SCELLE" --json verify "$T/new"
says out '"shards":2'
expect_exit 1 "$SCELLE" verify --head "$late" "$T/new"
says out 'lost in a restore'
expect_exit 0 "$SCELLE" verify --head "$(find "$T/state" -name '*.receipt' | \
	sort | head -1)" "$T/new"
expect_exit 0 "$SCELLE" verify --receipts "$T/new"
says out 'LOST   '
expect_exit 0 "$SCELLE" --vault "$T/new" --json status
says out '"why":"restore"'
v() { "$SCELLE" --vault "$T/new" --passphrase-file "$T/pass" "$@"; }
expect_exit 0 v posts c1 --why 'after the restore'
check 'posts are read from the restored vault' test -s "$T/out"
expect_exit 0 v --lab "$LAB" collect c1 --fast --pages 1 --why 'goes on'
expect_exit 0 "$SCELLE" verify "$T/new"
expect_exit 0 v audit --why 'who restored'
check_not 'the old origin signs nothing behind the gap' sh -c "
	old=\$(sed -n 's/^origin //p' '$T/new/FORMAT')
	grep -aA1 -h \"^\$old\$\" '$T'/new/log/*/*.seg |
		awk -v n=$n3 '/^[0-9]+\$/ && \$1 > n {f=1} END {exit !f}'"
expect_exit 0 "$SCELLE" verify "$V"
check_not 'the lost vault does not know the new shard' test \
	"$(leaves "$T/new")" = "$(leaves "$V")"

# A second restore of one backup has an origin of its own.
expect_exit 0 r "$B" "$T/new2" --keys "$T/keys" --identity "$T/id"
check_not 'two restores never share an origin' sh -c \
	"[ \"\$(grep ^next '$T/new/FORMAT' | cut -d' ' -f4)\" = \
	\"\$(grep ^next '$T/new2/FORMAT' | cut -d' ' -f4)\" ]"
# A restored vault is no continuation of the lost one's later runs.
expect_exit 0 s backup "$B"
expect_exit 3 v backup "$B"
says err 'nothing is overwritten'
expect_exit 0 v backup "$T/backup2"

# --- truths only ---
expect_exit 0 r "$B" "$T/truths" --run "$n1"
says out 'nothing in it opens'
check_not 'no key is there' sh -c "find '$T/truths' -name '*.age' | grep -q ."

# --- killed at any step ---
for at in 0.01 0.03 0.06 0.1 0.15 0.25; do
	rm -rf "$T/killed"
	timeout -s KILL "$at" "$SCELLE" --passphrase-file "$T/pass" restore \
		"$B" "$T/killed" --keys "$T/keys" --identity "$T/id" \
		>/dev/null 2>&1
	if [ -e "$T/killed" ]; then
		check "killed after $at s: whole" "$SCELLE" --quiet \
			verify "$T/killed" >/dev/null
	else
		ok "killed after $at s: nothing is there"
	fi
done
rm -rf "$T/killed"
expect_exit 0 r "$B" "$T/killed" --keys "$T/keys" --identity "$T/id"
expect_exit 0 "$SCELLE" verify "$T/killed"

# --- flips: the note, the list, a file, the keys ---
cp -r "$B" "$T/flip"
cat >"$T/flip.py" <<'END'
import subprocess, sys, os
scelle, copy, size, step = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
missed = tried = 0
for name in sys.argv[5:]:
    p = os.path.join(copy, name)
    b = bytearray(open(p, 'rb').read())
    for i in range(0, len(b), step):
        b[i] ^= 1
        open(p, 'wb').write(b)
        r = subprocess.run([scelle, 'restore', copy, copy + '.to', '--run', size],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        tried += 1
        if r.returncode == 0 or os.path.exists(copy + '.to'):
            missed += 1
            print('not found:', name, i)
            subprocess.run(['rm', '-rf', copy + '.to'])
        b[i] ^= 1
    open(p, 'wb').write(b)
print(tried, 'flips')
sys.exit(missed > 0 or tried == 0)
END
check 'each flipped byte of the note is found' python3 "$T/flip.py" "$SCELLE" \
	"$T/flip" "$n1" 1 "$(printf %012d "$n1").note"
check 'flips of the list are found' python3 "$T/flip.py" "$SCELLE" \
	"$T/flip" "$n1" 13 "$(printf %012d "$n1").sha256"
check 'flips of FORMAT are found' python3 "$T/flip.py" "$SCELLE" \
	"$T/flip" "$n1" 29 "$(printf %012d "$n1")/FORMAT"
cp "$T/keys" "$T/keys.bad"
printf '\001' | dd of="$T/keys.bad" bs=1 seek=4000 conv=notrunc status=none
expect_exit 3 r "$B" "$T/bad" --keys "$T/keys.bad" --identity "$T/id"
check_not 'nothing was restored' test -e "$T/bad"

# --- the end of a key backup ---
expect_exit 2 s backup --destroyed k1
expect_exit 0 s backup --destroyed k1 --why 'after the exercise'
expect_exit 0 s backup --list
check 'none is left' test ! -s "$T/out"
expect_exit 3 s backup --destroyed k9 --why 'none'
finish
