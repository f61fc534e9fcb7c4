#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# What another service account, a second user and root without passphrases get in
# clear: nothing, from disk, sockets, /proc, core files or swap settings.  Canaries
# stand in URLs, names, reasons, queries and passphrases.  Needs root: it makes
# three accounts and removes them.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB SCELLE_SOCKET
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null ||
		! command -v useradd >/dev/null; then
	skip 'separation of accounts: needs root, setpriv and useradd'
	ok 'skipped'
	finish
fi

OWNER=scelle-o$$ OTHER=scelle-s$$ SECOND=scelle-u$$
PIDS=
SERVICE=
gone() {
	local u
	# The site is cleanup's: a bare wait would wait for it.
	for u in $PIDS $SERVICE; do
		kill -KILL "$u" 2>/dev/null
		wait "$u" 2>/dev/null
	done
	for u in $OWNER $OTHER $SECOND; do userdel "$u" 2>/dev/null; done
	cleanup
}
trap gone EXIT
for u in $OWNER $OTHER $SECOND; do
	useradd --system --no-create-home --shell /usr/sbin/nologin "$u" || {
		skip 'separation of accounts: accounts cannot be made here'
		ok 'skipped'
		finish
	}
done
# What runs behind the script is this very process, to be ended by its number.
as_itself() {
	local u=$1
	shift
	exec setpriv --reuid="$u" --regid="$(id -g "$u")" --clear-groups \
		--inh-caps=-all env HOME="$T/home-$u" TMPDIR="$T/tmp" "$@"
}
as() { (as_itself "$@"); }

# --- canaries ---
REF=canari-ref-7f3a GOAL=canari-goal-51bd FULL=canari-name-90cc
PASS='canari-pass-22e8 of the owner' UNIT='canari-unit-4d10 of all'
WHY=canari-why-c4f7 QUERY=canariquery8b20 URL=pharma_demo_lab
printf '%s\n' "$REF" "$GOAL" "$FULL" "${PASS%% *}" "${UNIT%% *}" "$WHY" \
	"$QUERY" "$URL" >"$T/canaries"

chmod 755 "$T"
mkdir "$T/bin" "$T/vaults" "$T/home-$OWNER" "$T/tmp"
cp "$SCELLE" "$T/bin/scelle"
cp -r "$ROOT/profiles" "$T/bin/profiles"
chmod -R a+rX "$T/bin"
chmod 1777 "$T/tmp"
chown "$OWNER" "$T/vaults" "$T/home-$OWNER"
chmod 700 "$T/vaults" "$T/home-$OWNER"
printf '%s\n' "$PASS" >"$T/home-$OWNER/pass"
printf '%s\n' "$UNIT" >"$T/home-$OWNER/unit"
chown "$OWNER" "$T/home-$OWNER/pass" "$T/home-$OWNER/unit"
chmod 600 "$T/home-$OWNER/pass" "$T/home-$OWNER/unit"
V=$T/vaults/v
export SCELLE_PROFILES=$T/bin/profiles
s() {
	as "$OWNER" "$T/bin/scelle" --vault "$V" \
		--passphrase-file "$T/home-$OWNER/pass" "$@"
}
day() { date -u -d "$1" +%F; }

start_site --throttle 0
cp "$LAB" "$T/lab.conf"
cp -r "$SITE_DIR/ca" "$T/ca" 2>/dev/null
chmod -R a+rX "$SITE_DIR" "$T/lab.conf"
expect_exit 0 s init --unit piej-demo --user claire --name "$FULL" --lab \
	--work-factor 2 --unit-passphrase-file "$T/home-$OWNER/unit"
expect_exit 0 s case open "$REF" --basis 'art. L.114-22-3 CSS' \
	--offence escroquerie --purpose "$GOAL" --from "$(day yesterday)" \
	--to "$(day '+9 days')"
expect_exit 0 s case source add "$REF" "telegram:$URL"
expect_exit 0 s --lab "$LAB" collect "$REF" --fast --pages 1 --why "$WHY"
expect_exit 0 s posts "$REF" --why "$WHY"
grep -oE '[[:alpha:]]{9,}' "$T/out" | sort -u | head -n 5 >>"$T/canaries"
check 'words of posts are canaries too' test \
	"$(wc -l <"$T/canaries")" -gt 10
s search "$REF" "$QUERY" --why "$WHY" >/dev/null 2>&1

# Everything an account can read of a place, searched for every canary.
cat >"$T/look.py" <<'END'
import os, sys
needles = [l.strip().encode() for l in open(sys.argv[1]) if l.strip()]
found, read = [], 0
def look(name, b):
    global read
    read += 1
    for n in needles:
        if n in b or n.decode().encode('utf-16-le') in b:
            found.append((name, n.decode()))
def walk(top):
    for d, dirs, names in os.walk(top, onerror=lambda e: None):
        look(d, d.encode())
        for n in names:
            p = os.path.join(d, n)
            look(p, n.encode())
            try:
                if os.path.isfile(p):
                    look(p, open(p, 'rb').read())
            except OSError:
                pass
def proc(pid):
    base = '/proc/%s' % pid
    for n in ('cmdline', 'environ', 'maps', 'smaps', 'stack', 'auxv', 'status',
              'stat', 'io', 'comm', 'mountinfo', 'limits', 'syscall', 'wchan',
              'task/%s/cmdline' % pid, 'task/%s/environ' % pid):
        try:
            look(base + '/' + n, open(base + '/' + n, 'rb').read())
        except OSError:
            pass
    for n in ('cwd', 'exe', 'root'):
        try:
            look(base + '/' + n, os.readlink(base + '/' + n).encode())
        except OSError:
            pass
    try:
        for fd in os.listdir(base + '/fd'):
            look(base + '/fd/' + fd, os.readlink(base + '/fd/' + fd).encode())
            look(base + '/fd/' + fd, open(base + '/fd/' + fd, 'rb').read(1 << 20))
    except OSError:
        pass
    try:
        mem = open(base + '/mem', 'rb', 0)
        for l in open(base + '/maps'):
            a, b = (int(x, 16) for x in l.split()[0].split('-'))
            try:
                mem.seek(a)
                look(base + '/mem', mem.read(min(b - a, 64 << 20)))
            except (OSError, ValueError, OverflowError):
                pass
    except OSError:
        pass
for what in sys.argv[2:]:
    proc(what) if what.isdigit() else walk(what)
for f in sorted(set(found)):
    print('%s holds %s' % f)
print(read, 'things read')
sys.exit(bool(found) or read == 0)
END
chmod a+r "$T/look.py" "$T/canaries"

# --- the search itself finds what is in clear ---
printf 'x %s y' "$WHY" >"$T/tmp/plain"
check_not 'the search finds a canary' sh -c \
	"python3 '$T/look.py' '$T/canaries' '$T/tmp' >/dev/null"
rm "$T/tmp/plain"

# --- disk ---
for u in $OTHER $SECOND; do
	check "$u reads nothing from the vault and the temporary directory" \
		as "$u" python3 "$T/look.py" "$T/canaries" "$T/vaults" "$T/tmp" \
		/tmp/none
	check_not "$u does not even list it" as "$u" ls "$V" 2>/dev/null
done
# Paths of the search name no canary; root reads every byte.
check 'root without passphrases finds nothing in clear on the disk' \
	python3 "$T/look.py" "$T/canaries" "$V" "$T/tmp" \
	"$T/home-$OWNER/.local"
check_not 'root without passphrases does not open it' sh -c \
	"echo wrong-words-here | '$T/bin/scelle' --vault '$V' --passphrase-file - \
	case list >/dev/null 2>&1"

# --- a command that runs ---
running() {
	as_itself "$OWNER" "$T/bin/scelle" --vault "$V" --passphrase-file \
		"$T/home-$OWNER/pass" --lab "$LAB" collect "$REF" --fast \
		--pages 9 --why "$WHY" >/dev/null 2>&1 &
	PIDS=$!
	# The keeper at work, its children there: held still to be looked at.
	for _ in $(seq 2000); do
		SOLO=$(pgrep -u "$OWNER" -f scelle | tr '\n' ' ')
		if [ "$(echo "$SOLO" | wc -w)" -gt 1 ] && [ -s "$V/LOCK" ]; then
			# shellcheck disable=SC2086  # several process ids
			kill -STOP $SOLO 2>/dev/null
			return 0
		fi
		kill -0 "$PIDS" 2>/dev/null || return 1
		sleep 0.005
	done
	return 1
}
if running; then
	ok "a pass runs: $(echo "$SOLO" | wc -w) processes"
	for u in $OTHER $SECOND; do
		# shellcheck disable=SC2086  # several process ids
		check "$u reads nothing of them from /proc" as "$u" \
			python3 "$T/look.py" "$T/canaries" $SOLO
	done
	for p in $SOLO; do
		[ -d "/proc/$p" ] || continue
		check 'no core file: the limit is zero' grep -qE \
			'^Max core file size +0 +0 ' "/proc/$p/limits"
		check 'not dumpable: its files in /proc are of root' same root \
			"$(stat -c %U "/proc/$p/environ")"
		check_not "$OTHER may not open its memory" as "$OTHER" sh -c \
			"head -c 1 /proc/$p/mem >/dev/null 2>&1"
		check_not "nor the owner's other programs" as "$OWNER" sh -c \
			"cat /proc/$p/environ >/dev/null 2>&1"
	done
	keeper=${SOLO%% *}
	PIDS="$PIDS $SOLO"
	check 'keys are locked in memory' test \
		"$(sed -n 's/^VmLck:[^0-9]*\([0-9]*\).*/\1/p' \
		"/proc/$keeper/status")" -gt 0
	check_not 'the command line tells no reason' grep -qa "$WHY" \
		"/proc/$keeper/cmdline"
	kill -SEGV "$keeper" 2>/dev/null
	# shellcheck disable=SC2086  # several process ids
	kill -CONT $SOLO 2>/dev/null
	wait "${PIDS%% *}" 2>/dev/null
	check_not 'killed by a fault it leaves no core' sh -c \
		"find '$T' -name 'core*' -size +0 | grep -q ."
else
	fail 'a pass runs'
fi
PIDS=
expect_exit 0 s case list
check 'root finds nothing in clear behind it either' \
	python3 "$T/look.py" "$T/canaries" "$V" "$T/tmp"
if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
	note 'this machine swaps: pages that are not locked may reach the disk'
else
	ok 'no swap is on here'
fi

# --- the custody service ---
mkdir "$T/run" "$T/keys"
chown "$OWNER" "$T/run" "$T/keys"
chmod 755 "$T/run"
chmod 700 "$T/keys"
printf 'canari-syl-77aa words\n' >"$T/home-$OWNER/sylvie"
echo canari-syl-77aa >>"$T/canaries"
chown "$OWNER" "$T/home-$OWNER/sylvie"
s user add sylvie --role supervisor --name 'Sylvie Trois' --work-factor 2 \
	--new-passphrase-file "$T/home-$OWNER/sylvie" >/dev/null 2>&1
if s --user claire custodian set --keys-to "$T/keys" sylvie claire \
		>"$T/out" 2>"$T/err"; then
	as_itself "$OWNER" "$T/bin/scelle" --socket "$T/run/sock" serve "$V" \
		>"$T/serve.out" 2>&1 &
	SERVICE=$!
	for _ in $(seq 200); do
		grep -q listening "$T/serve.out" && break
		sleep 0.05
	done
	check 'the service listens' grep -q listening "$T/serve.out"
	for u in $OTHER $SECOND; do
		as "$u" "$T/bin/scelle" --socket "$T/run/sock" status \
			>"$T/tmp/out-$u" 2>&1
		as "$u" "$T/bin/scelle" --socket "$T/run/sock" --user claire \
			--passphrase-file /dev/null case list \
			>>"$T/tmp/out-$u" 2>&1
		check_not "$u gets no list from the socket" test $? = 0
		# shellcheck disable=SC2046  # several process ids
		check "$u reads nothing of the service" as "$u" python3 \
			"$T/look.py" "$T/canaries" "$T/tmp" "$T/run" \
			$(pgrep -u "$OWNER" -f "^$T/bin/scelle")
	done
	kill "$SERVICE" 2>/dev/null
	wait "$SERVICE" 2>/dev/null
	SERVICE=
else
	fail 'the vault becomes a unit'
	sed 's/^/# /' "$T/err"
fi
finish
