#!/usr/bin/env bash
# A rolling deploy acted out on one machine: Debian's HAProxy as ingress, 2,000 official clients, 1,000 messages a second,
# and a script in place of the kubelet and the autoscaler. It takes some minutes; docs/operations.md has the results.
# Installs HAProxy as root, or as a user who may sudo.
#
#   scripts/rolling.sh                          rolls state, brokers and workers, then scales brokers 1-5-1
#   scripts/rolling.sh roll --from <commit>     from the package of an earlier commit to this one
#   scripts/rolling.sh --help                   shows all there is
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

[ -d node_modules/socketcluster-client ] || { echo "Cannot run clients: npm ci first" >&2; exit 2; }
PATH="$PATH:/usr/sbin"
if ! command -v haproxy >/dev/null; then
  command -v apt-get >/dev/null || { echo "Cannot install HAProxy: this takes Debian" >&2; exit 2; }
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends haproxy
fi

npm run --silent build
exec npx tsx test/rolling/main.ts "$@"
