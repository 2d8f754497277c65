# Sourced by ./telemetry: kills the platform under load, again and again, then audits.
# shellcheck shell=bash

chaos_help() {
  cat <<'H'
./telemetry chaos [--kills N] [--devices N] [--rate R] [--readings-per-publish N] [--data DIR] [--seed S] [--min S] [--max S]

Runs the simulator against the platform and kills the platform's process (SIGKILL) N times at random moments, restarting it on
its data each time; then stops in good order and audits. Ends with code 0 only when nothing acknowledged was lost and nothing
was stored twice, in raw and in every rollup.
H
}

run_chaos() {
  local kills=20 devices=1000 rate=10M/h batch=1 data="" seed=1 min=2 max=8
  while [ $# -gt 0 ]; do
    case $1 in
      --kills) kills=$2; shift 2 ;;
      --devices) devices=$2; shift 2 ;;
      --rate) rate=$2; shift 2 ;;
      --readings-per-publish) batch=$2; shift 2 ;;
      --data) data=$2; shift 2 ;;
      --seed) seed=$2; shift 2 ;;
      --min) min=$2; shift 2 ;;
      --max) max=$2; shift 2 ;;
      -h|--help) chaos_help; return 0 ;;
      *) chaos_help >&2; die "unknown option $1" ;;
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
    --readings-per-publish "$batch" --seed "$seed" --plain >>"$data/simulator.log" 2>&1 < <(sleep infinity) &
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
