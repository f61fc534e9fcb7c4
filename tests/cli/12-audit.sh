#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Every access and every refusal is in the audit; who has no role for it is
# refused, and that is in the audit too.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
for who in claire paul sylvie; do echo "the words of $who" >"$T/$who"; done
as() { local who=$1; shift; "$SCELLE" --vault "$V" --user "$who" --passphrase-file "$T/$who" "$@"; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }

expect_exit 0 as claire init --unit piej-demo --work-factor 2
expect_exit 0 as claire case open 2026-0042 --basis b --offence o \
	--from 2026-01-01 --to 2099-01-01
expect_exit 0 as claire user add paul --role investigator \
	--new-passphrase-file "$T/paul" --work-factor 2
expect_exit 0 as claire user add sylvie --role supervisor \
	--new-passphrase-file "$T/sylvie" --work-factor 2
expect_exit 0 as claire posts 2026-0042 --why 'first reading'
expect_exit 2 as claire posts 2026-0042
expect_exit 5 as paul posts 2026-0042 --why 'not mine'
expect_exit 5 as paul audit --why 'curious'
expect_exit 5 as sylvie posts 2026-0042 --why 'supervisors read no content'
expect_exit 2 as sylvie audit
# She was added after the month had begun.
expect_exit 0 as sylvie audit --why 'monthly check'
says out 'first reading'
says out 'not mine'
says out 'curious'
says out 'REFUSED'
says out 'monthly check'
id=$("$SCELLE" --vault "$V" --user claire --passphrase-file "$T/claire" --json case list | grep -o '"case":"[0-9a-f]*"' | head -n 1 | tr -dc '0-9a-f' | tail -c 16)
check 'the records name the case by its id' grep -q "posts.*${id:-none}" "$T/out"
expect_exit 0 as sylvie --json audit --why 'monthly check' --by paul
says out '"command":"posts"'
check_not 'only what paul did' has "$T/out" '"user":"claire"'
expect_exit 0 as sylvie audit --why 'monthly check' --case 2026-0042 --by claire
says out 'first reading'
expect_exit 3 as sylvie audit --why x --month 2020-01
expect_exit 0 "$SCELLE" verify "$V"
finish
