#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# clang-tidy over the files named on stdin, one at a time: with several in one
# run its va_list check tells of lists it saw in the file before.
# usage: tidy.sh FLAGS...
set -u
# shellcheck disable=SC2016  # expanded by the inner shell
xargs -P 2 -I{} sh -c 'f=$1; shift
	clang-tidy --quiet "$f" -- "$@" 2>/dev/null || {
		echo "clang-tidy: $f"; exit 1; }' sh {} "$@"
