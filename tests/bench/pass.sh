# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# The whole pass over loopback HTTP, and what memory it takes.  For run.sh.

SITE_PID=''

pass_stop() {
	[ -z "$SITE_PID" ] || kill "$SITE_PID" 2>/dev/null
	[ -z "$SITE_PID" ] || wait "$SITE_PID" 2>/dev/null
	SITE_PID=''
}

# pass_site PAGES MEDIA - serve them; sets HTTP, ADMIN
pass_site() {
	pass_stop
	rm -rf "$W/site"
	mkdir -p "$W/site"
	"$SITE" --dir "$W/site" --ready "$W/site/ready" --log none --scenario bench --pages "$1" \
		--media "$2" --channels 10 --media-base http://cdn1.telesco.pe/media --cache-mb 2048 \
		>"$W/site/out" 2>&1 &
	SITE_PID=$!
	for _ in $(seq 600); do
		[ -s "$W/site/ready" ] && break
		kill -0 $SITE_PID 2>/dev/null || break
		sleep 0.1
	done
	# shellcheck disable=SC1091
	. "$W/site/ready" || { note "the site did not start: $(cat "$W/site/out")"; return 1; }
	# t.me and its picture hosts over plain HTTP, without quotas.
	mkdir -p "$W/profiles"
	sed -e 's#^  entry  .*#  entry     http://t.me/s/{name}#' -e 's#^quota .*#quota       1000000 per day#' \
		-e 's#^pages .*#pages       100000 per pass#' "$TOP/profiles/telegram.profile" \
		>"$W/profiles/telegram.profile"
	{
		echo "ca $W/site/ca/root.pem"
		echo "map t.me:80 127.0.0.1:$HTTP"
		echo "map cdn1.telesco.pe:80 127.0.0.1:$HTTP"
	} >"$W/site/http.conf"
}

# pass_vault DIR - a lab vault with a case of ten channels
pass_vault() {
	rm -rf "$1"
	mkdir -p "$1"
	printf 'correct horse battery staple\n' >"$1/passphrase"
	export SCELLE_VAULT=$1/vault SCELLE_PASSPHRASE_FILE=$1/passphrase SCELLE_LAB=$W/site/http.conf \
		SCELLE_PROFILES=$W/profiles XDG_STATE_HOME=$1/state XDG_CONFIG_HOME=$1/config
	"$S" --quiet init --unit bench --user camille --lab &&
		"$S" --quiet case open BENCH --basis "CSS L.114-22-3" --offence "441-1 code pénal" \
			--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+30 days' +%F)" || return 1
	for i in $(seq 0 9); do
		"$S" --quiet case source add BENCH "telegram:canal_0000$i" || return 1
	done
}

pass_collect() { "$S" --quiet collect BENCH --fast --parse-children 2 --why bench; }
export -f pass_collect

# pass_lists PAGES MEDIA - the same bytes by their plain addresses, for peers
pass_lists() {
	{
		for i in $(seq 0 $(($1 - 1))); do printf 'http://127.0.0.1:%s/p/%05d.html\n' "$HTTP" "$i"; done
		for i in $(seq 0 $(($2 - 1))); do printf 'http://127.0.0.1:%s/media/%05d.jpg\n' "$HTTP" "$i"; done
	} >"$W/urls"
}

requests() { curl -s "http://127.0.0.1:$ADMIN/admin/state" | sed 's/.*"requests":\([0-9]*\).*/\1/'; }

pass_peers() {
	local r=$1
	if [ -n "$WGET" ]; then
		rm -rf "$W/wget"
		mkdir "$W/wget"
		sync
		measure pass wget "$r" wget -q -x --no-http-keep-alive -P "$W/wget" -i "$W/urls" --warc-file="$W/wget/a"
	fi
	if [ -n "$SCRAPY" ]; then
		rm -rf "$W/scrapy"
		sync
		measure pass scrapy "$r" /usr/bin/python3 -m scrapy runspider "$PEERS/spider.py" -a urls="$W/urls" \
			-a save="$W/scrapy" -o "$W/scrapy.jl:jsonlines"
		[ "$(wc -l <"$W/scrapy.jl")" = $((PAGES * 20)) ] || note "pass: scrapy found $(wc -l <"$W/scrapy.jl") posts"
		rm -f "$W/scrapy.jl"
	fi
	if [ -n "$CHAIN" ]; then
		rm -rf "$W/chain"
		sync
		measure pass chain "$r" "$PEERS/practitioner.sh" "$W/urls" "$W/chain/d" "$(cat "$W/age.pub")"
		rm -rf "$W/chain"
	fi
}

bench_pass() {
	local r n
	export S
	WGET='' SCRAPY='' CHAIN=''
	have wget && WGET=1
	have_py scrapy && SCRAPY=1
	have age && have_py bs4 && [ -n "$WGET" ] && CHAIN=1
	[ -z "$CHAIN" ] || { rm -f "$W/age.key"; age-keygen -o "$W/age.key" 2>/dev/null; age-keygen -y "$W/age.key" >"$W/age.pub"; }
	make_input
	pass_site "$PAGES" "$MEDIA" || return
	pass_lists "$PAGES" "$MEDIA"
	for r in $(seq "$ROUNDS"); do
		note "pass: round $r of $ROUNDS"
		pass_vault "$W/pass" >"$W/out" 2>&1 || { note "pass: no vault"; cat "$W/out" >&2; return; }
		sync
		n=$(requests)
		measure pass ours "$r" bash -c pass_collect || break
		note "pass: $(($(requests) - n)) requests, $(du -sm "$W/pass/vault" | cut -f1) MB"
		# What makes it evidence, on the same bytes, without the rest.
		rm -rf "$W/vault"
		sync
		measure pass evidence "$r" "$B/bench_vault" seal "$W/vault" "$IN/p" "$IN/media"
		pass_peers "$r"
	done
	pass_stop
	versus pass "whole pass, against wget --warc-file" ours wget min 1.2
	versus pass "whole pass, against scrapy" ours scrapy min 5
	versus pass "whole pass, against wget + sha256sum + bs4 + age" ours chain min 6
	row "evidence, of the pass's processor time" "$(of pass evidence cpu) s" "$(of pass ours cpu) s" \
		"$(ratio pass evidence ours cpu)" "" max 0.3
}

# ------------------------------------------------------------------ memory

# peaks PID FILE - until PID leaves, note what memory it and its children take:
# "login" is the keeper's peak, which the key derivation of its passphrase
# makes; "keeper" what it holds while children work; theirs are their peaks
peaks() {
	local pid=$1 p kb what
	: >"$2"
	while kill -0 "$pid" 2>/dev/null; do
		# shellcheck disable=SC2013  # one line of numbers
		for p in $(cat "/proc/$pid"/task/*/children 2>/dev/null); do
			what=$(tr '\0' ' ' 2>/dev/null <"/proc/$p/cmdline")
			case $what in
			*"--child parse"*) what=parse ;;
			*"--child fetch"*) what=fetch ;;
			*) continue ;;
			esac
			kb=$(awk '/^VmHWM/ { print $2 }' "/proc/$p/status" 2>/dev/null)
			printf '%s %s\n' "$what" "${kb:-0}"
			[ "$what" = parse ] || continue
			kb=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
			printf 'keeper %s\n' "${kb:-0}"
		done >>"$2"
		kb=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
		printf 'login %s\n' "${kb:-0}" >>"$2"
		sleep 0.1
	done 2>/dev/null
}

# peak FILE WHAT - in MB
peak() { awk -v w="$2" '$1 == w && $2 > m { m = $2 } END { if (m) printf "%.1f", m / 1024 }' "$1"; }

bench_memory() {
	local n pid what
	for n in "$PAGES" $((PAGES * 10)); do
		note "memory: a pass of $n pages"
		pass_site "$n" 10 || return
		pass_vault "$W/pass" >"$W/out" 2>&1 || { note "memory: no vault"; cat "$W/out" >&2; return; }
		"$S" --quiet collect BENCH --fast --why bench >"$W/out" 2>&1 &
		pid=$!
		peaks $pid "$W/peaks.$n"
		wait $pid || { note "memory: collect failed"; tail -n 5 "$W/out" >&2; return; }
		note "memory: $n pages: keeper $(peak "$W/peaks.$n" keeper) (login $(peak "$W/peaks.$n" login)), fetch $(peak "$W/peaks.$n" fetch)," \
			"parse $(peak "$W/peaks.$n" parse) MB"
	done
	pass_stop
	printf 'keeper, peak MB with its login (key derivation)\t%s\t\t\t\t\tno target\n' \
		"$(peak "$W/peaks.$((PAGES * 10))" login)" >>"$W/table.tsv"
	for what in keeper parse; do
		n=$(peak "$W/peaks.$((PAGES * 10))" $what)
		row "$what, peak MB of a pass of $((PAGES * 10)) pages" "$n" "" "$n" "" max \
			"$([ $what = keeper ] && echo 96 || echo 64)"
		row "$what, its peak of $PAGES pages" "$n MB" "$(peak "$W/peaks.$PAGES" $what) MB" \
			"${n:+$(calc "$n / $(peak "$W/peaks.$PAGES" $what)")}" "" max 1.25
	done
}
