# syntax=docker/dockerfile:1.10
# Two images from one build:
#   docker build --target telemetry -t telemetry:0.1.0 .            every role over Kafka and a ClickHouse server (about 130 MB)
#   docker build --target telemetry-embedded -t telemetry:0.1.0-embedded .   adds the ClickHouse engine for `up` (about 650 MB)
# No shell in either: the health check is a command of the executable.
ARG SDK_TAG=10.0.401-noble
ARG RUNTIME_TAG=10.0.12-noble-chiseled
ARG NODE_TAG=22.20.0-bookworm-slim
# What deploy/version.sh prints, for a release: --build-arg VERSION=$(deploy/version.sh)
ARG VERSION=0.1.0

# The console: TypeScript to static files, the same on every architecture.
FROM --platform=$BUILDPLATFORM node:${NODE_TAG} AS console
WORKDIR /src
COPY storage/console/package.json storage/console/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund --loglevel=error
COPY storage/console/ ./
RUN npm run build

# The ClickHouse engine for the embedded image.
FROM node:${NODE_TAG} AS engine
WORKDIR /src
COPY storage/engine/package.json storage/engine/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund --loglevel=error \
    && mkdir /engine && cp node_modules/@chdb/*/libchdb.so /engine/

# The executable, compiled on the builder's architecture for the target's.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:${SDK_TAG} AS build
ARG TARGETARCH=amd64
ARG VERSION
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /src
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY common/ common/
COPY edge/ edge/
COPY bridge/ bridge/
COPY processing/ processing/
COPY storage/ storage/
COPY simulator/ simulator/
COPY operations/ operations/
COPY host/ host/
# Packages stay in the builder's cache whatever changes in the sources.
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet restore host/Telemetry.Host/Telemetry.Host.csproj -a $TARGETARCH -p:UseAppHost=false
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet publish host/Telemetry.Host/Telemetry.Host.csproj -c Release -a $TARGETARCH --no-restore --self-contained false -p:UseAppHost=false -p:RunAnalyzers=false -p:Version=$VERSION -o /app
# /data will belong to the user.
RUN mkdir /data

FROM mcr.microsoft.com/dotnet/aspnet:${RUNTIME_TAG} AS telemetry
ARG VERSION
LABEL org.opencontainers.image.title="Telemetry" \
      org.opencontainers.image.description="Edge, processing, storage, query and simulator of the Telemetry platform in one executable" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
# The root file system may be read-only: no diagnostics pipe, data and ledger under /data.
ENV DOTNET_EnableDiagnostics=0 \
    TELEMETRY__DATA=/data \
    TELEMETRY__HTTP__ADDRESS=0.0.0.0 \
    TELEMETRY__HTTP__PORT=8080 \
    TELEMETRY__LOGGING__FORMAT=Json
COPY --from=build /app /app
COPY --from=console /src/dist /app/console
COPY --from=build --chown=1654:1654 /data /data
WORKDIR /data
USER 1654:1654
EXPOSE 1883 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["dotnet", "/app/telemetry.dll", "healthcheck"]
ENTRYPOINT ["dotnet", "/app/telemetry.dll"]
CMD ["--help"]

FROM telemetry AS telemetry-embedded
COPY --from=engine /engine /app/engine
ENV TELEMETRY_LIBCHDB=/app/engine/libchdb.so
VOLUME ["/data"]
CMD ["up", "--no-simulator"]
