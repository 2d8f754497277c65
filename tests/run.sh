# Sourced by ./telemetry: all tests, with one closing line "N passed, N failed".
# shellcheck shell=bash

debian_package() { # CHECK PACKAGE...: installs what tests drive as real peers, where we may
  local check=$1
  shift
  bash -c "$check" >/dev/null 2>&1 && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    [ -n "${apt_updated:-}" ] || { apt-get update >/dev/null 2>&1 || true; apt_updated=1; }
    say "Installing $* for the tests ..."
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$stamps/apt-$1.log" 2>&1 \
      || say "could not install $*: tests that drive it will be skipped by name"
    # Debian starts a service of it at once; the tests start their own on free ports.
    case $1 in mosquitto|prometheus) service "$1" stop >/dev/null 2>&1 || true ;; esac
  else
    say "$* is not installed: tests that drive it will be skipped by name"
  fi
}

passed=0 failed=0 skipped=0

count() { # PASSED FAILED SKIPPED
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

check() { # NAME COMMAND...: one check that counts as one test
  local name=$1 log=$stamps/check.log
  shift
  if "$@" >"$log" 2>&1; then
    count 1 0 0
    say "ok: $name"
  else
    count 0 1 0
    cat "$log" >&2
    say "FAILED: $name"
  fi
}

xunit() { # PROJECT [ARGS...]: an xunit v3 executable; its summary line is counted
  local project=$1 log=$stamps/$1.log started=$SECONDS summary
  local dll=$root/artifacts/bin/$project/$(tr '[:upper:]' '[:lower:]' <<<"$configuration")/$project.dll
  shift
  say "Running $project ..."
  dotnet "$dll" -noColor "$@" 2>&1 | tee "$log" | grep -E '\[(FAIL|SKIP)\]|^ +Total:|^  [A-Z].*: ' >&2 || true
  summary=$(grep -E 'Total: [0-9]+, Errors' "$log" | tail -1)
  if [ -z "$summary" ]; then
    tail -40 "$log" >&2
    count 0 1 0
    say "FAILED: $project ended without a summary"
    return
  fi
  local total errors fails skips notrun
  read -r total errors fails skips notrun < <(sed -E 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+), Not Run: ([0-9]+).*/\1 \2 \3 \4 \5/' <<<"$summary")
  count $((total - fails - skips - notrun)) $((fails + errors)) "$skips"
  if [ $((fails + errors)) -gt 0 ]; then
    grep -E -A 25 '\[FAIL\]' "$log" | head -200 >&2
  fi
  say "$project: $summary ($((SECONDS - started)) s)"
}

# Alone on the machine: brokers die and start again all the time, and what waits for them has its limits.
losses=() others=()
for class in '*.DisturbedAppendTests' '*.DisturbedConsumerTests' '*.DisturbedGroupTests' '*.DisturbedTransactionTests' '*.KafkaBrokerLossTests'; do
  losses+=(-class "$class") others+=(-class- "$class")
done

run_tests() {
  local mode=${1:-all}
  setup
  if [ "$mode" != fast ] && [ "$mode" != brokers ]; then
    debian_package "command -v chromium" chromium
    debian_package "command -v mosquitto || test -x /usr/sbin/mosquitto" mosquitto
    debian_package "command -v mosquitto_pub" mosquitto-clients
    debian_package "/usr/bin/python3 -c 'import paho.mqtt.client'" python3-paho-mqtt
    debian_package "command -v promtool" prometheus
    step clickhouse-client "$(fingerprint "$root"/tests/clickhouse-client/package*.json)" \
      "Fetching ClickHouse's JavaScript client for the tests" npm_install "$root/tests/clickhouse-client"
  fi
  step build-$configuration "$(sources) $(fingerprint "$root/tests")" "Building everything with its tests" \
    dotnet build "$root/Telemetry.sln" -c "$configuration" --nologo -v q
  raise_file_limit
  case $mode in
    fast) xunit Telemetry.Tests ;;
    brokers) xunit Telemetry.IntegrationTests "${losses[@]}" ;;
    *)
      check "schema: buf lint and buf breaking" "$root/common/Telemetry.Contracts/schema/check.sh"
      check "console: type check and unit tests" bash -c "cd '$root/storage/console' && npm run --if-present check && npm test --if-present"
      xunit Telemetry.Tests
      xunit Telemetry.IntegrationTests "${others[@]}"
      xunit Telemetry.IntegrationTests "${losses[@]}"
      . "$root/tests/chaos.sh"
      chaos_checks
      ;;
  esac
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
