# Sourced by ./telemetry: faults under load, then an audit.
# shellcheck shell=bash

chaos_help() {
  cat <<'H'
./telemetry chaos [OPTIONS]            seeded faults on a cluster of roles over Kafka, then an audit; one schedule a seed
    --schedules N (1)  --seed S (1)    seeds S, S+1, ...: the same seed, the same faults
    --length 25s  --faults N           length of the faults of each schedule, and how many (default: drawn)
    --only NAME[,NAME...]              kinds of faults to draw from: kill-store,pause,drop-clickhouse,... (default: all)
    --list                             prints the schedules and plays nothing
    --devices N (50)  --rate R (1000/s)
    --edges N (2) --processes N (2) --stores N (2) --brokers 1|3 (3)
    --data DIR  --report FILE  --json  a failed schedule keeps its data and logs; FILE takes the report as JSON
Brokers come from KAFKA_HOME (a folder with kafka.sh) or ../shared/kafka; with TELEMETRY_KAFKA=host:port that cluster is used and
faults of brokers are skipped by name. It must have no topics telemetry.* yet: each schedule makes its own and deletes them.

./telemetry chaos --single [--kills N] [--devices N] [--rate R] [--readings-per-publish N] [--out-of-order SHARE] [--data DIR] [--seed S] [--min S] [--max S]
    Without Kafka: runs the simulator against the one-process platform and kills that process (SIGKILL) N times at random
    moments, restarting it on its data each time; then stops in good order and audits. --kills alone means --single too.
    100 devices at 10M/h have 28 publishes a second each, a tenth of them overtaken: the window of the ledger, 256 publishes, goes
    round several times between the kills.

Both end with code 0 only when nothing acknowledged was lost and nothing was stored twice, in raw and in every rollup.
H
}

run_chaos() {
  local argument single=
  for argument in "$@"; do
    case $argument in
      -h|--help) chaos_help; return 0 ;;
      --single|--kills) single=1 ;;
    esac
  done
  setup
  raise_file_limit
  if [ -n "$single" ]; then chaos_single "$@"; else chaos_cluster "$@"; fi
}

chaos_cluster() {
  step chaos-$configuration "$(sources) $(fingerprint "$root/tests/Telemetry.Chaos" "$root/tests/Telemetry.Testing")" \
    "Building the chaos runner" \
    dotnet build "$root/tests/Telemetry.Chaos/Telemetry.Chaos.csproj" -c "$configuration" --nologo -v q
  local register runner pid code=0
  register=$(mktemp)
  runner=$root/artifacts/bin/Telemetry.Chaos/$(tr '[:upper:]' '[:lower:]' <<<"$configuration")/Telemetry.Chaos.dll
  KAFKA_HEAP=${KAFKA_HEAP:-256m} dotnet "$runner" --host "$host" --register "$register" "$@" &
  pid=$!
  # Asked to end, the runner ends what it started; should it be killed itself, the sweep does.
  trap 'kill -TERM $pid 2>/dev/null || true' INT TERM HUP
  while kill -0 "$pid" 2>/dev/null; do
    code=0
    wait "$pid" || code=$?
  done
  trap - INT TERM HUP
  chaos_sweep "$register"
  return $code
}

chaos_sweep() { # FILE: lines "pid starttime name"; /proc/PID/stat has the state as its 3rd field, the start time as its 22nd
  local pid started name stat
  [ -f "$1" ] || return 0
  while read -r pid started name; do
    read -r -a stat < <(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || continue
    if [ "${stat[0]}" != Z ] && [ "${stat[19]}" = "$started" ]; then
      say "ending $name ($pid), left by the chaos runner"
      kill -9 "$pid" 2>/dev/null || true
    fi
  done <"$1"
  rm -f "$1"
}

# Part of ./telemetry test: a short set that kills each role and a broker, pauses a store beyond its session and takes ClickHouse
# away; and an interrupted run that must leave nothing behind.
chaos_checks() {
  local home=${KAFKA_HOME:-$root/../shared/kafka} seeds=2 data log=$stamps/chaos.log good=0
  if [ ! -f "$home/kafka.sh" ]; then
    say "skipped: chaos schedules, no Kafka brokers of our own (set KAFKA_HOME to a folder with kafka.sh)"
    count 0 0 $((seeds + 1))
    return
  fi
  say "Running $seeds chaos schedules ..."
  TELEMETRY_KAFKA="" chaos_cluster --seed "$CHAOS_TEST_SEED" --schedules $seeds --faults 4 --length 20s --only "$CHAOS_TEST_FAULTS" >"$log" 2>&1 || true
  good=$(sed -nE 's/^([0-9]+) of [0-9]+ schedules passed.*/\1/p' "$log" | tail -1)
  count "${good:-0}" $((seeds - ${good:-0})) 0
  if [ "${good:-0}" -eq $seeds ]; then say "ok: $(tail -1 "$log")"; else tail -60 "$log" >&2; say "FAILED: chaos schedules"; fi
  data=$(mktemp -d)
  check "chaos: an interrupted run leaves no process and no mount" chaos_interrupted "$data"
  rm -rf "$data"
}

# As many seeds of four faults as play each of these once.
CHAOS_TEST_SEED=1
CHAOS_TEST_FAULTS=kill-edge,kill-process,kill-store,kill-query,kill-broker,kill-clickhouse,pause-store,refuse-clickhouse

commands() { # one line a process
  local file
  for file in /proc/[0-9]*/cmdline; do
    { tr '\0' ' ' <"$file"; echo; } 2>/dev/null || true
  done
}

chaos_interrupted() { # DIR
  local run tries=0
  TELEMETRY_KAFKA="" chaos_cluster --brokers 1 --only kill,fill --data "$1" &
  run=$!
  until grep -q '"Acked"' "$1"/seed-1/logs/simulator.log 2>/dev/null; do
    tries=$((tries + 1))
    kill -0 "$run" 2>/dev/null && [ $tries -lt 3000 ] || { echo "the run did not get under way"; kill -TERM "$run" 2>/dev/null; return 1; }
    sleep 0.1
  done
  kill -TERM "$run"
  wait "$run" && { echo "an interrupted run ended with code 0"; return 1; }
  ! commands | grep -F "$1" | grep -E '^([^ ]*/)?(dotnet|java) ' || { echo "processes are left"; return 1; }
  ! grep -F "$1" /proc/mounts
}

chaos_single() {
  local kills=20 devices=100 rate=10M/h batch=1 late=0.1 data="" seed=1 min=2 max=8
  while [ $# -gt 0 ]; do
    case $1 in
      --single) shift ;;
      --kills) kills=$2; shift 2 ;;
      --devices) devices=$2; shift 2 ;;
      --rate) rate=$2; shift 2 ;;
      --readings-per-publish) batch=$2; shift 2 ;;
      --out-of-order) late=$2; shift 2 ;;
      --data) data=$2; shift 2 ;;
      --seed) seed=$2; shift 2 ;;
      --min) min=$2; shift 2 ;;
      --max) max=$2; shift 2 ;;
      *) chaos_help >&2; usage "unknown option $1" ;;
    esac
  done
  local temporary=""
  [ -n "$data" ] || { data=$(mktemp -d); temporary=$data; }
  mkdir -p "$data"
  RANDOM=$seed
  local port platform="" simulator="" killed=0 code=0
  port=$(free_port)
  # Only processes started here are ended, by their ids.
  trap 'kill -9 $platform $simulator 2>/dev/null || true; [ -z "$temporary" ] || rm -rf "$temporary"; trap - RETURN' RETURN

  start_platform() {
    dotnet "$host" up --no-simulator --no-browser --plain --data "$data" --mqtt-port "$port" --http-port 0 >>"$data/platform.log" 2>&1 &
    platform=$!
  }

  ready() { # waits until the broker of this process takes connections
    local tries=0
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
      kill -0 "$platform" 2>/dev/null || { tail -30 "$data/platform.log" >&2; die "the platform ended by itself"; }
      tries=$((tries + 1))
      [ $tries -lt 600 ] || die "the platform did not come back within 60 s"
      sleep 0.1
    done
  }

  start_platform
  ready
  dotnet "$host" simulate --data "$data" --broker "127.0.0.1:$port" --devices "$devices" --rate "$rate" \
    --readings-per-publish "$batch" --seed "$seed" --set "Simulator:OutOfOrderShare=$late" --plain >>"$data/simulator.log" 2>&1 < <(sleep infinity) &
  simulator=$!
  while [ $killed -lt "$kills" ]; do
    sleep "$((min + RANDOM % (max - min + 1))).$((RANDOM % 10))"
    kill -0 "$simulator" 2>/dev/null || { tail -30 "$data/simulator.log" >&2; die "the simulator ended by itself"; }
    kill -9 "$platform" 2>/dev/null || { tail -30 "$data/platform.log" >&2; die "the platform ended by itself"; }
    wait "$platform" 2>/dev/null || true
    killed=$((killed + 1))
    say "kill $killed of $kills"
    start_platform
    [ $((RANDOM % 4)) -eq 0 ] || ready # one in four kills may hit the recovery itself
  done
  ready
  sleep 3
  say "stopping in good order"
  kill -TERM "$simulator"
  wait "$simulator" || true
  kill -TERM "$platform"
  wait "$platform" || true
  platform="" simulator=""
  dotnet "$host" audit --data "$data" --json || code=$?
  [ $code -eq 0 ] && say "audit after $kills kills: nothing lost, nothing doubled" || say "audit after $kills kills FAILED (data kept in $data)"
  [ $code -eq 0 ] || temporary=""
  return $code
}
