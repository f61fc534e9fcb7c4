#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Records are exact: what is sealed as request and response is, byte for byte,
# what the server received and sent; one request a record; each record has the
# certificate chain and the peer's address.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

umask 077
printf 'to the last byte\n' >"$T/pass"
export SCELLE_VAULT=$T/vault SCELLE_PASSPHRASE_FILE=$T/pass
export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config
start_site --wire --retry-after 1
export SCELLE_LAB=$LAB
run() { "$SCELLE" --quiet "$@" >"$T/out" 2>"$T/err" || { note "$(head -1 "$T/err")"; return 1; }; }
check "a vault" run init --unit wire --user camille --lab --work-factor 10
check "a case" run case open W-1 --basis "L.114-22-3" --offence "441-1" \
	--from "$(date -u -d yesterday +%F)" --to "$(date -u -d '+9 days' +%F)"
for s in pharma_demo_lab ordos_demo_lab sans_apercu_lab redir_demo_lab vide_demo_lab \
	layout_demo_lab inconnu_lab; do
	check "source $s" run case source add W-1 telegram:$s
done
check "a pass" run collect W-1 --fast
check "verify" run verify
check "a bundle" run export W-1 -o "$T/b.zip" --why 'exactness'
check "it is sound" run verify "$T/b.zip"
check "it unpacks" unzip -q "$T/b.zip" -d "$T/b"
gunzip -c "$T/b/archive/capture.warc.gz" >"$T/warc"
check "its archive is sound WARC" run warc check "$T/warc"

python3 - "$T/warc" "$SITE_DIR/wire" <<'P' >"$T/verdict"
import collections, glob, json, os, sys
raw = open(sys.argv[1], "rb").read()
at, recs = 0, []
while at < len(raw):
    end = raw.index(b"\r\n\r\n", at)
    head = dict(l.split(b": ", 1) for l in raw[at:end].split(b"\r\n")[1:])
    n = int(head[b"Content-Length"])
    recs.append((head, raw[end + 4:end + 4 + n]))
    at = end + 4 + n + 4
groups, bad = [], []
for head, block in recs:
    t = head[b"WARC-Type"]
    if t == b"request":
        groups.append({"request": block})
    elif t != b"warcinfo":
        groups[-1][t.decode()] = block
sealed = collections.Counter((g["request"], g.get("response", b"")) for g in groups)
wire = collections.Counter()
for f in glob.glob(os.path.join(sys.argv[2], "*.req")):
    wire[(open(f, "rb").read(), open(f[:-3] + "res", "rb").read())] += 1
for g in groups:
    m = json.loads(g["metadata"])
    if g["request"].count(b"HTTP/1.1\r\n") != 1:
        bad.append("more than one request in a record")
    if not m["tls"] or m["tls"]["chain_pem"].count("BEGIN CERTIFICATE") < 2:
        bad.append("no chain for " + m["url"])
    if not m["peer"].startswith("127.0.0.1:"):
        bad.append("no peer for " + m["url"])
if sealed != wire:
    bad.append("sealed only: %d, on the wire only: %d" % (sum((sealed - wire).values()), sum((wire - sealed).values())))
print(len(groups), "exchanges,", sum(len(q) + len(a) for q, a in sealed.elements()), "bytes;", "; ".join(bad[:5]) or "all exact")
sys.exit(1 if bad or len(groups) < 20 else 0)
P
rc=$?
check "sealed and sent are the same: $(cat "$T/verdict")" same $rc 0
finish
