#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# shellcheck disable=SC2016  # the variables in single quotes are jq's
# The forms of an audit: text, CSV, JSON lines, one page; the same for the same
# events; nothing of what pages hold in any of them; keys of past months given
# by who holds them; the rules of a unit.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config LC_ALL=C.UTF-8
unset SCELLE_VAULT SCELLE_USER SCELLE_PASSPHRASE_FILE SCELLE_LAB
V=$T/vault
for who in claire max anne paul; do echo "the words of $who" >"$T/$who"; done
as() { local who=$1; shift; "$SCELLE" --vault "$V" --user "$who" --passphrase-file "$T/$who" "$@"; }
jqe() { jq -e "$@" >/dev/null; }
says() { check "$1 says: $2" has "$T/$1" "$2"; }
if ! command -v jq >/dev/null || ! command -v python3 >/dev/null || ! command -v xmllint >/dev/null; then
	skip "jq, python3 or xmllint is not installed"
	ok "nothing to do"
	finish
fi
start_site --throttle 0
expect_exit 0 as claire init --unit piej-demo --user claire --name 'Claire Martin' --lab --work-factor 2
expect_exit 0 as claire user add paul --name 'Paul Dürand' --role investigator --new-passphrase-file "$T/paul" --work-factor 2
expect_exit 0 as claire user add max --role administrator --new-passphrase-file "$T/max" --work-factor 2
expect_exit 0 as claire case open now --basis 'art. L.114-22-3 CSS' --offence escroquerie \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
expect_exit 0 as claire case source add now telegram:pharma_demo_lab
expect_exit 0 as claire --lab "$LAB" collect now --fast --why 'first'
expect_exit 0 as claire --json posts now --limit 5 --why '=HYPERLINK("http://x"), <b>&'
jq -r .text "$T/out" >"$T/texts"
item=$(jq -s '.[0].item' "$T/out")
expect_exit 0 as claire search now 'ordonnance dürand' --why 'quick look'
expect_exit 0 as claire show now "$item" --why 'one item'
expect_exit 0 as claire show now "$item" --unmask --why 'in clear'
for _ in 1 2 3; do expect_exit 5 as paul posts now --why 'let me in'; done
sleep 1.1
until=$(date -u +%FT%TZ)
sleep 1.1

# --- JSON lines: what each access says ---
expect_exit 0 as claire audit --format jsonl --why check --until "$until"
cp "$T/out" "$T/a.jsonl"
check 'each line is JSON' jqe . "$T/a.jsonl"
check 'who, from where, which command, why, which case' jqe -s '[.[] | select(.what == "access" and .command != null)] |
	length > 4 and all(.[]; .user and .session and (.uid >= 0) and .why and .leaf and .time)' "$T/a.jsonl"
check 'a listing names what it showed' jqe -s '([.[] | select(.command == "posts" and .what == "access")][0].leaf) as $a |
	any(.[]; .what == "shown" and .of == $a and .rows == 5 and .item_count >= 1 and .outcome == "done")' "$T/a.jsonl"
check 'collection is in the chronology' jqe -s 'any(.[]; .what == "collected" and .rows > 1)' "$T/a.jsonl"
check 'in the order of the log' jqe -s '[.[] | select(.leaf) | .leaf] | . == sort' "$T/a.jsonl"
expect_exit 0 as claire audit --format jsonl --why check --until "$until" --case now --item "$item" --what access,shown
check 'of one item' jqe -s 'length >= 3 and all(.[] | select(.leaf); .item_count >= 1)' "$T/out"
expect_exit 2 as claire audit --why check --item 3
expect_exit 2 as claire audit --why check --what nonsense

# --- what should be looked into ---
expect_exit 0 as claire audit --findings --format jsonl --why check --until "$until"
cp "$T/out" "$T/f.jsonl"
for rule in outside repeated-denials colleague unmasked; do
	check "found: $rule" jqe -s --arg r $rule 'any(.[]; .finding == $r and (.leaves | length) >= 1 and .text)' "$T/f.jsonl"
done
check 'the leaves named are in the chronology' jqe -s --slurpfile f "$T/f.jsonl" '[.[] | .leaf] as $l |
	[$f[] | .leaves[]] | all(.[]; . as $x | $l | index($x))' "$T/a.jsonl"
expect_exit 0 as claire audit --findings --by paul --format jsonl --why check --until "$until"
check 'of one person' jqe -s 'length >= 2 and all(.[]; .user == "paul")' "$T/out"

# --- CSV ---
expect_exit 0 as claire audit --format csv --why check --until "$until"
cp "$T/out" "$T/a.csv"
check 'rows as wide as the head, no formula' python3 - "$T/a.csv" "$(jq -c 'select(.leaf)' "$T/a.jsonl" | wc -l)" <<'PY'
import csv, sys
raw = open(sys.argv[1], newline='').read()
assert raw.endswith('\r\n') and raw.count('\r\n') == raw.count('\n')
rows = list(csv.reader(open(sys.argv[1], newline=''), strict=True))
assert len(rows) == int(sys.argv[2]) + 1, len(rows)
assert all(len(r) == len(rows[0]) for r in rows)
assert not [c for r in rows for c in r if c[:1] in '=+-@\t\r' and c]
assert any("'=HYPERLINK" in c for r in rows for c in r)
PY
expect_exit 0 as claire audit --findings --format csv --why check --until "$until"
check 'findings as wide as their head' python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline=""), strict=True))
assert len(rows) > 4 and all(len(r) == len(rows[0]) for r in rows)' "$T/out"

# --- the page ---
for lang in fr en; do
	expect_exit 0 as claire audit --format html --lang $lang --why check --until "$until" -o "$T/$lang.html"
	check "$lang: well-formed" xmllint --noout "$T/$lang.html"
	check "$lang: nothing from outside, no script" python3 - "$T/$lang.html" <<'PY'
import re, sys, hashlib, base64
t = open(sys.argv[1], encoding='utf-8').read()
assert not re.search(r'<(script|link|img|iframe|object|embed|form|base)\b', t)
assert not re.search(r'\b(src|href|action|xlink:href|on[a-z]+|style)\s*=', t)
assert 'url(' not in t and '@import' not in t
assert set(re.findall(r'https?://[^"\s<&]*', t)) <= {'http://www.w3.org/1999/xhtml', 'http://www.w3.org/2000/svg', 'http://x'}
csp = re.search(r'Content-Security-Policy" content="([^"]*)"', t).group(1)
style = re.search(r'<style>(.*?)</style>', t, re.S).group(1)
want = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
assert "default-src 'none'" in csp and "'sha256-%s'" % want in csp
assert t.count('<svg') == 1 and '<title>' in t and '@media print' in t
assert '<b>' not in t
PY
done
check 'in French' grep -q 'Points à examiner' "$T/fr.html"
check 'in English' grep -q 'Points to look into' "$T/en.html"
check 'that it is of the laboratory' grep -q 'class="lab"' "$T/fr.html"
expect_exit 0 as claire audit --format html --lang fr --why check --until "$until" -o "$T/again.html"
check 'the same events, the same bytes' cmp "$T/fr.html" "$T/again.html"
expect_exit 0 as claire audit --format csv --why check --until "$until"
check 'of the CSV too' cmp "$T/out" "$T/a.csv"
expect_exit 4 as claire audit --format html --why check -o "$T/fr.html"
check 'a page that is there is not written over' cmp "$T/fr.html" "$T/again.html"

# --- nothing of what pages hold (R29, R31) ---
python3 - "$T/texts" >"$T/words" <<'PY'
import re, sys
words = {w for w in re.findall(r'\w{9,}', open(sys.argv[1], encoding='utf-8').read())}
print('\n'.join(sorted(words - {'ordonnance', 'ordonnances'})))
PY
check 'there are words to look for' test "$(wc -l <"$T/words")" -ge 3
check_not 'no word of a page in any form' grep -qwFf "$T/words" "$T/a.jsonl" "$T/a.csv" "$T/fr.html" "$T/f.jsonl"

# --- keys of the months, rules ---
propose() { as claire user add "$1" --role "$2" --new-passphrase-file "$T/$1" --work-factor 2; }
expect_exit 5 as max audit --why curious
propose anne auditor >"$T/out" 2>"$T/err"
order=$(sed -n 's/^order \([0-9a-f]*\) .*/\1/p' "$T/out")
expect_exit 0 as max approve "$order"
expect_exit 0 as claire user add anne --role auditor --order "$order" --new-passphrase-file "$T/anne" --work-factor 2
# As if somebody had entered her who holds no month.
rm -f "$V"/audit/*/wraps/anne.age
expect_exit 5 as anne audit --why 'first day'
expect_exit 5 as paul audit grant all anne --why x
expect_exit 5 as claire audit grant all paul --why 'no role for it'
expect_exit 0 as claire audit grant all anne --why 'she came later'
expect_exit 3 as claire audit grant 2020-01 anne --why x
expect_exit 0 as anne --json audit --why 'first day' --what admin
check 'the gift is a statement' jqe -s 'any(.[]; .kind == "audit-grant" and .user == "claire" and .subject == "anne")' "$T/out"
expect_exit 5 as anne audit policy --set denials=9 --why 'not hers'
expect_exit 0 as anne audit --why 'her own refusal' --format text
expect_exit 0 as claire audit --findings --format jsonl --why check
check 'who looked up refusals of her own' jqe -s 'any(.[]; .finding == "own-denials" and .user == "anne")' "$T/out"
expect_exit 0 as claire audit policy
says out '07:30-20:00'
expect_exit 2 as claire audit policy --set denials=4
expect_exit 3 as claire audit policy --set keep-years=2 --why 'too short'
expect_exit 0 as claire audit policy --set denials=4 --set hours=00:00-24:00 --set days=mon-sun --set holidays=none --why 'day and night'
expect_exit 0 as claire audit --findings --format jsonl --why check --until "$until"
check_not 'three are no longer a row' grep -q repeated-denials "$T/out"
check_not 'no hour is odd' grep -q '"finding":"hours"' "$T/out"
# What is kept of a reading is a cache.
find "$V/audit" -name '*.age' -path '*read.cache*' -exec sh -c 'head -c 400 /dev/urandom >"$1"' _ {} \;
expect_exit 0 as claire audit --format csv --why check --until "$until"
check 'spoiled caches change nothing' cmp "$T/out" "$T/a.csv"
expect_exit 0 "$SCELLE" verify "$V"
finish
