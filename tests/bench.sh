# Sourced by ./telemetry: benchmarks.
# shellcheck shell=bash

bench_help() {
  cat <<'H'
./telemetry bench micro [FILTER]       BenchmarkDotNet classes, all or those matching FILTER
./telemetry bench pipeline [OPTIONS]   the whole platform at full speed, then an audit
    --devices N (1000)  --readings-per-publish N (1)  --for TIME (30s)  --rate R (max)
./telemetry bench peers [SECONDS]      PUBLISH/s beside mosquitto and, where PEERS points to them, NATS and rumqttd
./telemetry bench mqtt [SECONDS] [FILTER]
                                       the broker beside mosquitto and MQTTnet's server with PUBACK after an fsync: QoS, fan-in and fan-out, TLS,
                                       retained, shared, memory of idle connections, a storm of reconnects; FILTER takes rows by name
./telemetry bench kafka [SECONDS] [speed|losses]
                                       roles apart over Kafka beside the embedded pipeline and mosquitto + Telegraf + Kafka; and with kills
./telemetry bench spike [FACTOR]       roles apart over Kafka at 10 M readings/h, FACTOR (6) times that for 20 s: how lag comes back
./telemetry bench rollups              readings/s and CPU of the rollups' INSERTs by the sink and by the engine's views, beside raw
./telemetry bench simulator [SECONDS]  CPU and memory of the simulator's process: 10,000 devices at 10 M readings/h, 500 at full speed
./telemetry bench store-bytes [DEVICES] [DAYS] [trials]
                                       bytes a reading by column for four data sets (30 devices, 28 days) beside the entropy of the data; trials: other codecs too
./telemetry bench writes [SECONDS] [RATE] [UP_OPTION...]
                                       bytes written to disk for each reading, files, and parts by table, at a steady rate (310 s, 10M/h)
./telemetry bench queries [OPTIONS]     fills a store and asks it over the API: p50 and p99 of each question with 1 and 16 clients; the store is deleted afterwards
    --readings N (100000000)  --devices N (1000)  --sensors N (10)  --seconds N (10): for each line  --data DIR: kept, and asked again when it is there
    --hours N: only the newest hours  --only TEXT: only questions with it in their name
./telemetry bench store-peers [READINGS] [DEVICES]
                                       the same readings and questions (10 million, 1,000 devices) beside SQLite, PostgreSQL and InfluxDB, as far as they are installed
./telemetry bench kafka-producer       records/s and time to acknowledgement by compression, linger and batch size
./telemetry bench kafka-transactions   what transactions add to the time of a record, by commit interval
    --kafka HOST:PORT                  for these two: a cluster of yours instead of one broker of our own
H
}

bench_pipeline() {
  local devices=1000 batch=1 time=30s rate=max data
  while [ $# -gt 0 ]; do
    case $1 in
      --devices) devices=$2; shift 2 ;;
      --readings-per-publish) batch=$2; shift 2 ;;
      --for) time=$2; shift 2 ;;
      --rate) rate=$2; shift 2 ;;
      *) bench_help >&2; usage "unknown option $1" ;;
    esac
  done
  data=$(mktemp -d)
  dotnet "$host" up --data "$data" --for "$time" --devices "$devices" --rate "$rate" --readings-per-publish "$batch" \
    --mqtt-port 0 --http-port 0 --no-browser --plain --report "$data/report.json" >&2
  dotnet "$host" audit --data "$data" --json
  cat "$data/report.json"
  rm -rf "$data"
}

platform_listens() { # PID PORT LOG: waits until the process takes connections; LOG is shown when it ends before
  until (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; do
    kill -0 "$1" 2>/dev/null || { cat "$3" >&2; die "the platform ended"; }
    sleep 0.2
  done
}

bench_simulator() ( # [SECONDS]
  local seconds=${1:-30} work port platform=
  work=$(mktemp -d)
  trap 'kill $platform 2>/dev/null; wait $platform 2>/dev/null; rm -rf "$work"' EXIT
  dotnet build "$root/tests/Telemetry.Benchmarks" -c Release --nologo -v q >&2
  port=$(free_port)
  dotnet "$host" up --no-simulator --no-browser --plain --data "$work/telemetry" --mqtt-port "$port" --http-port 0 >"$work/telemetry.log" 2>&1 &
  platform=$!
  platform_listens "$platform" "$port" "$work/telemetry.log"
  dotnet "$root/artifacts/bin/Telemetry.Benchmarks/release/Telemetry.Benchmarks.dll" simulator "127.0.0.1:$port" "$seconds"
)

bench_queries() ( # [OPTIONS]
  readings=100000000 devices=1000 sensors=10 hours=0 seconds=10 only="" data="" work="" platform=""
  while [ $# -gt 0 ]; do
    case $1 in
      --readings) readings=$2; shift 2 ;;
      --devices) devices=$2; shift 2 ;;
      --sensors) sensors=$2; shift 2 ;;
      --hours) hours=$2; shift 2 ;;
      --only) only=$2; shift 2 ;;
      --seconds) seconds=$2; shift 2 ;;
      --data) data=$2; shift 2 ;;
      *) bench_help >&2; usage "unknown option $1" ;;
    esac
  done
  [ -n "$data" ] || { data=$(mktemp -d); work=$data; }
  trap 'kill $platform 2>/dev/null; wait $platform 2>/dev/null; [ -z "$work" ] || rm -rf "$work"' EXIT
  bench=$root/artifacts/bin/Telemetry.Benchmarks/release/Telemetry.Benchmarks.dll
  dotnet build "$root/tests/Telemetry.Benchmarks" -c Release --nologo -v q >&2
  [ -d "$data/clickhouse" ] || dotnet "$bench" queries-fill "$data" "$readings" "$devices" "$sensors" "$hours"
  port=$(free_port)
  dotnet "$host" up --no-simulator --no-browser --plain --data "$data" --mqtt-port 0 --http-port "$port" --set Audit:Interval=0 >"$data/platform.log" 2>&1 &
  platform=$!
  platform_listens "$platform" "$port" "$data/platform.log"
  dotnet "$bench" queries-ask "http://127.0.0.1:$port" "$devices" "$sensors" "$seconds" "$only"
)

run_bench() {
  local argument
  for argument in "${@:-help}"; do
    case $argument in help|-h|--help) bench_help; return 0 ;; esac
  done
  setup
  raise_file_limit
  case $1 in
    micro)
      shift
      dotnet build "$root/tests/Telemetry.Benchmarks" -c Release --nologo -v q >&2
      (cd "$root/artifacts" && dotnet "$root/artifacts/bin/Telemetry.Benchmarks/release/Telemetry.Benchmarks.dll" --filter "*${1:-}*")
      ;;
    pipeline) shift; bench_pipeline "$@" ;;
    peers) shift; . "$root/tests/peers.sh"; bench_peers "$@" ;;
    mqtt) shift; . "$root/tests/mqtt-bench.sh"; bench_mqtt "$@" ;;
    rollups)
      dotnet build "$root/tests/Telemetry.Benchmarks" -c Release --nologo -v q >&2
      dotnet "$root/artifacts/bin/Telemetry.Benchmarks/release/Telemetry.Benchmarks.dll" rollups
      ;;
    simulator) shift; bench_simulator "$@" ;;
    store-bytes)
      shift
      dotnet build "$root/tests/Telemetry.Benchmarks" -c Release --nologo -v q >&2
      dotnet "$root/artifacts/bin/Telemetry.Benchmarks/release/Telemetry.Benchmarks.dll" store-bytes "${1:-30}" "${2:-28}" "${@:3}"
      ;;
    queries) shift; bench_queries "$@" ;;
    store-peers) shift; . "$root/tests/store-peers.sh"; bench_store_peers "$@" ;;
    writes) shift; . "$root/tests/writes-bench.sh"; bench_writes "$@" ;;
    spike) shift; . "$root/tests/kafka-bench.sh"; bench_spike "$@" ;;
    kafka-producer|kafka-transactions) . "$root/tests/kafka-bench.sh"; bench_clients "$@" ;;
    kafka) shift; . "$root/tests/kafka-bench.sh"; bench_kafka "$@" ;;
    *) bench_help >&2; usage "unknown benchmark $1" ;;
  esac
}
