#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# 10,000 mutated pages, and media cut short and mutated many times over.
# HOSTILE_PAGES, HOSTILE_SEED, MEDIA_MUTATIONS: how many, which.
set -u
cd "$(dirname "$0")/../.." || exit 3
export TORTURE=1 HOSTILE_PAGES=${HOSTILE_PAGES:-10000} MEDIA_MUTATIONS=${MEDIA_MUTATIONS:-64}
bad=0
for t in 36-hostile 32-media 35-pictures; do
	echo "== $t"
	bash "tests/cli/$t.sh" || bad=1
done
exit $bad
