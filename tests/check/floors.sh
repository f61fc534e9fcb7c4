#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# A file includes its own floor and those its row names; one library, one door;
# no banned function; an SPDX line in each file; no file grows without end.
set -u
bad=0
say() { printf '%s\n' "$*"; bad=1; }

allow() {
	case $1 in
	util) echo "util" ;;
	store) echo "store util" ;;
	parsers) echo "parsers util" ;;
	crawler) echo "crawler util store parsers" ;;
	cases) echo "cases util store parsers crawler" ;;
	tools) echo "tools util store parsers crawler cases" ;;
	esac
}
for floor in util store parsers crawler cases tools; do
	may=" $(allow $floor) "
	for f in "$floor"/*.[ch]; do
		[ -e "$f" ] || continue
		for inc in $(sed -n 's/^#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$f"); do
			case $inc in
			*/*) ;;
			*) say "$f: include \"$inc\" is not written from the root"; continue ;;
			esac
			case $may in
			*" ${inc%%/*} "*) ;;
			*) say "$f: floor $floor must not include \"$inc\"" ;;
			esac
		done
	done
done

# door HEADER-PATTERN FILE-PATTERN: only those files include that library
door() {
	hits=$(grep -lE "^#[ \t]*include[ \t]*<$1" util/*.[ch] store/*.[ch] parsers/*.[ch] \
		crawler/*.[ch] cases/*.[ch] tools/*.[ch] 2>/dev/null | grep -vE "$2")
	[ -z "$hits" ] || say "only $2 may include <$1>: $hits"
}
door 'curl/' '^crawler/fetch\.c$'
door 'gumbo' '^parsers/html\.c$'
door 'sqlite3' '^cases/index[a-z_]*\.[ch]$'
door 'sodium' '^(store/.*|util/secret|util/buf)\.[ch]$|^store/'
door 'libxml/' '^parsers/(tree|xml|html|profile[a-z_]*|xpathfn|json_tree|post|worker|page[a-z_]*)\.[ch]$'
door 'jansson' '^util/json\.h$'
door 'openssl/' '^(store|crawler|cases)/|^tools/cmd_warc\.c$'
door 'seccomp' '^util/sandbox\.c$'

banned='strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof|system|popen|alloca|mktemp|tmpnam|scanf|sscanf|rand|srand|setjmp|longjmp'
hits=$(grep -nE "(^|[^A-Za-z0-9_.>])($banned)[ ]?\(" util/*.[ch] store/*.[ch] parsers/*.[ch] \
	crawler/*.[ch] cases/*.[ch] tools/*.[ch] 2>/dev/null | grep -vE ':[ \t]*(/?\*|//)')
[ -z "$hits" ] || say "banned function:
$hits"
# Only the command line prints.
hits=$(grep -nE '(^|[^A-Za-z0-9_])(printf|puts|putchar|perror)[ ]?\(|fprintf\((stdout|stderr)' util/*.c store/*.c \
	parsers/*.c crawler/*.c cases/*.c 2>/dev/null | grep -vE ':[ \t]*\*')
[ -z "$hits" ] || say "below tools/ nothing prints:
$hits"

for f in $(git ls-files '*.c' '*.h' '*.sh' 'Makefile' '*.mk' '*.profile' '.ci/run' '*.po' 2>/dev/null); do
	head -5 "$f" | grep -q 'SPDX-License-Identifier: EUPL-1.2' || say "$f: no SPDX line"
done
hits=$(git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- '*.c' '*.h' '*.sh' '*.md' '*.mk' Makefile ':!tests/check/floors.sh')
[ -z "$hits" ] || say "left open in the text:
$hits"
for f in $(git ls-files '*.c' '*.h'); do
	n=$(wc -l <"$f")
	[ "$n" -le 900 ] || say "$f: $n lines, does it still have one job?"
done
exit $bad
