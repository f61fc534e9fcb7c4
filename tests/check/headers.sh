#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Each header compiles alone.  usage: headers.sh CC FLAGS...
set -u
bad=0
for h in util/*.h store/*.h parsers/*.h crawler/*.h cases/*.h tools/*.h; do
	[ -e "$h" ] || continue
	if ! printf '#include "%s"\nextern int not_empty;\n' "$h" |
	     "$@" -x c -fsyntax-only -; then
		echo "$h does not compile alone"; bad=1
	fi
done
exit $bad
