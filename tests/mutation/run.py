#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Take out each check of the verifying and permitting code in turn: does a test fail?

usage: run.py OBJ [--jobs N] [--sample N] [--seed S] [--only FILE-PART]

All mutants of a file are in one object (mutate.py), so each test program is
linked once.  Each test is run once to see which checks it asks; a mutant is
then run against those tests only, the quick ones first.  A survivor has to
stand in survivors.txt with the reason; 95 of 100 mutants have to be killed.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CODE = ['store/verify*.c', 'store/note.c', 'store/checkpoint.c', 'store/tree.c', 'store/leaf.c',
        'cases/admin*.c', 'cases/permit.c', 'cases/order*.c', 'cases/bundle_check*.c']
SLOW = 4.0          # seconds of processor time: a test that takes more is left out
NEED = 95.0


def sh(args, **kw):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, text=True, **kw).stdout


def build(obj, out):
    files = sorted({f for g in CODE for f in glob.glob(g)})
    print(sh([sys.executable, os.path.join(HERE, 'mutate.py'), out] + files).strip(), flush=True)
    pkgs = re.search(r'^PKGS\s*:=\s*((?:.*\\\n)*.*)$', open('Makefile').read(), re.M).group(1)
    pkgs = pkgs.replace('\\\n', ' ').split()
    cflags = [re.sub('^-I', '-isystem', f) for f in sh(['pkg-config', '--cflags'] + pkgs).split()]
    libs = sh(['pkg-config', '--libs'] + pkgs + ['criterion']).split() + ['-lresolv', '-lpthread']
    flags = ['-I.', '-D_GNU_SOURCE', '-DSCELLE_VERSION="0"', '-DSCELLE_PREFIX="/"', '-std=c11', '-w',
             '-O1', '-fPIE'] + cflags
    objs = []

    def compile_one(f):
        o = os.path.join(out, f.replace('/', '_')[:-2] + '.o')
        src = os.path.join(out, f) if not f.startswith('tests/') else f
        sh(['gcc'] + flags + ['-c', '-o', o, src])
        return o

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        objs = list(pool.map(compile_one, files + ['tests/mutation/mut.c']))
    bins = []
    for t in sorted(glob.glob('tests/store/test_*.c') + glob.glob('tests/cases/test_*.c')):
        o = os.path.join(obj, t[:-2] + '.o')
        if not os.path.exists(o):
            sys.exit(o + ' is missing: make it first')
        b = os.path.join(out, os.path.basename(t)[:-2])
        sh(['gcc', '-pie', '-o', b, o] + objs + [os.path.join(obj, 'libscelle.a')] + libs)
        bins.append(b)
    return bins


def tests_of(b):
    suite = None
    for line in sh([b, '--list']).splitlines():
        m = re.match(r'(\S+): \d+ tests?', line)
        if m:
            suite = m.group(1)
            continue
        m = re.search(r'── (\S+)', line)
        if m and suite:
            yield suite + '/' + m.group(1)


def run(b, name, env, limit):
    """Exit status and processor seconds of one run; -1 when it had to be ended."""
    e = dict(os.environ, **env)
    p = subprocess.Popen([b, '--filter', name, '-j1'], env=e, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, start_new_session=True)
    ended = []

    def end():
        ended.append(1)
        os.killpg(p.pid, signal.SIGKILL)

    t = threading.Timer(limit, end)
    t.start()
    _, status, use = os.wait4(p.pid, 0)
    t.cancel()
    p.returncode = status
    return -1 if ended else status, use.ru_utime + use.ru_stime


def see(out, job):
    b, name = job
    path = os.path.join(out, 'seen.%d' % abs(hash(job)))
    rc, took = run(b, name, {'SCELLE_MUTANT_SEEN': path}, 300)
    hit = set()
    if os.path.exists(path):
        data = open(path, 'rb').read()
        hit = {i for i, x in enumerate(data) if x}
        os.unlink(path)
    return b, name, rc, took, hit


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('obj')
    ap.add_argument('--jobs', type=int, default=os.cpu_count())
    ap.add_argument('--sample', type=int, default=0)
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--only', default='')
    ap.add_argument('--reuse', action='store_true', help='what the last run saw of each test')
    ap.add_argument('--budget', type=float, default=60.0,
                    help='processor seconds of tests a mutant gets at most')
    ap.add_argument('--verbose', action='store_true')
    a = ap.parse_args()
    out = os.path.join(os.path.dirname(a.obj.rstrip('/')) or '.', 'mutation')
    t0 = time.monotonic()
    table = os.path.join(out, 'reach.json')
    if not a.reuse:
        bins = build(a.obj, out)
    mutants = [l.rstrip('\n').split('\t') for l in open(os.path.join(out, 'list.tsv'))]
    mutants = [m for m in mutants if a.only in m[2]]
    reach = {}
    if a.reuse:
        reach = {int(k): [tuple(x) for x in v] for k, v in json.load(open(table)).items()}
    jobs = [] if a.reuse else [(b, n) for b in bins for n in tests_of(b)]
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for b, name, rc, took, hit in pool.map(lambda j: see(out, j), jobs):
            if rc != 0:
                print('left out, fails without any mutant:', name)
                continue
            if took > SLOW:
                print('left out, takes %.0f s: %s' % (took, name))
                continue
            for n in hit:
                reach.setdefault(n, []).append((took, b, name))
    json.dump(reach, open(table, 'w'))
    print('%d tests looked at in %.0f s' % (len(jobs), time.monotonic() - t0), flush=True)
    if a.sample and a.sample < len(mutants):
        print('sample of', a.sample, 'seed', a.seed)
        mutants = random.Random(a.seed).sample(mutants, a.sample)

    def judge(m):
        n = int(m[0])
        asks = sorted(reach.get(n, []))
        # The quickest alone, then all of a program at once.
        turns = [(took, b, name) for took, b, name in asks[:2]]
        for b in dict.fromkeys(b for _, b, _ in asks[2:]):
            mine = [x for x in asks[2:] if x[1] == b]
            turns.append((sum(x[0] for x in mine), b, '@(%s)' % '|'.join(x[2] for x in mine)))
        turns = [t for i, t in enumerate(turns) if i < 2 or sum(x[0] for x in turns[:i + 1]) <= a.budget]
        for took, b, name in turns:
            rc, _ = run(b, name, {'SCELLE_MUTANT': str(n)}, 60 * took + 60)
            if rc != 0:
                return m, name
        return m, None

    killed, alive = {}, []
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for m, by in pool.map(judge, mutants):
            k = killed.setdefault(m[2], [0, 0])
            k[1] += 1
            if by:
                k[0] += 1
            else:
                alive.append(m)
                if a.verbose:
                    print('alive', *m, sep='\t', flush=True)
    known = {}
    path = os.path.join(HERE, 'survivors.txt')
    if os.path.exists(path):
        for line in open(path):
            if line.strip() and not line.startswith('#'):
                f = line.rstrip('\n').split('\t')
                if len(f) == 5 and f[4].strip():
                    known[tuple(f[:4])] = known.get(tuple(f[:4]), 0) + 1
    for f, (k, n) in sorted(killed.items()):
        print('%-24s %4d of %4d  %5.1f %%' % (f, k, n, 100.0 * k / n))
    new = 0
    for m in sorted(alive, key=lambda m: (m[2], int(m[4]))):
        key = (m[2], m[3], m[1], m[5])
        if known.get(key, 0) > 0:
            known[key] -= 1
            continue
        new += 1
        why = 'no test asks it' if int(m[0]) not in reach else ''
        print('SURVIVES\t' + '\t'.join([m[2], m[3], m[1], m[5]]) + '\tline %s %s' % (m[4], why))
    total = len(mutants)
    dead = total - len(alive)
    share = 100.0 * dead / total if total else 100.0
    print('%d of %d mutants killed, %.1f %%; %d survivors explained, %d not; %.0f s'
          % (dead, total, share, len(alive) - new, new, time.monotonic() - t0))
    sys.exit(0 if new == 0 and (a.sample or share >= NEED) else 1)


if __name__ == '__main__':
    main()
