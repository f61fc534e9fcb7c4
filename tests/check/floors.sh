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
	media) echo "media util store parsers crawler" ;;	# a program of its own
	esac
}
for floor in util store parsers crawler cases tools media; do
	hits=$(awk -v floor="$floor" -v may=" $(allow $floor) " '
		/^#[ \t]*include[ \t]*"/ {
			split($0, q, "\"")
			n = index(q[2], "/")
			if (!n)
				printf "%s: include \"%s\" is not written from the root\n", FILENAME, q[2]
			else if (!index(may, " " substr(q[2], 1, n - 1) " "))
				printf "%s: floor %s must not include \"%s\"\n", FILENAME, floor, q[2]
		}' "$floor"/*.[ch])
	[ -z "$hits" ] || say "$hits"
done

# door HEADER-PATTERN FILE-PATTERN: only those files include that library
door() {
	hits=$(grep -lE "^#[ \t]*include[ \t]*<$1" util/*.[ch] store/*.[ch] parsers/*.[ch] \
		crawler/*.[ch] cases/*.[ch] tools/*.[ch] media/*.[ch] media/*/*.[ch] 2>/dev/null | grep -vE "$2")
	[ -z "$hits" ] || say "only $2 may include <$1>: $hits"
}
door 'curl/' '^crawler/fetch\.c$'
door 'gumbo' '^parsers/html\.c$'
door 'sqlite3' '^cases/index[a-z_]*\.[ch]$'
door 'sodium' '^(store/.*|util/secret|util/buf)\.[ch]$|^store/'
door 'libxml/' '^media/docx\.c$|^parsers/(tree|xml|html|profile[a-z_]*|xpathfn|json_tree|post|worker|page[a-z_]*)\.[ch]$'
door 'jansson' '^util/json\.h$'
door 'openssl/' '^(store|crawler|cases)/|^tools/cmd_warc\.c$'
door 'seccomp' '^util/sandbox\.c$'
# Heavy readers of hostile files: mapped only into scelle-media, never where keys are.
door 'gexiv2/|glib' '^media/exif\.c$'
door 'libav' '^media/av\.c$'
door 'qpdf/' '^media/pdf\.c$'
door 'archive' '^media/docx\.c$'
# What looks at pictures: only in scelle-media-sight.
door 'zbar|tesseract/|leptonica/' '^media/sight/sight\.c$'

banned='strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof|system|popen|alloca|mktemp|tmpnam|scanf|sscanf|rand|srand|setjmp|longjmp'
hits=$(grep -nE "(^|[^A-Za-z0-9_.>])($banned)[ ]?\(" util/*.[ch] store/*.[ch] parsers/*.[ch] \
	crawler/*.[ch] cases/*.[ch] tools/*.[ch] media/*.[ch] 2>/dev/null | grep -vE ':[ \t]*(/?\*|//)')
[ -z "$hits" ] || say "banned function:
$hits"
# Only the command line prints.
hits=$(grep -nE '(^|[^A-Za-z0-9_])(printf|puts|putchar|perror)[ ]?\(|fprintf\((stdout|stderr)' util/*.c store/*.c \
	parsers/*.c crawler/*.c cases/*.c media/*.c media/*/*.c 2>/dev/null | grep -vE ':[ \t]*\*')
[ -z "$hits" ] || say "below tools/ nothing prints:
$hits"

# shellcheck disable=SC2046  # no file name here holds a blank
hits=$(awk 'FNR <= 5 && /SPDX-License-Identifier: EUPL-1\.2/ { has[FILENAME] = 1 }
	END { for (i = 1; i < ARGC; i++) if (!has[ARGV[i]]) print ARGV[i] ": no SPDX line" }' \
	$(git ls-files '*.c' '*.h' '*.sh' 'Makefile' '*.mk' '*.profile' '.ci/run' '*.po'))
[ -z "$hits" ] || say "$hits"
hits=$(git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- '*.c' '*.h' '*.sh' '*.md' '*.mk' Makefile ':!tests/check/floors.sh')
[ -z "$hits" ] || say "left open in the text:
$hits"
# shellcheck disable=SC2046
hits=$(awk '{ n[FILENAME]++ }
	END { for (f in n) if (n[f] > 900) print f ": " n[f] " lines, does it still have one job?" }' \
	$(git ls-files '*.c' '*.h'))
[ -z "$hits" ] || say "$hits"
exit $bad
