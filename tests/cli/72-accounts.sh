#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# The service under an account of its own, agents under theirs: they collect,
# search and export through it, and find nothing in clear beside it.  A session
# or a client killed in the middle leaves a sound vault.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB SCELLE_SOCKET
V=$T/custody/vault
S=$T/run/scelle.sock
SERVICE=
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
	skip 'other accounts take root'
	CUSTODY=() AGENT=() OTHER=()
else
	CUSTODY=(setpriv --reuid 64990 --regid 64990 --clear-groups env HOME="$T/custody")
	AGENT=(setpriv --reuid 64991 --regid 64991 --clear-groups env HOME="$T/agent")
	OTHER=(setpriv --reuid 64992 --regid 64992 --clear-groups env HOME="$T/run")
fi
chmod 755 "$T"
mkdir -p "$T/custody" "$T/run" "$T/agent/keys" "$T/agent/state" "$T/pass"
for who in claire sylvie; do echo "the words of $who" >"$T/pass/$who"; done
chmod 700 "$T/custody"
if [ ${#AGENT[@]} -gt 0 ]; then
	chown -R 64990:64990 "$T/custody" "$T/run"
	chown -R 64991:64991 "$T/agent" "$T/pass"
fi
BIN=$T/bin
mkdir -p "$BIN"
cp "$SCELLE" "$BIN/scelle"
cp -r "$ROOT/profiles" "$BIN/profiles"
chmod -R a+rX "$BIN"

solo() { "${CUSTODY[@]}" env HOME="$T/custody" XDG_STATE_HOME="$T/custody/state" "$BIN/scelle" --quiet --vault "$V" --user claire --passphrase-file "$T/solo" "$@"; }
agent() {
	local who=$1
	shift
	"${AGENT[@]}" env HOME="$T/agent" XDG_STATE_HOME="$T/agent/state" "$BIN/scelle" --quiet --socket "$S" \
		--user "$who" --key "$T/agent/keys/$who.key.age" --passphrase-file "$T/pass/$who" "$@"
}
stop() {
	[ -n "$SERVICE" ] || return
	kill "$SERVICE" 2>/dev/null
	wait "$SERVICE" 2>/dev/null
	SERVICE=
}
trap 'stop; cleanup' EXIT
serve() {
	"${CUSTODY[@]}" "$BIN/scelle" --socket "$S" --lab "$LAB" serve --mode 0666 "$V" >"$T/serve.out" 2>&1 &
	SERVICE=$!
	for _ in $(seq 200); do
		grep -q listening "$T/serve.out" && return
		kill -0 "$SERVICE" 2>/dev/null || break
		sleep 0.05
	done
	fail 'the service starts'
	sed 's/^/# /' "$T/serve.out"
}
unlock() { agent sylvie unlock 2>/dev/null && agent claire unlock 2>/dev/null; }

start_site --throttle 0
chmod -R a+rX "$SITE_DIR"
echo 'the words of claire' >"$T/solo"
echo 'the words of sylvie' >"$T/solo2"
chmod 644 "$T/solo" "$T/solo2"
expect_exit 0 solo init --unit piej-demo --name 'Claire Un' --lab --work-factor 2
expect_exit 0 solo user add sylvie --role supervisor --name 'Sylvie Deux' \
	--new-passphrase-file "$T/solo2" --work-factor 2
expect_exit 0 "${CUSTODY[@]}" mkdir "$T/custody/keys"
expect_exit 0 solo custodian set --keys-to "$T/custody/keys" sylvie claire
cp "$T"/custody/keys/*.key.age "$T/agent/keys/"
[ ${#AGENT[@]} -eq 0 ] || chown -R 64991:64991 "$T/agent/keys"
rm -rf "$T/custody/keys" "$T/solo" "$T/solo2"

serve
check 'two custodians unlock' unlock
expect_exit 0 agent claire case open SECRET-0042 --basis b --offence o \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
expect_exit 0 agent claire case source add SECRET-0042 telegram:pharma_demo_lab
expect_exit 0 agent claire collect SECRET-0042 --fast --why routine
expect_exit 0 agent claire --json posts SECRET-0042 --why reading --limit 1000
posts=$(grep -c '"post_id"' "$T/out")
check 'posts were collected through the service' test "$posts" -gt 10
# A legal officer is whoever has the role: the first user does.
cd "$T/agent" || exit 1
expect_exit 0 agent claire export SECRET-0042 -o "$T/agent/bundle.asice" --why 'for the prosecutor' --recipient parquet
check 'the bundle is here, and is the agent'\''s' test -s "$T/agent/bundle.asice"
cd "$ROOT" || exit 1
expect_exit 0 "$SCELLE" verify "$T/agent/bundle.asice"

note 'somebody is killed in the middle'
for n in 1 2 3 4 5 6; do
	agent claire posts SECRET-0042 --why "killed $n" >"$T/killed.out" 2>/dev/null &
	client=$!
	sleep "0.0$n"
	case $((n % 2)) in
	0) kill -9 "$(pgrep -P "$client" | head -n 1)" "$client" 2>/dev/null ;;
	*) session=$(pgrep -P "$SERVICE" 2>/dev/null | head -n 1)
	   [ -z "$session" ] || kill -9 "$session" 2>/dev/null ;;
	esac
	wait "$client" 2>/dev/null
done
expect_exit 0 agent claire posts SECRET-0042 --why 'after all that'
agent claire collect SECRET-0042 --fast --why 'to be killed' >/dev/null 2>&1 &
client=$!
sleep 0.4
session=$(pgrep -P "$SERVICE" 2>/dev/null | head -n 1)
[ -z "$session" ] || kill -9 "$session" 2>/dev/null
wait "$client" 2>/dev/null
expect_exit 0 agent claire posts SECRET-0042 --why 'the writer goes on'
expect_exit 0 agent claire collect SECRET-0042 --fast --why 'goes on where it was'
check 'nothing in clear is left beside the socket' test -z "$(find "$T/run" -type f)"

if [ ${#AGENT[@]} -gt 0 ]; then
	note 'what others on this machine see'
	check_not 'an agent cannot list the vault' "${AGENT[@]}" ls "$V" 2>/dev/null
	check_not 'nor read its log' "${AGENT[@]}" cat "$V/FORMAT" 2>/dev/null
	for what in mem environ maps fd; do
		check_not "nor the service's $what" "${AGENT[@]}" \
			head -c 1 "/proc/$SERVICE/$what" 2>/dev/null
		check_not "not even its own account reads $what" "${CUSTODY[@]}" \
			head -c 1 "/proc/$SERVICE/$what" 2>/dev/null
	done
	check 'no core is written' grep -q '^Max core file size *0 *0' "/proc/$SERVICE/limits"
	check 'no new privileges' grep -q '^NoNewPrivs:.*1' "/proc/$SERVICE/status"
	check 'system calls are filtered' grep -q '^Seccomp:.*2' "/proc/$SERVICE/status"
	check 'keys are locked in memory' test "$(awk '/^VmLck/ { print $2 }' "/proc/$SERVICE/status")" -gt 0
	expect_exit 3 "${OTHER[@]}" "$BIN/scelle" --quiet --socket "$S" --user claire \
		--key "$T/agent/keys/claire.key.age" --passphrase-file "$T/pass/claire" case list
	expect_exit 0 "${OTHER[@]}" "$BIN/scelle" --socket "$S" status
	hits=$("${CUSTODY[@]}" grep -rlaF -e SECRET-0042 -e pharma_demo "$V" "$T/run" 2>/dev/null)
	check 'no word of the case is in clear on the disk' test -z "$hits"
fi
stop
expect_exit 0 "${CUSTODY[@]}" "$BIN/scelle" verify "$V"
finish
