#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# A whole case against a site on this machine: open, collect twice, search,
# export, verify, then alter one byte and see it found.  OBJ: object directory.
set -euo pipefail
cd "$(dirname "$0")/.."
OBJ=${OBJ:-build/release}
D=${DEMO_DIR:-demo-$(date +%Y%m%d-%H%M%S)}
S=$PWD/scelle
[ ! -e "$D" ] || { echo "'$D' exists already" >&2; exit 3; }
mkdir -p "$D/site"
D=$(cd "$D" && pwd)

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() { printf '\033[2m$ %s\033[0m\n' "$(printf '%s ' "$@" | sed "s#$S#scelle#; s#$D/##g")"; "$@"; }

"$OBJ/tests/server/site" --dir "$D/site" --ready "$D/site/ready" >"$D/site/out" 2>&1 &
site=$!
trap 'kill $site 2>/dev/null || true' EXIT
for _ in $(seq 100); do [ -s "$D/site/ready" ] && break; sleep 0.1; done
# shellcheck disable=SC1091
. "$D/site/ready"

umask 077
printf 'correct horse battery staple\n' >"$D/passphrase"
export SCELLE_VAULT=$D/vault SCELLE_PASSPHRASE_FILE=$D/passphrase SCELLE_LAB=$D/site/lab.conf
export XDG_STATE_HOME=$D/state XDG_CONFIG_HOME=$D/config
why="demonstration"
from=$(date -u -d yesterday +%F) to=$(date -u -d '+30 days' +%F)

say "A vault for the unit piej-demo (lab: everything it makes is marked as no evidence)"
run "$S" init --unit piej-demo --user camille --lab
say "A case: basis, offence, period, sources. Nothing is fetched outside it"
run "$S" case open 2026-0042 --basis "CSS L.114-22-3, CPP 230-46" \
	--offence "441-1 code pénal" --from "$from" --to "$to"
for s in pharma_demo_lab sans_apercu_lab redir_demo_lab interdit_demo_lab layout_demo_lab; do
	run "$S" case source add 2026-0042 "telegram:$s"
done
run "$S" case show 2026-0042
say "First pass: pages back to the beginning, media at once, five seconds between any two requests (some minutes)"
run "$S" collect 2026-0042 --why "$why"
say "The channel changes: a post is edited, one vanishes, two are new. Second pass, without waiting (a lab vault only)"
curl -s -o /dev/null -X POST "http://127.0.0.1:$ADMIN/admin/advance"
run "$S" collect 2026-0042 --fast --why "$why"
say "Search (accents folded), newest first; the read is on record before anything is decrypted"
run "$S" search 2026-0042 "arret maladie" --limit 5 --why "$why"
say "What happened when"
run "$S" timeline 2026-0042 --why "$why" | tail -15
say "One capture: what was asked, of whom, what came back, where it stands in the log"
run "$S" show 2026-0042 3 --why "$why" | head -40
say "A signed bundle for the prosecutor"
run "$S" export 2026-0042 -o "$D/2026-0042.zip" --complete --why "$why"
run "$S" verify "$D/2026-0042.zip"
say "The expert's way: coreutils, openssl, minisign, xxd, gunzip (docs/verify-a-bundle.md)"
mkdir "$D/expert"
(cd "$D/expert" && unzip -q ../2026-0042.zip)
# shellcheck disable=SC2016  # these are fences, not commands
sed -n '/^```sh$/,/^```$/p' docs/verify-a-bundle.md | grep -v '^```' >"$D/expert.sh"
(cd "$D/expert" && sh ../expert.sh | tail -4)
say "The vault, checked without any key"
run "$S" verify "$D/vault"
say "One byte altered in a sealed page"
cp -r "$D/vault" "$D/forged"
pack=$(find "$D/forged/cases" -name '*.pack' | sort | head -1)
size=$(stat -c %s "$pack")
at=$((size / 2))
byte=$(xxd -s $at -l 1 -p "$pack")
printf '%02x' $((0x$byte ^ 1)) | xxd -r -p | dd of="$pack" bs=1 seek=$at conv=notrunc status=none
if run "$S" verify "$D/forged"; then
	echo "the forgery was not found" >&2
	exit 1
fi
say "Found. Everything is in ${D#"$PWD"/}"
cat <<EOT
  vault/          the vault (passphrase in passphrase)
  2026-0042.zip   the bundle, unpacked in expert/
  forged/         the altered copy
  site/site.log   what the site saw, request by request
  state/          receipts kept outside the vault
EOT
