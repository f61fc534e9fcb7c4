#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# The unit tests under sanitizers.  Reports go to files: a leak noticed as a
# test process ends does not change the runner's exit status.
set -u
dir=${TMPDIR:-/tmp}/scelle-asan.$$
mkdir -p "$dir"
export ASAN_OPTIONS="log_path=$dir/asan:detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="log_path=$dir/ubsan:print_stacktrace=1"
export LSAN_OPTIONS="suppressions=$PWD/tests/check/lsan.txt:print_suppressions=0"
make --no-print-directory MODE=asan unit
rc=$?
n=$(find "$dir" -type f | wc -l)
if [ "$n" -ne 0 ]; then
	echo "sanitizers reported $n times; the first:"
	find "$dir" -type f | sort | head -1 | xargs head -40
	rc=1
fi
rm -rf "$dir"
exit $rc
