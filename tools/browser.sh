#!/usr/bin/env bash
# Installs what the tests of pages take, as far as this machine lets it; those tests skip without.
#
#     tools/browser.sh VENV
set -uo pipefail
VENV=$1
AXE=axe-core@4.14.1
SHA256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c # of axe.min.js

if ! command -v chromium > /dev/null && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium) > /dev/null 2>&1
fi
command -v chromium > /dev/null || echo "no Chromium here: tests of pages will be skipped"

if [ ! -f "$VENV/axe/package/axe.min.js" ] && command -v npm > /dev/null; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "$AXE" > /dev/null && tar xzf axe-core-*.tgz)
  if echo "$SHA256  $work/package/axe.min.js" | sha256sum --check --status 2> /dev/null; then
    mkdir -p "$VENV/axe" && cp -r "$work/package" "$VENV/axe/"
  fi
fi
[ -f "$VENV/axe/package/axe.min.js" ] || echo "no axe-core here: its checks will be skipped"
