#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# The custody service: starts locked, two custodians unlock it, agents run the
# same commands, nothing is read unseen, and whoever dies in the middle leaves a
# sound vault.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB SCELLE_SOCKET
V=$T/vault
S=$T/run/scelle.sock
K=$T/config/scelle/keys
SERVICE=
mkdir -p "$T/run" "$K"
users='claire paul sylvie'
for who in $users; do echo "the words of $who" >"$T/$who"; done
solo() { local who=$1; shift; "$SCELLE" --vault "$V" --user "$who" --passphrase-file "$T/$who" "$@"; }
as() { local who=$1; shift; "$SCELLE" --socket "$S" --user "$who" --passphrase-file "$T/$who" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }

serve() {
	"$SCELLE" --socket "$S" serve "$V" >"$T/serve.out" 2>&1 &
	SERVICE=$!
	for _ in $(seq 200); do
		grep -q listening "$T/serve.out" && return
		kill -0 "$SERVICE" 2>/dev/null || break
		sleep 0.05
	done
	fail 'the service starts'
	sed 's/^/# /' "$T/serve.out"
}

stop() {
	kill "$SERVICE" 2>/dev/null
	wait "$SERVICE" 2>/dev/null
}
trap 'stop; cleanup' EXIT

unlock() {
	as sylvie unlock 2>/dev/null && as claire unlock 2>/dev/null
}

expect_exit 0 solo claire init --unit piej-demo --name 'Claire Un' --work-factor 2
add() {
	expect_exit 0 solo claire user add "$1" --role "$2" --name "$3" \
		--new-passphrase-file "$T/$1" --work-factor 2
}
add paul investigator 'Paul Deux'
add sylvie supervisor 'Sylvie Trois'
expect_exit 0 solo claire case open 2026-0042 --basis b --offence o \
	--from 2026-01-01 --to 2099-01-01

expect_exit 0 solo claire status
says out 'mode        solo'
note 'a solo vault becomes a unit'
expect_exit 2 "$SCELLE" --socket "$S" serve "$V"
expect_exit 2 solo claire custodian set --keys-to "$K" sylvie
expect_exit 2 solo claire custodian set --keys-to "$K" sylvie sylvie
expect_exit 5 solo claire custodian set --keys-to "$K" sylvie paul
expect_exit 5 solo paul custodian set --keys-to "$K" sylvie claire
expect_exit 0 solo claire custodian set --keys-to "$K" sylvie claire
expect_exit 0 "$SCELLE" verify "$V"
expect_exit 0 "$SCELLE" --json status "$V"
says out '"mode":"unit"'
check 'the users have their keys' test -f "$K/paul.key.age"
check_not 'nothing of one person opens the unit' test -e "$V/admin/unit.key.age"
check_not 'and no user holds its keys' test -e "$V/admin/users/claire.unit.age"
expect_exit 3 solo claire case list

note 'locked'
serve
expect_exit 0 "$SCELLE" --socket "$S" status
says out locked
expect_exit 5 as claire case list
says err 'two custodians'
expect_exit 5 as paul unlock
expect_exit 0 as sylvie unlock
expect_exit 5 as sylvie unlock
says err 'second custodian'
expect_exit 3 "$SCELLE" --socket "$S" --user claire --passphrase-file "$T/paul" unlock
expect_exit 0 as claire unlock
expect_exit 0 "$SCELLE" --socket "$S" status
says out unlocked
expect_exit 3 as claire unlock

note 'the same commands'
expect_exit 0 as claire case list
says out 2026-0042
expect_exit 0 as claire posts 2026-0042 --why 'first reading'
expect_exit 2 as claire posts 2026-0042
expect_exit 5 as paul posts 2026-0042 --why 'not mine'
expect_exit 0 as claire case source add 2026-0042 https://t.me/s/chan_demo
expect_exit 0 as claire case show 2026-0042
says out chan_demo
expect_exit 0 as claire case open 2026-0043 --basis b --offence o \
	--from 2026-01-01 --to 2099-01-01
expect_exit 0 as claire case member add 2026-0042 paul --reason r
expect_exit 0 as paul posts 2026-0042 --why 'mine now'
expect_exit 5 as sylvie posts 2026-0042 --why 'supervisors read no content'
expect_exit 0 as sylvie audit --why 'monthly check'
says out 'first reading'
says out 'not mine'
says out 'mine now'
check_not "and none but of whom it names" has "$T/out" "signature of another"
expect_exit 5 as paul audit --why curious
expect_exit 2 as claire serve-me
# No path of the client's is opened over there.
expect_exit 2 as claire status "$V"
expect_exit 2 as claire posts 2026-0042 --why /etc/passwd
expect_exit 2 as claire posts /etc/passwd --why x
expect_exit 2 as claire posts ../vault --why x
expect_exit 0 as claire posts 2026-0042 --why=a/b
expect_exit 3 "$SCELLE" --socket "$S" --user nobody --passphrase-file "$T/paul" case list
check 'receipts are kept on this side' test -n "$(ls "$T"/state/scelle/receipts/*/*.receipt 2>/dev/null)"
expect_exit 0 "$SCELLE" verify "$V"
# What is signed by another key than the user's.
mkdir -p "$T/forged"
cp "$K/paul.key.age" "$T/forged/claire.key.age"
expect_exit 5 "$SCELLE" --socket "$S" --user claire --key "$T/forged/claire.key.age" \
	--passphrase-file "$T/paul" case list
says err 'not signed by'

note 'a new user makes keys, and keeps them'
echo 'the words of marc' >"$T/marc"
expect_exit 0 "$SCELLE" --socket "$S" key make marc --new-passphrase-file "$T/marc" --work-factor 2
expect_exit 2 as claire user add marc --role investigator --new-passphrase-file "$T/marc"
expect_exit 0 as claire user add marc --role investigator --name 'Marc Cinq' --pub "$K/marc.pub"
check_not 'no secret of his is in the vault' test -e "$V/admin/users/marc.key.age"
expect_exit 3 as claire user add marcel --role investigator --pub "$K/marc.pub"
expect_exit 0 as marc case list
echo 'other words of marc' >"$T/marc2"
expect_exit 0 as marc key new --new-passphrase-file "$T/marc2" --work-factor 2
expect_exit 3 as marc case list
mv "$T/marc2" "$T/marc"
expect_exit 0 as marc case list
expect_exit 0 "$SCELLE" verify "$V"

note 'lock, stop, and start again'
expect_exit 5 as paul lock
expect_exit 0 as claire lock
expect_exit 5 as claire case list
check 'unlocked again' unlock
expect_exit 0 as claire case list
stop
expect_exit 0 "$SCELLE" verify "$V"
serve
check 'unlocked after a restart' unlock
kill -9 "$SERVICE"
wait "$SERVICE" 2>/dev/null
serve
expect_exit 0 "$SCELLE" --socket "$S" status
says out locked
check 'unlocked after a kill' unlock
expect_exit 0 as claire posts 2026-0042 --why 'after the kill'
stop
expect_exit 0 "$SCELLE" verify "$V"
finish
