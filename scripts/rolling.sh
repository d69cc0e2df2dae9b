#!/usr/bin/env bash
# A rolling deploy acted out: a cluster behind HAProxy is rolled, pod by pod, and its brokers are scaled, under traffic of
# 2,000 official clients; then once more from the release of an earlier commit to this one.
#
# As root on Debian: it installs haproxy if there is none. Takes some five minutes.
#
#   scripts/rolling.sh [commit to roll from; without one that part is left out] [more options: npm run rolling -- --help]
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v haproxy >/dev/null; then
  if [ "$(id -u)" -ne 0 ]; then echo "Cannot install haproxy: this takes root" >&2; exit 2; fi
  command -v apt-get >/dev/null || { echo "Cannot install haproxy: this takes Debian" >&2; exit 2; }
  apt-get update -qq && apt-get install -y -qq --no-install-recommends haproxy
fi
[ -d node_modules/tsx ] || { echo "Cannot run: npm ci first" >&2; exit 2; }

from="${1-}"
[ $# -eq 0 ] || shift
npm run rolling -- "$@"
if [ -n "$from" ]; then npm run rolling -- roll --from "$from" "$@"; fi
