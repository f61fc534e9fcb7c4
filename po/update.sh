#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Bring po/*.po up to date with the sources, from the project's root; then say
# which texts have no translation.  Status 1 when there are any.  With --check
# nothing is changed.
set -eu
pot=$(mktemp)
trap 'rm -f "$pot" "$pot.po"' EXIT
# What people meet in daily work; failures deep inside a format stay English.
set -- tools/*.c cases/admin*.c cases/case*.c cases/custody.c cases/access.c cases/audit*.c cases/glass.c \
	cases/client.c cases/custodian.c cases/keeper*.c cases/order*.c cases/erasure*.c cases/epoch.c cases/retention.c cases/people*.c cases/permit.c \
	cases/policy.c cases/escrow.c cases/upkeep.c cases/rotate.c cases/derived.c \
	cases/receipts.c cases/statement.c cases/unit*.c util/file.c \
	store/vault.c store/keyfile.c crawler/lab.c crawler/profiles.c
xgettext --from-code=UTF-8 --language=C --keyword=_ --keyword=N_ \
	--keyword=err_set:3 --keyword=err_errno:2 --keyword=err_prefix:2 --keyword=wanted:1 \
	--flag=cli_out:2:c-format --flag=cli_say:2:c-format \
	--flag=cli_warn:2:c-format --flag=cli_usage:3:c-format \
	--flag=err_set:3:c-format --flag=err_errno:2:c-format \
	--flag=err_prefix:2:c-format --flag=buf_addf:2:c-format \
	--no-location --sort-output --package-name=scelle \
	-o "$pot" "$@"
sed -i "s/charset=CHARSET/charset=UTF-8/" "$pot"
bad=0
for po in po/*.po; do
	msgmerge -q --no-fuzzy-matching --no-location --sort-output \
		-o "$pot.po" "$po" "$pot"
	msgattrib --no-obsolete --no-location -o "$pot.new" "$pot.po"
	if ! cmp -s "$pot.new" "$po"; then
		cp "$pot.new" "$po"
	fi
	rm -f "$pot.new"
	missing=$(msgattrib --untranslated --no-location "$po")
	if [ -n "$missing" ]; then
		printf '%s: not translated:\n%s\n' "$po" "$missing" >&2
		bad=1
	fi
done
exit $bad
