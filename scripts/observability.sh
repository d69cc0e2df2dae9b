#!/usr/bin/env bash
# Tries the alert rules and the dashboard's queries with Debian's Prometheus: checks the rules, lets every alert fire,
# and lets a real Prometheus scrape a real cluster. As root, or as a user who may sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

if ! command -v promtool >/dev/null; then
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends prometheus
fi

promtool check rules observability/alerts.yaml
npm run build
SCC_TEST_REQUIRE_ALL=1 npx vitest run --reporter=verbose test/observability test/cluster/observability.test.ts
