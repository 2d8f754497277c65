# Sourced by bench.sh: the pipeline with its roles apart over Kafka, beside the embedded one and beside mosquitto + Telegraf + Kafka,
# in one run; and what each loses when its broker process is killed. Brokers: KAFKA_HOME, else ../shared/kafka; peers: PEERS, else
# ../shared/peers.
# shellcheck shell=bash

# Sets kafka and work, which are gone again when the subshell ends that called it.
bench_work() {
  kafka=${KAFKA_HOME:-$root/../shared/kafka}
  [ -x "$kafka/kafka.sh" ] || die "no kafka.sh in $kafka: set KAFKA_HOME to the folder that has it"
  work=$(mktemp -d)
  trap '"$kafka/kafka.sh" destroy "$work/kafka" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
}

# Roles apart on the data of DATA, in the background; sets pid.
bench_up() { # BOOTSTRAP DATA OPTIONS...
  local bootstrap=$1 data=$2
  shift 2
  dotnet "$host" up --kafka "$bootstrap" --roles-apart --data "$data" "$@" \
    --mqtt-port 0 --http-port 0 --no-browser --plain --report "$data.json" >"$data.log" 2>&1 &
  pid=$!
}

bench_until_ready() { # DATA
  until node -e 'const i=JSON.parse(require("fs").readFileSync(process.argv[1]));process.exit(i.ready?0:1)' "$1/instance.json" 2>/dev/null; do
    kill -0 $pid 2>/dev/null || break
    sleep 0.5
  done
}

bench_wait() { # DATA: for the end of bench_up's run
  local code=0
  wait $pid || code=$?
  [ $code -eq 0 ] || { tail -20 "$1.log" >&2; echo "ended with code $code"; }
}

bench_counts() { # BOOTSTRAP DATA: audit and report of a run that has ended
  { dotnet "$host" audit --kafka "$1" --data "$2" --json 2>/dev/null || true; echo; cat "$2.json" 2>/dev/null || true; } | bench_figures
}

bench_clients() ( # kafka-producer|kafka-transactions [--kafka HOST:PORT]
  bench_work
  local what=$1 bootstrap=
  shift
  case ${1:-} in
    --kafka) bootstrap=${2:?--kafka needs HOST:PORT} ;;
    "") bootstrap=$("$kafka/kafka.sh" start "$work/kafka" --brokers 1) ;;
    *) bench_help >&2; usage "unknown option $1" ;;
  esac
  dotnet build "$root/tests/Telemetry.Benchmarks" -c Release --nologo -v q >&2
  dotnet "$root/artifacts/bin/Telemetry.Benchmarks/release/Telemetry.Benchmarks.dll" "$what" "$bootstrap"
)

# Lag of every group each half second, from before the spike until after it.
bench_spike() ( # [FACTOR]
  bench_work
  local factor=${1:-6} bootstrap data=$work/spike pid watch
  bootstrap=$("$kafka/kafka.sh" start "$work/kafka" --brokers 1)
  bench_up "$bootstrap" "$data" --devices 1000 --rate 10M/h --for 90s --burst "$factor" --burst-after 30s --burst-for 20s
  bench_until_ready "$data"
  dotnet "$host" lag --kafka "$bootstrap" --watch --json --set Lag:SampleInterval=500ms >"$work/lag.jsonl" 2>"$work/lag.err" &
  watch=$!
  bench_wait "$data"
  kill -TERM $watch 2>/dev/null || true
  wait $watch 2>/dev/null || true
  node "$root/tests/spike.mjs" "$work/lag.jsonl"
  bench_counts "$bootstrap" "$data"
)

bench_kafka() ( # [SECONDS] [speed|losses]
  local seconds=${1:-20} what=${2:-all} peers=${PEERS:-$root/../shared/peers} glue=
  case $what in all|speed|losses) ;; *) bench_help >&2; usage "unknown part $what: speed or losses" ;; esac
  bench_work
  [ ! -x "$peers/peer.sh" ] || ! command -v mosquitto >/dev/null || glue=yes
  [ "$what" = losses ] || bench_speed
  [ "$what" = speed ] || bench_losses
)

bench_speed() {
  local batch rate
  for batch in 1 50; do
    rate=$([ "$batch" = 1 ] && echo max || echo 300k/s)
    echo "## embedded, $batch reading(s) a PUBLISH"
    bench_pipeline --devices 500 --readings-per-publish "$batch" --for "${seconds}s" --rate "$rate" | bench_figures
    echo "## roles apart over one Kafka broker, $batch reading(s) a PUBLISH"
    bench_apart "$batch" "$rate" "$seconds" no
  done
  if [ -n "$glue" ]; then
    echo "## mosquitto + Telegraf + Kafka, one JSON reading a PUBLISH, as fast as acknowledged"
    bench_glue 0 "$seconds" no
  fi
}

bench_losses() {
  echo "## roles apart, edge process killed (SIGKILL) in the middle, 10,000 readings/s"
  bench_apart 1 10000/s "$seconds" kill
  echo "## roles apart, Kafka away for 6 s and then the edge process killed (SIGKILL), 10,000 readings/s"
  bench_apart 1 10000/s "$seconds" away
  if [ -n "$glue" ]; then
    echo "## mosquitto + Telegraf + Kafka, mosquitto killed (SIGKILL) in the middle, 10,000 readings/s"
    bench_glue 10000 "$seconds" kill
    echo "## the same, Kafka away for 6 s and then mosquitto killed (SIGKILL), 10,000 readings/s"
    bench_glue 10000 "$seconds" away
  fi
}

# The figures of a report and of an audit, a line each.
bench_figures() {
  node -e '
    const text = require("fs").readFileSync(0, "utf8");
    for (const part of text.split(/\n(?=\{)/)) {
      let o; try { o = JSON.parse(part); } catch { continue; }
      if ("unexplained" in o) console.log("audit", JSON.stringify({ acked: o.acked, log: o.log, raw: o.raw, lost: o.lost, doubled: o.doubled, unexplained: o.unexplained }));
      else console.log("run", JSON.stringify(o));
    }'
}

bench_apart() { # READINGS_PER_PUBLISH RATE SECONDS KILL
  local bootstrap data=$work/apart pid
  "$kafka/kafka.sh" destroy "$work/kafka" >/dev/null 2>&1 || true
  rm -rf "$data"
  bootstrap=$("$kafka/kafka.sh" start "$work/kafka" --brokers 1)
  bench_up "$bootstrap" "$data" --devices 500 --readings-per-publish "$1" --rate "$2" --for "${3}s"
  if [ "$4" != no ]; then
    bench_until_ready "$data"
    sleep $(($3 / 2))
    bench_away "$4"
    kill -9 "$(node -p 'const i=JSON.parse(require("fs").readFileSync(process.argv[1]));i.roles.find(r=>/^edge(-1)?$/.test(r.name)).pid' "$data/instance.json")"
    bench_back "$4"
  fi
  bench_wait "$data"
  bench_counts "$bootstrap" "$data"
}

bench_away() { # KILL: Kafka stands still for 6 s when that is "away"
  [ "$1" != away ] || { "$kafka/kafka.sh" pause "$work/kafka" 1 >/dev/null; sleep 6; }
}

bench_back() { # KILL
  [ "$1" != away ] || "$kafka/kafka.sh" resume "$work/kafka" 1 >/dev/null
}

bench_glue() { # RATE SECONDS KILL
  local bootstrap broker arrived acked
  "$kafka/kafka.sh" destroy "$work/kafka" >/dev/null 2>&1 || true
  rm -rf "$work/mosquitto" "$work/telegraf"
  bootstrap=$("$kafka/kafka.sh" start "$work/kafka" --brokers 1 --set auto.create.topics.enable=true --set num.partitions=4)
  echo '{"v":21.5,"seq":1}' >"$work/payload"
  broker=$("$peers/peer.sh" start mosquitto "$work/mosquitto")
  "$peers/peer.sh" start telegraf "$work/telegraf" "$broker" "$bootstrap"
  if [ "$3" != no ]; then
    (sleep $(($2 / 2)); bench_away "$3"; "$peers/peer.sh" kill "$work/mosquitto"; bench_back "$3") &
  fi
  "$peers/peer.sh" mqttload -addr "$broker" -conns 100 -inflight 10 -rate "$1" -secs "$2" -payload "$work/payload" >"$work/load.json" 2>/dev/null || true
  sleep 8 # What Telegraf still has on its way.
  arrived=$("$kafka/kafka.sh" get-offsets "$work/kafka" 2>/dev/null | grep -v '^__' | awk -F: '{s+=$3} END {print s+0}')
  acked=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1],"utf8")).acked' "$work/load.json" 2>/dev/null || echo 0)
  echo "glue $(tr -d '\n' <"$work/load.json") acked=$acked in_kafka=$arrived difference=$((acked - arrived))"
  for peer in telegraf mosquitto; do "$peers/peer.sh" stop "$work/$peer" 2>/dev/null || true; done
}
