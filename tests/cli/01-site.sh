#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# The lab site serves what the other tests rely on.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

start_site --wire --retry-after 3
check "lab.conf maps t.me to the port" grep -qx "map t.me 127.0.0.1:$HTTPS" "$LAB"
check "lab.conf names the authority" has "$LAB" "ca $SITE_DIR/ca/root.pem"

# Pages and paging.
site_get https://t.me/s/pharma_demo_lab -o "$T/p1" -w '%{http_code}' >"$T/code"
check "the newest page is served over verified TLS" same "$(cat "$T/code")" 200
check "twenty posts on it" same "$(grep -o ' data-post=' "$T/p1" | wc -l)" 20
before=$(sed -n 's/.*data-before="\([0-9]*\)".*/\1/p' "$T/p1")
site_get "https://t.me/s/pharma_demo_lab?before=$before" -D "$T/h" -o "$T/p2"
check "the first turn back is refused with 429" has "$T/h" " 429 "
check "and says when to come back" has "$T/h" "Retry-After: 3"
pages=1
ids=$(grep -o 'data-post="[^"]*"' "$T/p1")
while [ -n "$before" ] && [ $pages -lt 9 ]; do
	site_get "https://t.me/s/pharma_demo_lab?before=$before" -o "$T/p2"
	ids="$ids $(grep -o 'data-post="[^"]*"' "$T/p2")"
	before=$(sed -n 's/.*data-before="\([0-9]*\)".*/\1/p' "$T/p2")
	pages=$((pages + 1))
done
n=$(echo "$ids" | tr ' ' '\n' | grep -c data-post)
u=$(echo "$ids" | tr ' ' '\n' | grep data-post | sort -u | wc -l)
check "paging back ends after three pages or more" test $pages -ge 3 -a $pages -lt 9
check "about sixty posts, none twice" test "$n" -ge 55 -a "$n" -eq "$u"

# What is not a channel page.
status() { site_get "$1" -o "$T/body" -w '%{http_code} %{redirect_url}'; }
check "a channel without preview redirects to its landing" same \
	"$(status https://t.me/s/sans_apercu_lab)" "302 https://t.me/sans_apercu_lab"
check "a redirect may lead out of scope" same \
	"$(status https://t.me/s/redir_demo_lab)" \
	"302 https://www.example.org/hors-perimetre"
status https://t.me/inconnu_lab >/dev/null
check "an unknown name has no title" hasnt "$T/body" tgme_page_title
status https://t.me/+AbCdEfGhIjK >/dev/null
check "a private group shows its members" has "$T/body" "23 members"
status https://t.me/s/vide_demo_lab >/dev/null
check "an empty channel says so" has "$T/body" tme_no_messages_found
status https://t.me/robots.txt >/dev/null
check "robots.txt forbids one channel" has "$T/body" "Disallow: /s/interdit_demo_lab"

# Media.
img=$(grep -o "url('https://cdn[^']*\.jpg" "$T/p1" | head -n 1)
site_get "${img#url(\'}" -o "$T/img" -w '%{content_type}' >"$T/code"
check "a photograph is a JPEG" same "$(cat "$T/code")" image/jpeg
check "its bytes begin as one" same "$(head -c 3 "$T/img" | od -An -tx1 | tr -d ' ')" ffd8ff

# The second state.
check "the post to disappear is there first" has "$T/p1" "avant que je supprime"
site_admin advance >"$T/state"
check "the world advances" has "$T/state" '"pass":2'
site_get https://t.me/s/pharma_demo_lab -o "$T/p3"
check "a post vanished" hasnt "$T/p3" "avant que je supprime"
check "a post was edited" has "$T/p3" "prix en hausse"
check "a post is new" has "$T/p3" "secours_demo_lab"

# Wire copies: what curl received is what the site says that it sent.
site_get http://t.me/s/infos_sante_demo -i --raw -o "$T/raw"
last=$(sed -n 's/.*"event":"request".*"n":\([0-9]*\),.*/\1/p' "$SITE_LOG" | tail -n 1)
last=$(printf '%06d' "$last")
check "the kept answer is what arrived" cmp -s "$T/raw" "$SITE_DIR/wire/$last.res"
sum=$(sha256sum <"$T/raw" | cut -d' ' -f1)
sleep 0.1
check "the log has its hash" has "$SITE_LOG" "\"response_sha256\":\"$sum\""
check "the log has the request" has "$SITE_LOG" '"target":"/s/infos_sante_demo"'
check "the kept request is exact" has "$SITE_DIR/wire/$last.req" "GET /s/infos_sante_demo HTTP/1.1"

# TLS faults: each is refused, and only the sound one is taken.
for host in expired notyet selfsigned wronghost unknownca nochain weakkey \
	badsig garbage close reset plain; do
	check_not "TLS fault is refused: $host" \
		site_get "https://tls-$host.example/" -o /dev/null --stderr /dev/null
done
check_not "a TLS 1.1 server is refused" \
	site_get "https://tls-old.example/" -o /dev/null --stderr /dev/null
check_not "another root does not verify the site" curl -s --noproxy '*' \
	--connect-to "::127.0.0.1:$HTTPS" -o /dev/null https://t.me/s/pharma_demo_lab

# Misbehaviours: what curl makes of some of them.
mis() {
	local want=$1 name=$2 got
	shift 2
	site_get "https://misbehave.example/$name" -o "$T/mis" "$@" 2>"$T/err"
	got=$?
	check "misbehaviour '$name' ends curl with $want" same "$got" "$want"
}
mis 18 truncated
mis 52 close
mis 56 reset
mis 56 chunk-garbage
mis 18 chunk-cut
mis 1 http09
mis 28 never --max-time 1
mis 28 drip --max-time 1
mis 28 drip-head --max-time 1
mis 0 bomb
check "the bomb is small on the wire" test "$(stat -c %s "$T/mis")" -lt 400000
check "and two hundred megabytes in memory" same \
	"$(gzip -dc "$T/mis" | wc -c)" 209715206
for coding in gzip deflate br; do
	mis 0 $coding --compressed
	check "coding '$coding' decodes" has "$T/mis" "corps de page"
done
mis 0 zstd
check "coding 'zstd' begins as such" same \
	"$(head -c 4 "$T/mis" | od -An -tx1 | tr -d ' ')" 28b52ffd
mis 0 hints-103
check "103 comes before the page" same "$(cat "$T/mis")" hello
mis 0 trailers
mis 47 redirect-self -L --max-redirs 5
mis 1 redirect-file -L
mis 0 echo -A 'Essai/1.0'
check "the request is echoed" has "$T/mis" "User-Agent: Essai/1.0"
site_get "http://t.me/mis/429-2" -i -o "$T/mis"
check "the same paths work under any host" has "$T/mis" "Retry-After: 2"
"$SITE" --list >"$T/list"
n=0
sed -n 's/^\([a-z0-9][a-z0-9-]*\) .*/\1/p' "$T/list" >"$T/names"
while read -r name; do
	code=$(site_get "http://misbehave.example/$name?n=100&ms=1" -o "$T/mis" \
		--max-time 0.3 -w '%{http_code}' 2>"$T/err")
	if [ "$code" = 404 ] && [ "$name" != 404 ]; then
		note "not served: $name"
		n=$((n + 1))
	fi
done <"$T/names"
check "everything in the list is served" same $n 0

# The authority stays, so that a lab file may be used again.
cp "$SITE_DIR/ca/root.pem" "$T/root.pem"
stop_site
"$SITE" --dir "$SITE_DIR" --ready "$T/again" >/dev/null 2>&1 &
SITE_PID=$!
for _ in $(seq 200); do [ -s "$T/again" ] && break; sleep 0.05; done
check "the authority is kept in its directory" cmp -s "$T/root.pem" "$SITE_DIR/ca/root.pem"
stop_site

# The benchmark world.
start_site --scenario bench --pages 40 --media 5 --channels 4
site_get http://t.me/s/canal_00003 -o "$T/b1"
check "a benchmark page has twenty posts" same "$(grep -o ' data-post=' "$T/b1" | wc -l)" 20
img=$(grep -o "https://cdn[0-9][^')\"]*\.jpg" "$T/b1" | head -n 1)
check "its pictures are served" site_get "$img" -f -o "$T/img"
stop_site
check "the same pages can be written" "$SITE" --write "$T/w" --scenario bench \
	--pages 40 --media 5 --channels 4
check "byte for byte" cmp -s "$T/b1" "$T/w/p/00039.html"
check "with the truth beside them" same "$(wc -l <"$T/w/truth.jsonl")" 800
finish
