#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Write C files with every mutant of their checks in them, and a list of these.

usage: mutate.py OUT FILE...

A check is an operand of the condition of an if, or of a returned condition:
  out    the check is taken out: 0 where it stands before ||, 1 before &&; one
         that stands alone is 0 when what it guards is an error, else 1
  edge   < is made <=, > is made >=, and the reverse
Each gets a number; mut.h says how it is switched on.
OUT/list.tsv: number, kind, file, function, line, text.
"""
import os
import re
import sys

FUNC = re.compile(r'^[a-z_][A-Za-z0-9_ \*]*?\b\**([a-z_][a-z0-9_]*)\(')
RELOP = re.compile(r'(?<![<>=!\-])(<=|>=|<|>)(?![<>=])')


def blank(text):
    """The text with comments, strings and characters blanked out."""
    out = list(text)
    for m in re.finditer(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:\\\n|[^\n])*',
                         text, re.S | re.M):
        for i in range(m.start(), m.end()):
            if out[i] != '\n':
                out[i] = 'S' if text[m.start()] in '"\'' else ' '
    return ''.join(out)


def closing(s, i):
    depth = 0
    while i < len(s):
        if s[i] in '([{':
            depth += 1
        elif s[i] in ')]}':
            depth -= 1
            if depth == 0:
                return i
        i += 1
    raise ValueError('unbalanced')


def split(s, a, b, op):
    """The parts of s[a:b] between op at the top level."""
    parts, depth, start, i = [], 0, a, a
    while i < b:
        if s[i] in '([{':
            depth += 1
        elif s[i] in ')]}':
            depth -= 1
        elif depth == 0 and s.startswith(op, i):
            parts.append((start, i))
            i += len(op)
            start = i
            continue
        i += 1
    parts.append((start, b))
    return parts


def strip(s, a, b):
    while a < b and s[a].isspace():
        a += 1
    while b > a and s[b - 1].isspace():
        b -= 1
    return a, b


def operands(s, a, b, alone, out):
    """(start, end, value without the check) of each operand in s[a:b]."""
    a, b = strip(s, a, b)
    for op, value in (('||', 0), ('&&', 1)):
        parts = split(s, a, b, op)
        if len(parts) > 1:
            for x, y in parts:
                operands(s, x, y, value, out)
            return
    if s[a] == '(' and closing(s, a) == b - 1:
        operands(s, a + 1, b - 1, alone, out)
        return
    out.append((a, b, alone))


ERROR = re.compile(r'return\s+(-|ERR_|err_|1\b|wrong|damaged|refuse|bad|fail|not_|NULL|verify_|say|problem)'
                   r'|goto\s+(out|bad|fail)|\bERR_|err_set|err_errno|verify_say|\bproblem\(|\bwrong\('
                   r'|\bbad\b|continue|break|return 0|say\(')
MEMORY = re.compile(r'ERR_NOMEM|no memory')


def guards(s, text, end):
    """The statement behind the condition that ends at end."""
    i = end + 1
    while s[i].isspace():
        i += 1
    if s[i] == '{':
        return text[i:closing(s, i)]
    return text[i:s.index(';', i)]


def conditions(s, text):
    for m in re.finditer(r'\bif\s*\(', s):
        a = m.end() - 1
        b = closing(s, a)
        body = guards(s, text, b)
        if MEMORY.search(body) and len(body) < 160:
            continue
        yield a + 1, b, 0 if ERROR.search(body) else 1
    for m in re.finditer(r'\breturn\b([^;]*);', s):
        a, b = m.start(1), m.end(1)
        expr = s[a:b]
        if '?' in expr:
            q = expr.index('?')
            if any(expr[:q].count(x) != expr[:q].count(y) for x, y in ('()', '[]')):
                continue
            head, tail = text[a:a + q], text[a + q:b]
            if re.search(r'==|!=|<|>|!|&&|\|\|', head.replace('->', '')):
                # cond ? error : fine, or the other way round
                first = tail[1:].split(':')[0]
                yield a, a + q, 0 if ERROR.search('return ' + first.strip()) else 1
            continue
        # A comparator's (a > b) - (a < b) is no condition.
        flat = re.sub(r'->|\(\s*(?:const )?[a-z_0-9 ]+\**\s*\)', '', expr)
        while re.search(r'\([^()]*\)|\[[^][]*\]', flat):
            flat = re.sub(r'\([^()]*\)|\[[^][]*\]', 'x', flat)
        if re.search(r'x\s*[-+|^]\s*x', flat):
            continue
        if re.search(r'&&|\|\||==|!=|[^-]>|<|^\s*!', expr) and ',' not in expr.split('(')[0]:
            yield a, b, 1


def main():
    out, files = sys.argv[1], sys.argv[2:]
    number = 0
    os.makedirs(out, exist_ok=True)
    table = open(os.path.join(out, 'list.tsv'), 'w')
    for path in files:
        text = open(path).read()
        s = blank(text)
        names = []
        for m in re.finditer(r'^\{', s, re.M):
            head = s[:m.start()].rstrip()
            start = max(head.rfind('\n\n'), head.rfind('}\n'), head.rfind(';\n')) + 1
            f = re.search(r'\b([a-z_][a-z0-9_]*)\(', head[start:])
            names.append((m.start(), closing(s, m.start()), f.group(1) if f else '?'))
        edits = []
        for a, b, alone in conditions(s, text):
            found = []
            operands(s, a, b, alone, found)
            for x, y, value in found:
                name = next((n for u, v, n in names if u < x < v), None)
                if not name:
                    continue
                expr = text[x:y]
                line = text.count('\n', 0, x) + 1
                flat = ' '.join(expr.split())
                mut = '(%s)' % expr
                rel = [r for r in RELOP.finditer(s[x:y])
                       if s[x:y][:r.start()].count('(') == s[x:y][:r.start()].count(')')
                       and not s[x:y][r.start() - 1:r.start()] == '-']
                if len(rel) == 1:
                    r = rel[0]
                    other = {'<': '<=', '<=': '<', '>': '>=', '>=': '>'}[r.group(1)]
                    # r < 0 and r > 0 of a result: no edge that means anything
                    if not re.fullmatch(r'\s*0', expr[r.end():]):
                        alt = expr[:r.start()] + other + expr[r.end():]
                        mut = '(mut_other(%d) ? (%s) : (%s))' % (number, ' '.join(alt.split()), expr)
                        print(number, 'edge', path, name, line, flat, sep='\t', file=table)
                        number += 1
                mut = 'mut_check(%d, !!(%s), %d)' % (number, mut, value)
                print(number, 'out', path, name, line, flat, sep='\t', file=table)
                number += 1
                edits.append((x, y, mut))
        for x, y, mut in sorted(edits, reverse=True):
            text = text[:x] + mut + text[y:]
        to = os.path.join(out, path)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        open(to, 'w').write('#include "tests/mutation/mut.h"\n#line 1 "%s"\n' % path + text)
    print(number, 'mutants')


if __name__ == '__main__':
    main()
