# Sourced by ./telemetry: mutated input against the MQTT codec and a running broker.
# shellcheck shell=bash

fuzz_help() {
  cat <<'H'
./telemetry fuzz [--for 60s] [--seed N]         half of the time the codec, guided by coverage; half of it a running broker over TCP, TLS
                                                and WebSocket. What is found is printed and kept in artifacts/fuzz/found; exit code 1 then
./telemetry fuzz codec|live [--for 60s] [--seed N]   one of the two
./telemetry fuzz afl [--for 60s]                the codec under afl-fuzz (Debian: afl++); its findings are in artifacts/fuzz/afl
H
}

# The codec with SharpFuzz's instrumentation, in a folder of its own: what is tested elsewhere stays as it is.
instrument_codec() {
  local built=$root/artifacts/bin/Telemetry.Fuzz/release
  dotnet build "$root/tests/Telemetry.Fuzz" -c Release --nologo -v q >&2
  rm -rf "$root/artifacts/fuzz/instrumented"
  mkdir -p "$root/artifacts/fuzz/instrumented"
  cp -r "$built"/. "$root/artifacts/fuzz/instrumented"
  dotnet "$built/Telemetry.Fuzz.dll" instrument "$root/artifacts/fuzz/instrumented/Telemetry.Mqtt.dll" >&2
}

run_fuzz() {
  local what=both time=60s code=0
  local -a seed=() out=(--out "$root/artifacts/fuzz/found")
  while [ $# -gt 0 ]; do
    case $1 in
      codec|live|afl) what=$1; shift ;;
      --for) [ $# -gt 1 ] || { fuzz_help >&2; die "--for needs a time"; }; time=$2; shift 2 ;;
      --seed) [ $# -gt 1 ] || { fuzz_help >&2; die "--seed needs a number"; }; seed=(--seed "$2"); shift 2 ;;
      help|-h|--help) fuzz_help; return 0 ;;
      *) fuzz_help >&2; usage "unknown option $1" ;;
    esac
  done
  [ "$what" != both ] || time=$(half_of "$time")
  instrument_codec
  if [ "$what" = afl ]; then
    run_afl "$time"
    return
  fi
  if [ "$what" != live ]; then
    dotnet "$root/artifacts/fuzz/instrumented/Telemetry.Fuzz.dll" codec --for "$time" "${seed[@]}" "${out[@]}" || code=$?
  fi
  if [ "$what" != codec ]; then
    raise_file_limit
    dotnet "$root/artifacts/bin/Telemetry.Fuzz/release/Telemetry.Fuzz.dll" live --for "$time" "${seed[@]}" "${out[@]}" || code=$?
  fi
  return "$code"
}

half_of() { # TIME: 60s -> 30s
  node -e 'const [, n, u] = /^([0-9.]+)([smh])$/.exec(process.argv[1]) || process.exit(1); console.log(n / 2 + u)' "$1" \
    || die "'$1' is no time; write 60s, 10m or 1h"
}

run_afl() { # TIME
  need afl-fuzz "afl-fuzz" "Debian: apt-get install afl++"
  local seconds work=$root/artifacts/fuzz/afl
  seconds=$(node -e 'const [, n, u] = /^([0-9.]+)([smh])$/.exec(process.argv[1]); console.log(n * {s: 1, m: 60, h: 3600}[u])' "$1")
  rm -rf "$work"
  dotnet "$root/artifacts/fuzz/instrumented/Telemetry.Fuzz.dll" corpus "$work/in" >&2
  # The runtime is no AFL binary, and needs more memory and time than a native program to begin.
  AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 \
    afl-fuzz -V "$seconds" -m none -t 10000 -i "$work/in" -o "$work/out" -- dotnet "$root/artifacts/fuzz/instrumented/Telemetry.Fuzz.dll" afl
  grep -E 'execs_done|execs_per_sec|corpus_count|saved_crashes|saved_hangs|edges_found' "$work/out/default/fuzzer_stats"
  ! compgen -G "$work/out/default/crashes/id*" >/dev/null
}
