#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Each header compiles alone.  usage: headers.sh CC FLAGS...
set -u
# shellcheck disable=SC2016  # expanded by the inner shell
printf '%s\n' util/*.h store/*.h parsers/*.h crawler/*.h cases/*.h tools/*.h media/*.h |
xargs -P 2 -I{} sh -c 'h=$1; shift
	printf "#include \"%s\"\nextern int not_empty;\n" "$h" |
	"$@" -x c -fsyntax-only - || { echo "$h does not compile alone"; exit 1; }' sh {} "$@"
