#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# A vault is made, people are entered, a case is opened; what is wrong is said.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
echo 'the words of claire' >"$T/pass"
echo 'quite other words' >"$T/wrong"
echo 'short' >"$T/short"
says() { check "$1 says: $2" has "$T/$1" "$2"; }
s() { "$SCELLE" --vault "$V" --passphrase-file "$T/pass" "$@"; }

# --- a vault ---
expect_exit 2 "$SCELLE" --vault "$V" init --unit piej-demo
expect_exit 3 "$SCELLE" --vault "$V" --passphrase-file "$T/short" init \
	--unit piej-demo --user claire --work-factor 2
check_not 'a refused passphrase makes no vault' test -e "$V"
expect_exit 3 s init --unit 'Not A Name' --user claire --work-factor 2
expect_exit 0 s --json init --unit piej-demo --user claire \
	--name 'Claire Martin' --work-factor 2
says out '"origin":"scelle/piej-demo-'
says out '"lab":false'
expect_exit 3 s init --unit piej-demo --user claire --work-factor 2
says err 'is not empty'
check 'key files are age files' grep -q '^age-encryption.org/v1' \
	"$V/admin/unit.key.age"
check 'nobody else may look' test "$(stat -c %a "$V/admin/unit.key.age")" = 600

# --- the passphrase ---
expect_exit 3 "$SCELLE" --vault "$V" --passphrase-file "$T/wrong" case list
says err "wrong passphrase for 'claire'"
expect_exit 3 "$SCELLE" --vault "$V" --passphrase-file "$T/none" case list
expect_exit 3 setsid "$SCELLE" --vault "$V" case list
says err 'no terminal'
expect_exit 0 env SCELLE_PASSPHRASE_FILE="$T/pass" SCELLE_VAULT="$V" \
	"$SCELLE" case list
expect_exit 3 s --vault "$T/nothing" case list
says err 'there is no vault'
expect_exit 2 "$SCELLE" --passphrase-file "$T/pass" case list
says err 'no vault named'

# --- the configuration ---
mkdir -p "$XDG_CONFIG_HOME/scelle"
printf '# ours\nvault = %s\npassphrase-file = %s\n' "$V" "$T/pass" \
	>"$XDG_CONFIG_HOME/scelle/config"
expect_exit 0 "$SCELLE" case list
echo 'password = x' >>"$XDG_CONFIG_HOME/scelle/config"
expect_exit 3 "$SCELLE" case list
says err "line 4: unknown key 'password'"
rm "$XDG_CONFIG_HOME/scelle/config"

# --- a case ---
expect_exit 2 s case open 2026-0042 --basis 'art. L.114-22-3 CSS' \
	--from 2026-01-01 --to 2099-12-31
expect_exit 2 s case open 2026-0042 --basis b --offence o --from 2026-02-30 \
	--to 2099-12-31
says err 'is no date'
expect_exit 2 s case open 2026-0042 --basis b --offence o --from 2027-01-01 \
	--to 2026-01-01
expect_exit 5 s case open 2026-0042 --basis b --offence o --from 2026-01-01 \
	--to 2099-12-31 --retention 5,31,365
expect_exit 0 s --json case open 2026-0042 --basis 'art. L.114-22-3 CSS' \
	--offence 'faux et usage de faux' --offence escroquerie \
	--from 2026-01-01 --to 2099-12-31
ID=$(sed -n 's/.*"case":"\([0-9a-f]*\)".*/\1/p' "$T/out")
check 'the answer names the case' test "${#ID}" = 16
expect_exit 3 s case open 2026-0042 --basis b --offence o --from 2026-01-01 \
	--to 2099-12-31
says err 'exists already'
expect_exit 0 s --json case show "${ID:0:8}"
says out '"reference":"2026-0042"'
says out '"offences":["faux et usage de faux","escroquerie"]'
says out '"state":"open"'
says out '"end":"2100-01-01T00:00:00.000Z"'
expect_exit 3 s case show 2026-9999
says err "no case '2026-9999'"

# --- sources ---
expect_exit 0 s --json case source add 2026-0042 https://t.me/s/Vendeur_Un
says out '"source":"telegram:'
expect_exit 2 s case source add 2026-0042 nowhere:x
says err 'no profile knows'
expect_exit 3 s case source add 2026-0042 telegram:vendeur_un
expect_exit 0 s case source add 2026-0042 telegram:vendeur_deux --since 2026-01-01
expect_exit 0 s case source remove 2026-0042 telegram:vendeur_deux --reason error
expect_exit 0 s case source list 2026-0042
check 'one source is left' test "$(wc -l <"$T/out")" = 1
expect_exit 2 s case robots-decision 2026-0042 t.me
expect_exit 0 s case robots-decision 2026-0042 t.me --reason 'note 12'
expect_exit 0 s --json case show 2026-0042
says out '"authority":"t.me","reason":"note 12","author":"claire"'

# --- people ---
expect_exit 2 s user add paul --role wizard
echo 'the words of paul' >"$T/paul"
expect_exit 0 s user add paul --role investigator --name 'Paul Durand' \
	--new-passphrase-file "$T/paul" --work-factor 2
expect_exit 2 s case list
says err 'several users'
p() { "$SCELLE" --vault "$V" --user paul --passphrase-file "$T/paul" "$@"; }
expect_exit 0 p case list
expect_exit 5 p case close 2026-0042 --reason mine
expect_exit 5 p user add zoe --role legal --new-passphrase-file "$T/paul" \
	--work-factor 2
c() { s --user claire "$@"; }
expect_exit 0 c case member add 2026-0042 paul --reason team
expect_exit 0 p case robots-decision 2026-0042 t.me --reason again
expect_exit 0 c case member remove 2026-0042 paul
expect_exit 0 c user revoke paul --reason left
expect_exit 3 p case list
echo 'claire has new words' >"$T/new"
expect_exit 0 c key new --new-passphrase-file "$T/new" --work-factor 2
expect_exit 3 c case list
cp "$T/new" "$T/pass"
expect_exit 0 c case list
expect_exit 0 s key show
says out 'collector scelle/piej-demo-'

# --- closed ---
expect_exit 2 c case close 2026-0042
expect_exit 0 c case close 2026-0042 --reason transmitted
expect_exit 5 c case source add 2026-0042 telegram:vendeur_trois
says err 'is closed'

# --- what is left behind ---
expect_exit 0 "$SCELLE" --vault "$V" --json status
says out '"receipt_holds":true'
expect_exit 0 "$SCELLE" --vault "$V" receipt
check 'each writing command left a receipt' test "$(wc -l <"$T/out")" -ge 10
expect_exit 0 "$SCELLE" --vault "$V" receipt show
says out 'c2sp.org/tlog-proof@v1'
check_not 'no reference in clear in the vault' grep -rqa 2026-0042 "$V"
check_not 'no source in clear in the vault' grep -rqa vendeur_un "$V"

# --- another version ---
cp -r "$V" "$T/other"
sed -i '1s/v1/v2/' "$T/other/FORMAT"
expect_exit 3 "$SCELLE" --vault "$T/other" --user claire \
	--passphrase-file "$T/pass" case list
says err 'version'

# --- rolled back ---
cp -r "$V" "$T/old"
expect_exit 0 c case open 2026-0043 --basis b --offence o --from 2026-01-01 \
	--to 2099-12-31
expect_exit 0 "$SCELLE" --vault "$T/old" status
says err 'rolled back'

# --- French ---
expect_exit 0 env LC_ALL=fr_FR.UTF-8 "$SCELLE" help case
says out 'dossier'
expect_exit 2 env LC_ALL=fr_FR.UTF-8 "$SCELLE" nope
says err 'commande inconnue'

# --- nothing of a terminal's language gets through ---
expect_exit 3 s case show "$(printf '\033[31mred')"
check_not 'no escape sequence in an error' grep -q "$(printf '\033')" "$T/err"

finish
