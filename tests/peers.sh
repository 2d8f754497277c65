# Sourced by bench.sh: PUBLISH/s beside other brokers, the same neutral load for all, in one run.
# Peers are looked for in $PEERS (a folder with peer.sh), then ../shared/peers; mosquitto on PATH.
# shellcheck shell=bash

bench_peers() {
  local seconds=${1:-10} peers=${PEERS:-$root/../shared/peers} work port name address
  [ -x "$peers/peer.sh" ] || die "no peer.sh in $peers: set PEERS to the folder that has it"
  work=$(mktemp -d)
  local platform="" started=()
  trap 'kill $platform 2>/dev/null || true; for d in "${started[@]}"; do "$peers/peer.sh" stop "$d" 2>/dev/null || true; done; rm -rf "$work"; trap - RETURN' RETURN
  port=$(free_port)
  dotnet "$host" up --no-simulator --no-browser --plain --data "$work/telemetry" --mqtt-port "$port" --http-port 0 >"$work/telemetry.log" 2>&1 &
  platform=$!
  platform_listens "$platform" "$port" "$work/telemetry.log"
  echo "broker connections inflight acked_per_s p50_ms p95_ms p99_ms"
  peer_row() { # NAME ADDRESS CONNECTIONS INFLIGHT
    "$peers/peer.sh" mqttload -addr "$2" -conns "$3" -inflight "$4" -secs "$seconds" |
      node -e 'const o=JSON.parse(require("fs").readFileSync(0,"utf8"));console.log(process.argv.slice(1).join(" "),JSON.stringify(o))' "$1" "$3" "$4"
  }
  for name in mosquitto rumqttd nats; do
    [ "$name" != mosquitto ] || command -v mosquitto >/dev/null || continue
    address=$("$peers/peer.sh" start "$name" "$work/$name")
    started+=("$work/$name")
    peer_row "$name" "$address" 100 10
    peer_row "$name" "$address" 1000 1
    "$peers/peer.sh" stop "$work/$name" 2>/dev/null || true
  done
  peer_row "telemetry (ordinary topics)" "127.0.0.1:$port" 100 10
  peer_row "telemetry (ordinary topics)" "127.0.0.1:$port" 1000 1
  kill -TERM "$platform"
  wait "$platform" 2>/dev/null || true
  platform=""
  echo "telemetry, durable ingest with one reading a PUBLISH (the simulator, then an audit):"
  bench_pipeline --devices 1000 --for "${seconds}s" --rate max
}
