#!/usr/bin/env bash
# The image, built and run for real with podman: a cluster of containers with a root file system that is read-only, without
# capabilities, with bounded memory; messages that cross it; SIGTERM; then the same with compose.yaml.
#
# As root on Debian. Installs what it needs of the system, and makes node:24-slim itself where no registry can be reached
# (base-image.sh). Everything it starts it ends; the images stay.
#
#   scripts/containers.sh [directory for downloads; it may be kept]
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES=(podman buildah runc netavark aardvark-dns catatonit containernetworking-plugins iptables debootstrap podman-compose)
MEMORY_MB=512
STATE=17777
BROKERS=(18881 18882)
WORKERS=(18001 18002)
MINE="scc-check-$$"

if [ "$(id -u)" -ne 0 ]; then echo "Cannot run containers: this takes root" >&2; exit 2; fi
command -v apt-get >/dev/null || { echo "Cannot run containers: this takes Debian" >&2; exit 2; }
[ -d node_modules/socketcluster-client ] || { echo "Cannot run the client: npm ci first" >&2; exit 2; }

place="$(mktemp -d)"
failures=0

say() { printf '%s\n' "$*"; }
wrong() { say "  WRONG: $*"; failures=$((failures + 1)); }
# Without systemd podman complains that it cannot time health checks; they are run by hand here.
podman() { command podman --log-level=fatal "$@"; }
quietly() { "$@" >"$place/output" 2>&1 || { cat "$place/output"; return 1; }; }

clean_up() {
  podman ps --all --quiet --filter "label=$MINE" | xargs --no-run-if-empty podman rm --force --time 1 >/dev/null 2>&1 || true
  if [ -e "$place/compose" ]; then
    (cd "$place/compose" && podman-compose --project-name "$MINE" down >/dev/null 2>&1) || true
    podman network rm --force "${MINE}_default" >/dev/null 2>&1 || true
  fi
  rm -rf "$place"
}
trap clean_up EXIT

prepare() {
  if ! command -v podman >/dev/null || ! command -v debootstrap >/dev/null || ! command -v podman-compose >/dev/null; then
    say "Installing ${PACKAGES[*]}"
    quietly apt-get update
    DEBIAN_FRONTEND=noninteractive quietly apt-get install --yes --no-install-recommends "${PACKAGES[@]}"
  fi
  cat >"$place/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=16384:16384"]
[engine]
runtime = "runc"
CONF
  export CONTAINERS_CONF="$place/containers.conf"
  quietly scripts/base-image.sh "${1:-$place}"
}

build() {
  local since=$SECONDS base ours
  quietly podman build --format docker --network=host --tag sccluster .
  base="$(podman image inspect --format '{{.Size}}' node:24-slim)"
  ours="$(podman image inspect --format '{{.Size}}' sccluster)"
  say "Built in $((SECONDS - since)) s: $((ours / 1000000)) MB, of which $(((ours - base) / 1000000)) MB are not the base"
}

# Starts a container as the manifests do. $1 name, then options of podman, then the image and its arguments.
start() {
  local name="$1"
  shift
  podman run --detach --name "$MINE-$name" --label "$MINE" --network=host --read-only --read-only-tmpfs=false \
    --cap-drop=all --security-opt=no-new-privileges --memory "${MEMORY_MB}m" --env SCC_AUTH_KEY=key \
    --env SCC_METRICS_PORT=0 "$@" >/dev/null
}

member=(--env SCC_STATE_SERVER_HOST=127.0.0.1 --env SCC_STATE_SERVER_PORT=$STATE --env SCC_INSTANCE_IP=127.0.0.1)

# Waits until the service in a container says that it is ready. $1 name, $2 port.
ready() {
  local deadline=$((SECONDS + 60))
  until podman exec "$MINE-$1" scc health "http://localhost:$2/readyz" >"$place/health" 2>&1; do
    if [ $SECONDS -gt $deadline ]; then
      podman logs "$MINE-$1"
      wrong "$1 is not ready after 60 s: $(cat "$place/health")"
      exit 1
    fi
    sleep 0.2
  done
}

cluster() {
  say "A cluster of containers: read-only, no capabilities, $MEMORY_MB MB each"
  local n
  for n in 0 1; do
    start "worker-$n" "${member[@]}" --env SOCKETCLUSTER_PORT="${WORKERS[$n]}" sccluster
    start "broker-$n" "${member[@]}" --env SCC_BROKER_SERVER_PORT="${BROKERS[$n]}" sccluster broker
  done
  start state --env SCC_STATE_SERVER_PORT=$STATE sccluster state
  ready state $STATE
  for n in 0 1; do ready "broker-$n" "${BROKERS[$n]}"; ready "worker-$n" "${WORKERS[$n]}"; done
  node scripts/crosses.mjs "${WORKERS[@]}" || wrong "no message crosses"
}

rights() {
  local name="$MINE-worker-0"
  say "  user $(podman exec "$name" id -u), capabilities $(podman exec "$name" sed -n 's/^CapEff:\t//p' /proc/1/status)," \
    "first process: $(podman exec "$name" sed 's/\x0/ /g' /proc/1/cmdline)"
  [ "$(podman exec "$name" id -u)" = 1000 ] || wrong "the user is not 1000"
  podman exec "$name" grep -q '^CapEff:.0000000000000000$' /proc/1/status || wrong "it has capabilities"
  if podman exec "$name" sh -c 'echo x >/scc/app/x' 2>/dev/null; then wrong "it can write"; fi
  local heap
  heap="$(podman exec "$name" node -p 'Math.round(v8.getHeapStatistics().heap_size_limit / 2 ** 20)')"
  say "  heap limit $heap MB of $MEMORY_MB MB"
  [ "$heap" -le $((MEMORY_MB * 6 / 10)) ] || wrong "the heap may take more than the container has"
  say "  memory: $(podman stats --no-stream --format '{{.Name}} {{.MemUsage}};' | grep "$MINE" | sed "s/$MINE-//" | tr '\n' ' ')"
}

# The image's own health check, in a network of the container's own, where one port is the service's.
health() {
  say "The image's health check"
  podman run --detach --name "$MINE-health" --label "$MINE" --network=none sccluster state >/dev/null
  ready health 7777
  quietly podman healthcheck run "$MINE-health" || wrong "a healthy scc-state is unhealthy"
  podman exec "$MINE-health" sh -c 'kill -STOP $(cat /proc/1/task/1/children)'
  if podman healthcheck run "$MINE-health" >/dev/null 2>&1; then wrong "a frozen scc-state is healthy"; fi
  podman rm --force --time 1 "$MINE-health" >/dev/null
}

# $1 name, $2 the grace period in seconds. Says how long it took and how it ended.
stop() {
  local since code
  since="$(date +%s%N)"
  podman stop --time "$2" "$MINE-$1" >/dev/null
  code="$(podman inspect --format '{{.State.ExitCode}}' "$MINE-$1")"
  say "  $1: exit code $code after $((($(date +%s%N) - since) / 1000000)) ms"
  [ "$code" = 0 ] || { podman logs --tail 5 "$MINE-$1"; wrong "$1 ended with $code"; }
}

stops() {
  say "SIGTERM"
  local name
  for name in worker-0 broker-0 worker-1 broker-1 state; do stop "$name" 30; done
  say "SIGTERM at once after the start"
  local n
  for n in 1 2 3 4 5; do
    start "early-$n" --env SCC_STATE_SERVER_PORT=$STATE sccluster state
    stop "early-$n" 10
  done
}

# An application in an image of its own, as docs/operations.md has it.
application() {
  say "FROM sccluster"
  mkdir "$place/application"
  cat >"$place/application/app.js" <<'JS'
import { AGServer } from "sccluster";
import { create } from "socketcluster-client";
export default ({ server }) => process.stdout.write(`application: ${server instanceof AGServer} ${typeof create}\n`);
JS
  printf '{"type":"module"}\n' >"$place/application/package.json"
  printf 'FROM sccluster\nCOPY package.json app.js ./\nCMD ["worker", "app.js"]\n' >"$place/application/Dockerfile"
  quietly podman build --format docker --tag "$MINE-application" "$place/application"
  start application --env SOCKETCLUSTER_PORT="${WORKERS[0]}" "$MINE-application"
  ready application "${WORKERS[0]}"
  podman logs "$MINE-application" | grep -q '^application: true function$' || wrong "the application did not run"
  stop application 30
  podman rmi --force "$MINE-application" >/dev/null
}

composed() {
  say "compose.yaml, with $(podman-compose --version 2>/dev/null | sed -n 's/^podman-compose.* \([0-9]\)/podman-compose \1/p' | head -n 1)"
  mkdir "$place/compose"
  cp compose.yaml "$place/compose/"
  (cd "$place/compose" && quietly podman-compose --project-name "$MINE" up --detach --no-build) || { wrong "it does not start"; return; }
  local deadline=$((SECONDS + 60)) port
  for port in 8000 8001; do
    until node dist/cli/main.js health "http://127.0.0.1:$port/readyz" >"$place/health" 2>&1; do
      if [ $SECONDS -gt $deadline ]; then wrong "port $port after 60 s: $(cat "$place/health")"; return; fi
      sleep 0.2
    done
  done
  node scripts/crosses.mjs 8000 8001 || wrong "no message crosses"
  (cd "$place/compose" && quietly podman-compose --project-name "$MINE" down) || { wrong "it does not stop"; return; }
  rm -rf "$place/compose"
  podman network rm --force "${MINE}_default" >/dev/null
}

prepare "$@"
build
cluster
rights
stops
health
application
composed
if [ "$failures" -gt 0 ]; then say "$failures wrong"; exit 1; fi
say "All is well"
