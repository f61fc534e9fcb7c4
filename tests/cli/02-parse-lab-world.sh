#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Parsing the lab world finds what its makers put in.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Every member of the truth (first file) must be in what was found (second);
# what is found beyond it is not judged.  White space as corpus/README says.
cat >"$T/compare.jq" <<'EOF'
def text: gsub("[ \t\u00a0]+"; " ") | gsub(" ?\n ?"; "\n") | gsub("^\\s+|\\s+$"; "");
def within($b):
	if type == "object" then ($b | type) == "object" and
		([to_entries[] | .key as $k | .value | within($b[$k])] | all)
	elif type == "array" then ($b | type) == "array" and length == ($b | length) and
		([range(length) as $i | .[$i] | within($b[$i])] | all)
	elif type == "string" then ($b | type) == "string" and text == ($b | text)
	else . == $b end;
[$found[] | select(.kind == "post")] as $got |
if ($truth | length) != ($got | length) then
	"\($truth | length) posts expected, \($got | length) found"
else
	range($truth | length) as $i | $truth[$i] | del(.page) | to_entries[] |
	.key as $k | select(.value | within($got[$i][$k]) | not) |
	"\($truth[$i].post_id) \($k): \(.value) is not \($got[$i][$k])"
end
EOF

compare() {
	local dir=$1 page url
	: >"$T/differences"
	jq -r '[.page, (.post_id | split("/")[0])] | @tsv' "$dir/truth.jsonl" |
		sort -u >"$T/pages"
	while read -r page url; do
		grep -F "\"page\":\"$page\"" "$dir/truth.jsonl" >"$T/truth"
		"$SCELLE" parse --url "https://t.me/s/$url" "$dir/$page" >"$T/found" ||
			echo "$page: exit $?" >>"$T/differences"
		jq -nr --slurpfile truth "$T/truth" --slurpfile found "$T/found" \
			-f "$T/compare.jq" >>"$T/differences"
	done <"$T/pages"
	head -n 5 "$T/differences" | cut -c1-300 | sed 's/^/# /'
	[ ! -s "$T/differences" ] && [ -s "$T/pages" ]
}

if ! command -v jq >/dev/null; then
	skip "jq is not installed"
	ok "nothing to do"
	finish
fi
check "the demo world is written" "$SITE" --write "$T/demo"
check "every post of the demo world is found, and nothing in it is lost" compare "$T/demo"
check "the benchmark world is written" "$SITE" --write "$T/bench" --scenario bench \
	--pages 30 --channels 3 --media 2
check "every post of the benchmark world is found" compare "$T/bench"

start_site --throttle 0
finding() {
	site_get "http://t.me/$1" -L -o "$T/page"
	"$SCELLE" parse --url "https://t.me/$1" "$T/page" >"$T/found"
	jq -rs '.[0] | "\(.page) \(.finding)"' "$T/found"
}
check "no posts is a finding" same "$(finding s/vide_demo_lab)" "listing no-posts"
check "a new layout is another" same "$(finding s/layout_demo_lab)" "null layout-changed"
check "a landing without preview" same "$(finding sans_apercu_lab)" "card no-preview"
check "a group" same "$(finding groupe_demo_lab)" "card no-preview"
check "nobody of that name" same "$(finding inconnu_lab)" "no-such-account not-found"
check "an invitation is no channel" same "$(finding +AbCdEfGhIjKlMn | cut -d' ' -f1)" invite
check "a single post" same "$(finding 'pharma_demo_lab/155?embed=1')" "post null"
check "a post that is gone" same "$(finding 'pharma_demo_lab/9999?embed=1')" "post not-found"
finding s/pharma_demo_lab >/dev/null
check "the cursor leads to older posts" same \
	"$(jq -rs '.[0].next.url' "$T/found")" "https://t.me/s/pharma_demo_lab?before=155"
finish
