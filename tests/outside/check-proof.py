#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Checks a proof of fraud by docs/proof-of-fraud.md: standard library, and the
openssl command for Ed25519 and time stamps.
usage: check-proof.py PROOF --log VKEY [--witness VKEY]... [--authority PEM]
Prints what is proven; status 0 proven, 1 not."""
import argparse, base64, calendar, hashlib, os, re, struct, subprocess, sys, tempfile, time

FIRST = "scelle/proof-of-fraud/v1"
NAMES = {"kind", "log", "second-log", "made", "what", "first", "second", "first-witness", "second-witness",
         "first-token", "second-token", "root", "consistency", "leaf", "inclusion"}


class Bad(Exception):
    pass


def need(ok, why):
    if not ok:
        raise Bad(why)


def b64(s):
    return base64.b64decode(s, validate=True)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def members(data):
    lines = data.decode("utf-8").split("\n")
    need(lines[0] == FIRST and lines[-1] == "", "first or last line")
    out, last = {}, None
    for line in lines[1:-1]:
        if line.startswith("\t"):
            need(last is not None and isinstance(out[last], list), "a line behind a tab belongs to nothing")
            out[last].append(line[1:])
            continue
        name, colon, value = line.partition(":")
        need(colon and name in NAMES and name not in out, "member %r" % name)
        out[name] = value[1:] if value else []
        need(not value or value[0] == " ", "member %r" % name)
        last = name
    return out


class Key:
    def __init__(self, text, kind):
        self.name, ident, rest = text.strip().split("+", 2)
        raw = b64(rest)
        need(len(raw) == 33 and raw[0] == kind, "key %r is of another type" % self.name)
        self.id, self.pk = bytes.fromhex(ident), raw[1:]
        need(self.id == sha(self.name.encode(), b"\n", raw)[:4], "hash of key %r" % self.name)


def ed25519(pk, message, sig):
    with tempfile.TemporaryDirectory() as d:
        for name, content in (("k", bytes.fromhex("302a300506032b6570032100") + pk), ("m", message), ("s", sig)):
            with open(os.path.join(d, name), "wb") as f:
                f.write(content)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", d + "/k",
                               "-rawin", "-in", d + "/m", "-sigfile", d + "/s"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class Head:
    def __init__(self, lines, key):
        note = ("\n".join(lines) + "\n").encode()
        at = note.rindex(b"\n\n")
        self.text = note[:at + 1]
        self.lines = []
        for line in note[at + 2:].decode().splitlines():
            m = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
            need(m, "signature line")
            raw = b64(m.group(2))
            self.lines.append((m.group(1), raw[:4], raw[4:]))
        self.origin, size, root = self.text.decode().split("\n")[:3]
        need(self.origin == key.name, "the head names another log")
        need(re.fullmatch("0|[1-9][0-9]*", size), "size")
        self.size, self.root = int(size), b64(root)
        need(len(self.root) == 32, "root")
        own = [s for n, i, s in self.lines if n == key.name and i == key.id]
        need(own, "no signature by the log's key")
        for s in own:
            need(len(s) == 64 and ed25519(key.pk, self.text, s), "bad signature by the log's key")
        self.time = None

    def cosigned(self, key):
        own = [s for n, i, s in self.lines if n == key.name and i == key.id]
        need(own, "the witness did not cosign")
        times = []
        for s in own:
            need(len(s) == 72, "cosignature")
            t, = struct.unpack(">Q", s[:8])
            need(ed25519(key.pk, b"cosignature/v1\ntime %d\n" % t + self.text, s[8:]), "bad cosignature")
            times.append(t)
        self.time = min(times)
        return self.time

    def stamped(self, der, roots):
        need(roots, "a time stamp, and no authority is trusted")
        with tempfile.TemporaryDirectory() as d:
            for name, content in (("r", der), ("t", self.text)):
                with open(os.path.join(d, name), "wb") as f:
                    f.write(content)
            said = subprocess.run(["openssl", "ts", "-reply", "-in", d + "/r", "-text"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode(errors="replace")
            m = re.search(r"^Time stamp: (\w+ +\d+ \d+:\d+:\d+)(\.\d+)? (\d+) GMT$", said, re.M)
            need(m, "time of the time stamp")
            t = calendar.timegm(time.strptime(m.group(1) + " " + m.group(3), "%b %d %H:%M:%S %Y"))
            r = subprocess.run(["openssl", "ts", "-verify", "-in", d + "/r", "-data", d + "/t", "-CAfile", roots,
                                "-attime", str(t)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            need(r.returncode == 0, "the time stamp does not verify")
        self.time = t + float(m.group(2) or 0)
        return self.time


def node(a, b):
    return sha(b"\x01", a, b)


def consistent(n1, root1, n2, root2, proof):        # RFC 9162 section 2.1.4.2
    if not 0 < n1 < n2:
        return False
    path = list(proof)
    if n1 & (n1 - 1) == 0:
        path.insert(0, root1)
    if not path:
        return False
    fn, sn = n1 - 1, n2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == root1 and sr == root2


def included(leaf_hash, index, size, root, proof):  # RFC 9162 section 2.1.3.2
    fn, sn, r = index, size - 1, leaf_hash
    for c in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(c, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def check(m, args):
    key = Key(m["log"], 1)
    trusted = Key(args.log, 1)
    need(key.pk == trusted.pk, "it is about another log's key")
    second = Key(m["second-log"], 1) if "second-log" in m else key
    need(second.pk == key.pk, "the second head is by another key")
    a, b = Head(m["first"], key), Head(m["second"], second)
    witnesses = {Key(w, 4).pk for w in args.witness}
    for which, head in (("first", a), ("second", b)):
        if which + "-witness" in m:
            w = Key(m[which + "-witness"], 4)
            need(w.pk in witnesses, "a witness nobody trusts")
            print("the %s head was cosigned by %s at %d" % (which, w.name, head.cosigned(w)))
        if which + "-token" in m:
            t = head.stamped(b64("".join(m[which + "-token"])), args.authority)
            print("the %s head was time-stamped at %.3f" % (which, t))
    kind = m["kind"]
    if kind == "fork":
        need(a.size and b.size, "a head of no leaf")
        if a.size == b.size:
            need(a.root != b.root, "the heads are the same")
            return "FORK: one key signed two histories of %d leaves" % a.size
        need(a.size < b.size, "the first head is the larger")
        root, proof = b64(m["root"][0]), [b64(x) for x in m["consistency"]]
        need(root != a.root, "the roots are the same")
        need(consistent(a.size, root, b.size, b.root, proof), "the consistency proof does not hold")
        return "FORK: the second head, of %d leaves, has another history of the first %d" % (b.size, a.size)
    if kind == "regress":
        need("first-token" in m and "second-token" in m, "a time stamp is missing")
        need(a.origin == b.origin and a.time < b.time and a.size > b.size, "no regress")
        return "REGRESS: %d leaves, and later %d" % (a.size, b.size)
    need(kind == "short", "kind")
    need(a.size > b.size, "the second head is not smaller")
    more = ""
    if "leaf" in m:
        leaf = b64("".join(m["leaf"]))
        need(len(leaf) == 160, "leaf")
        need(included(sha(b"\0", leaf), b.size - 1, b.size, b.root, [b64(x) for x in m["inclusion"]]),
             "the inclusion proof does not hold")
        when, = struct.unpack(">q", leaf[16:24])
        if a.time is not None and when > a.time * 1000:
            more = ", and its last leaf is younger: rolled back, then written on"
    return "SHORT: the key signed %d leaves, the vault that was shown has %d%s" % (a.size, b.size, more)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("proof")
    p.add_argument("--log", required=True)
    p.add_argument("--witness", action="append", default=[])
    p.add_argument("--authority")
    args = p.parse_args()
    try:
        with open(args.proof, "rb") as f:
            print(check(members(f.read()), args))
    except (Bad, ValueError, KeyError, IndexError, TypeError, struct.error) as e:
        print("NOT PROVEN: %s" % e)
        return 1
    return 0


sys.exit(main())
