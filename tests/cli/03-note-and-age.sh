#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# A doubter checks our notes and opens our files with the plumbing alone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A note signed with the example key of golang.org/x/mod/sumdb/note
VKEY=PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
cat >"$T/note" <<'END'
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
END
expect_exit 0 "$SCELLE" note verify --key $VKEY "$T/note"
check "names who signed" has "$T/out" PeterNeumann
expect_exit 0 "$SCELLE" note verify --key $VKEY --text "$T/note"
check "gives the text that was signed" same "$(cat "$T/out")" \
	"$(head -2 "$T/note")"
expect_exit 0 "$SCELLE" --json note verify --key $VKEY "$T/note"
check "answers a machine" has "$T/out" '"sound":true'
sed 's/answer/Answer/' "$T/note" >"$T/bad"
expect_exit 1 "$SCELLE" note verify --key $VKEY "$T/bad"
expect_exit 1 "$SCELLE" note verify --key $VKEY --text "$T/bad"
check "an altered text is not given out" hasnt "$T/out" problem
head -2 "$T/note" >"$T/bare"
expect_exit 1 "$SCELLE" note verify --key $VKEY "$T/bare"
expect_exit 2 "$SCELLE" note verify --key "${VKEY}x" "$T/note"
expect_exit 2 "$SCELLE" note verify "$T/note"
expect_exit 2 "$SCELLE" note
expect_exit 3 "$SCELLE" note verify --key $VKEY "$T/none"
"$SCELLE" note verify --key $VKEY - <"$T/note" >"$T/out"
check "reads standard input" same $? 0

# An identity, the same under a passphrase, and a file for it
cat >"$T/key" <<'END'
# example
AGE-SECRET-KEY-1QYZQWZSDZQF3VXGURU3Z22PT9CCNGDE684QYX3JFF384Y42CTD0QUQKAUU
END
base64 -d >"$T/key.age" <<'END'
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBpQUswRDFpRTBZWE1lcDkz
bFp1VmZBIDEwCnlrbTgvYzVhNE9pVUhTQnY5TmdoSld4MEt0RjdtSEFMdHpMOHBu
UktROEkKLS0tIGlIWEVhS3hHQ2xHWmdJZGd6UWo3VFZvTW9mQ3lhRitZUlN1Um9E
UWoxUmsKqU9FUjf3UG6g7xI/58vow9Zv281FMSDhYcYUZqAEnIFAOvUasxF8Zms3
9XWpUwz/O3yqOpzIeS2DHSX7HvaJxwVurlomY/vNOJ83TxuTOVoNoINvuqgQjvlr
kv+A5HvFmmdP4rZuKd2bcNwEd6crwDdIlXtX
END
base64 -d >"$T/file.age" <<'END'
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBpVW5hUW5POXlXb3hISjVR
a0hNYUNXaTc5YkRob2NRaHNscnhVRGZPSERFCjBmSlFodGJ0UlZmWjZ3VHZMKzJq
cmcvSHA4SlVsejhUSkU1akRiMlE1dDAKLS0tIFMvcDk3c1RVdTcyd1RrSCtqMEpI
TUpXODFUV0RoTlR3UWRZL3ZxVTZRZ1kKqhJsrImtkYUXojZXbNwjhpYDYBgrDlfK
f6YlHL4atDrgFWWEIw98Ul4U3g==
END
{
	echo "-----BEGIN AGE ENCRYPTED FILE-----"
	base64 -w 64 "$T/file.age"
	echo "-----END AGE ENCRYPTED FILE-----"
} >"$T/file.asc"
echo "sel et poivre" >"$T/pass"
echo "sel et poivron" >"$T/wrong"
expect_exit 0 "$SCELLE" age open --identity "$T/key" "$T/file.age"
check "opens a file" same "$(cat "$T/out")" "exhibit 12"
expect_exit 0 "$SCELLE" age open --identity "$T/key" "$T/file.asc"
check "opens an armoured file" same "$(cat "$T/out")" "exhibit 12"
expect_exit 0 "$SCELLE" --passphrase-file "$T/pass" age open \
	--identity "$T/key.age" "$T/file.age"
check "opens with an identity under a passphrase" same "$(cat "$T/out")" \
	"exhibit 12"
expect_exit 0 "$SCELLE" --passphrase-file "$T/pass" age open "$T/key.age"
check "opens a file under a passphrase" has "$T/out" AGE-SECRET-KEY-1
expect_exit 3 "$SCELLE" --passphrase-file "$T/wrong" age open "$T/key.age"
"$SCELLE" age open --identity "$T/key" - <"$T/file.age" >"$T/out"
check "opens standard input" same "$(cat "$T/out")" "exhibit 12"
head -c -1 "$T/file.age" >"$T/short.age"
expect_exit 1 "$SCELLE" age open --identity "$T/key" "$T/short.age"
check "gives nothing out of a file cut short" test ! -s "$T/out"
expect_exit 1 "$SCELLE" age open --identity "$T/key" "$T/note"
expect_exit 3 "$SCELLE" age open --identity "$T/none" "$T/file.age"
expect_exit 2 "$SCELLE" age open --identity "$T/key"
expect_exit 2 "$SCELLE" age open --identity - -
expect_exit 2 "$SCELLE" age shut "$T/file.age"
if command -v age >/dev/null; then
	age -d -i "$T/key" "$T/file.age" >"$T/out"
	check "age itself opens the same file" same "$(cat "$T/out")" "exhibit 12"
	age-keygen -o "$T/other" 2>/dev/null
	expect_exit 3 "$SCELLE" age open --identity "$T/other" "$T/file.age"
else
	skip "no age command"
fi
finish
