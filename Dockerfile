# One image for all processes of a cluster: its argument says which.
#
#   docker build -t sccluster .
#   docker run sccluster state | broker | worker [module]
#
# An application has an image of its own: FROM sccluster, COPY to /scc/app, CMD ["worker", "app.js"]
# (docs/operations.md).
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc LICENSE ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
# What runs needs neither types nor the maps to their sources.
RUN npm run build \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && find dist node_modules -type f \( -name '*.map' -o -name '*.d.ts' \) -delete
COPY public ./public
COPY templates ./templates

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION
LABEL org.opencontainers.image.title="sccluster" \
  org.opencontainers.image.description="Realtime pub/sub over any number of machines: scc-state, scc-broker and scc-worker" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
# The first process of a container is deaf to signals that it has no handler for yet: without an init, SIGTERM in the first
# moments of Node.js would be lost, and the container killed at the end of its grace period.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
ENV NODE_ENV=production
# Half of the container's memory for V8's heap, whatever its limit is; buffers and sockets are beside it. What brokers hold
# by default follows from it (docs/operations.md, Memory). Node.js by
# itself takes 256 MB where the limit is below 512 MB.
ENV NODE_OPTIONS=--max-old-space-size-percentage=50
# Above /scc/app, so that an application there finds the package and what it depends on.
COPY --from=build /build/node_modules /scc/node_modules
COPY --from=build /build/package.json /build/LICENSE /scc/node_modules/sccluster/
COPY --from=build /build/dist /scc/node_modules/sccluster/dist
COPY --from=build /build/public /scc/node_modules/sccluster/public
COPY --from=build /build/templates /scc/node_modules/sccluster/templates
RUN ln -s /scc/node_modules/sccluster/dist/cli/main.js /usr/local/bin/scc
WORKDIR /scc/app
# A number, so that Kubernetes can see that it is not root.
USER 1000:1000
# scc-state, scc-worker, scc-broker, and the metrics of each
EXPOSE 7777 8000 8888 8777 9000 9888
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["scc", "health"]
# Signals reach scc itself, which no shell and no npm stands before. Ended by one before it serves (143) is ended well.
ENTRYPOINT ["tini", "-e", "143", "--", "scc"]
CMD ["worker"]
