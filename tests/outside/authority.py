#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""A time stamp authority over HTTP, for the tests: openssl behind a loopback
port.  usage: authority.py DIR READY.  The path says what it does: /good,
/nonce, /imprint, /huge, ...; READY gets the port."""
import hashlib, http.server, os, subprocess, sys, threading

DIR, READY = sys.argv[1], sys.argv[2]
lock = threading.Lock()


def reply(kind, query):
    with lock:
        base = os.path.join(DIR, "work")
        with open(base + ".tsq", "wb") as f:
            f.write(query)
        r = subprocess.run(["openssl", "ts", "-reply", "-queryfile", base + ".tsq",
                            "-config", os.path.join(DIR, kind + ".cnf"), "-out", base + ".tsr"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if r.returncode:
            # openssl answers a refusal as a response of its own
            sys.stderr.write(r.stderr.decode())
        with open(base + ".tsr", "rb") as f:
            return f.read()


def query(data, nonce=True):
    base = os.path.join(DIR, "own")
    with open(base + ".data", "wb") as f:
        f.write(data)
    args = ["openssl", "ts", "-query", "-data", base + ".data", "-sha256", "-cert", "-out", base + ".tsq"]
    subprocess.run(args + ([] if nonce else ["-no_nonce"]), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(base + ".tsq", "rb") as f:
        return f.read()


def digest_at(q):
    return q.index(bytes.fromhex("0420")) + 2


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.send_error(405)

    def do_POST(self):
        q = self.rfile.read(int(self.headers["Content-Length"]))
        kind, status, ctype = self.path.strip("/"), 200, "application/timestamp-reply"
        if self.headers.get("Content-Type") != "application/timestamp-query":
            status = 415
        if kind == "nonce":             # another nonce over the same imprint
            own = bytearray(query(b"x"))
            at = digest_at(own)
            own[at:at + 32] = q[digest_at(q):digest_at(q) + 32]
            body = reply("good", bytes(own))
        elif kind == "nononce":
            own = bytearray(query(b"x", nonce=False))
            at = digest_at(own)
            own[at:at + 32] = q[digest_at(q):digest_at(q) + 32]
            body = reply("good", bytes(own))
        elif kind == "imprint":         # the nonce is right
            own = bytearray(q)
            own[digest_at(q)] ^= 1
            body = reply("good", bytes(own))
        elif kind == "replay":          # always the first one
            path = os.path.join(DIR, "replay.tsr")
            if not os.path.exists(path):
                with open(path, "wb") as f:
                    f.write(reply("good", q))
            with open(path, "rb") as f:
                body = f.read()
        elif kind == "refused":         # no such hash
            own = bytearray(q)
            own[own.index(bytes.fromhex("608648016503040201")) + 8] = 2     # SHA-384
            body = reply("good", bytes(own))
        elif kind == "huge":
            body = reply("good", q) + bytes(200000)
        elif kind == "endless":
            self.send_response(200)
            self.send_header("Content-Type", ctype)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"1000\r\n" + bytes(4096) + b"\r\n")
            except OSError:
                pass
            self.close_connection = True
            return
        elif kind == "chunked":         # good, in pieces
            body = reply("good", q)
            self.send_response(200)
            self.send_header("Content-Type", ctype)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(0, len(body), 100):
                part = body[i:i + 100]
                self.wfile.write(b"%x\r\n" % len(part) + part + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
            return
        elif kind == "short":           # says more than it sends
            body = reply("good", q)
            self.send_response(200)
            self.send_header("Content-Type", ctype)
            self.send_header("Content-Length", str(len(body) + 100))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True
            return
        elif kind == "cut":
            body = reply("good", q)[:-20]
        elif kind == "trailing":
            body = reply("good", q) + b"\0"
        elif kind == "flipped":         # a bit of the signature
            b = bytearray(reply("good", q))
            b[-5] ^= 1
            body = bytes(b)
        elif kind == "time":            # a digit of genTime
            b = bytearray(reply("good", q))
            at = b.index(b"\x18\x0f20")
            b[at + 5] ^= 1
            body = bytes(b)
        elif kind == "garbage":
            body = b"<html>not here</html>"
        elif kind == "empty":
            body = b""
        elif kind == "html":
            body, ctype = b"<html>sign in</html>", "text/html"
        elif kind == "500":
            body, status = b"", 500
        elif kind == "redirect":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        else:
            body = reply(kind, q)
        self.send_response(status)
        self.send_header("Content-Type", ctype)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(READY + ".part", "w") as f:
    f.write("%d\n" % server.server_address[1])
os.rename(READY + ".part", READY)
server.serve_forever()
