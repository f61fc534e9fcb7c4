#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Installs the Debian packages that are missing.  With sudo where not root.
# usage: deps.sh [--all]      --all adds what only "make bench" compares with
set -eu
want="gcc make pkg-config git gettext
libcurl4-openssl-dev libxml2-dev libgumbo-dev libsqlite3-dev libsodium-dev
libssl-dev libzstd-dev libbrotli-dev libdeflate-dev libjansson-dev libpcre2-dev
libseccomp-dev libpsl-dev libidn2-dev zlib1g-dev libcriterion-dev
libgexiv2-dev libavformat-dev libavcodec-dev libavutil-dev libqpdf-dev
libarchive-dev
libzbar-dev libtesseract-dev libleptonica-dev tesseract-ocr-fra
clang clang-tidy libclang-rt-14-dev cppcheck shellcheck strace
minisign age xxd openssl curl zstd unzip python3 mandoc binutils lcov jq"
[ "${1:-}" = --all ] && want="$want wget restic borgbackup python3-bs4
python3-lxml python3-scrapy nginx-light time"
missing=""
for p in $want; do
	s=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
	[ "$s" = installed ] || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
sudo=""
[ "$(id -u)" -eq 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # the list is meant to be split
$sudo apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
	$sudo apt-get update -q >/dev/null
	$sudo apt-get install -y -q --no-install-recommends $missing >/dev/null
}
