# The runtime as an image: compiled JavaScript, FFmpeg from Alpine, no shell scripts, no root user.
#   docker build -t sluice .                   the runtime
#   docker build -t sluice-setup --target setup .   the same with MinIO's client, for `sluice setup`

# The base image with Node; set another registry or mirror here.
ARG NODE_IMAGE=node:20-alpine
# The image that provides `mc`: the last published one, or the one built by infra/minio/Dockerfile.
ARG MC_IMAGE=quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z@sha256:a7fe349ef4bd8521fb8497f55c6042871b2ae640607cf99d9bede5e9bdf11727

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.image.json ./
COPY functions functions
COPY runtime runtime
COPY infra/grafana/init infra/grafana/init
# Compiled, since tsx took a quarter of the start and of each turn. The scripts for Redis and the console's pages are copied.
RUN npx tsc -p tsconfig.image.json --outDir out \
  && cp -r runtime/queue/scripts out/runtime/queue/ \
  && cp -r runtime/console/assets out/runtime/console/ \
  && cp package.json out/ \
  && chmod +x out/runtime/main.js

# Runtime dependencies, built beside the stage above. The optional packages are FFmpeg builds, and Alpine has its own.
FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/tsx node_modules/esbuild node_modules/@esbuild node_modules/.bin

FROM ${MC_IMAGE} AS mc

FROM ${NODE_IMAGE} AS runtime
# No version is pinned: Alpine keeps only the newest of each branch, so a pinned one would soon be missing.
# setpriv: BusyBox's own cannot make FFmpeg die with its worker.
# hadolint ignore=DL3018
RUN apk add --no-cache ffmpeg setpriv tini \
  && mkdir -p /scratch \
  && ln -s /app/runtime/main.js /usr/local/bin/sluice \
  && chmod 1777 /scratch
ENV NODE_ENV=production \
    FFMPEG_PATH=/usr/bin/ffmpeg \
    FFPROBE_PATH=/usr/bin/ffprobe \
    SLUICE_SCRATCH_DIR=/scratch
WORKDIR /app
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/out ./
# All files in the image belong to root, so that an intruder cannot change them.
USER 1000:1000
VOLUME /scratch
EXPOSE 8080 8082 1935
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.SLUICE_API_PORT || 8080) + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# tini forwards signals and reaps FFmpeg processes whose parent is gone.
ENTRYPOINT ["/sbin/tini", "--", "sluice"]
CMD ["start"]

# MinIO's client creates the users in MinIO; the runtime has neither the client nor the account that may do so.
FROM runtime AS setup
COPY --from=mc /usr/bin/mc /usr/local/bin/mc
CMD ["setup"]

# The default.
FROM runtime
