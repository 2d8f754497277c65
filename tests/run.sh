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
    case $1 in mosquitto|prometheus|prometheus-alertmanager) service "$1" stop >/dev/null 2>&1 || true ;; esac
  else
    say "$* is not installed: tests that drive it will be skipped by name"
  fi
}

passed=0 failed=0 skipped=0

count() { # PASSED FAILED SKIPPED
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# The first 200 lines, reading all of them: a reader that leaves early would end the writer, and with it the run.
first_lines() { sed -n '1,200p'; }

check() { # NAME COMMAND...: one check that counts as one test
  local name=$1 log=$stamps/check.log
  shift
  if "$@" >"$log" 2>&1; then
    count 1 0 0
    say "ok: $name"
  else
    count 0 1 0
    first_lines <"$log" >&2
    say "FAILED: $name"
  fi
}

xunit() { # PROJECT [ARGS...]: an xunit v3 executable; its summary line is counted. The times of all tests are in NAME.xml
  local project=$1 name=${xunit_name:-$1} log started=$SECONDS summary
  log=$stamps/$name.log
  local dll=$root/artifacts/bin/$project/$(tr '[:upper:]' '[:lower:]' <<<"$configuration")/$project.dll
  shift
  say "Running $project ..."
  dotnet "$dll" -noColor -xml "$stamps/$name.xml" "$@" 2>&1 </dev/null | tee "$log" | grep -E '\[(FAIL|SKIP)\]|^ +Total:|^  [A-Z].*: ' >&2 || true
  summary=$(grep -E 'Total: [0-9]+, Errors' "$log" | tail -1) || true
  if [ -z "$summary" ]; then
    tail -40 "$log" >&2
    count 0 1 0
    say "FAILED: $project ended without a summary"
    return 0
  fi
  local total errors fails skips notrun
  read -r total errors fails skips notrun < <(sed -E 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+), Not Run: ([0-9]+).*/\1 \2 \3 \4 \5/' <<<"$summary")
  count $((total - fails - skips - notrun)) $((fails + errors)) "$skips"
  if [ $((fails + errors)) -gt 0 ]; then
    grep -E -A 25 '\[FAIL\]' "$log" | first_lines >&2 || true
    say "FAILED: $((fails + errors)) of $project; the whole output is in ${log#"$root/"}"
  fi
  say "$project: $summary ($((SECONDS - started)) s)"
}

# run_suites SUITE: calls SUITE, which counts what it runs. The last line is always "N passed, N failed, N skipped", also when SUITE
# stops half-way; the exit code is 0 only when something passed, nothing failed and SUITE came to its end.
run_suites() {
  suites_ended=
  trap closing_line EXIT
  "$@"
  suites_ended=1
  exit 0
}

closing_line() {
  local code=$?
  if [ -z "$suites_ended" ]; then
    [ "$code" -ne 0 ] || code=1
    say "FAILED: the run stopped before its end (exit code $code)"
    count 0 1 0
  fi
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && code=0 || code=1
  echo "$passed passed, $failed failed, $skipped skipped"
  exit $code
}

# Alone on the machine: brokers die and start again all the time, and what waits for them has its limits.
losses=() others=()
for class in '*.DisturbedAppendTests' '*.DisturbedConsumerTests' '*.DisturbedGroupTests' '*.DisturbedTransactionTests' '*.KafkaBrokerLossTests'; do
  losses+=(-class "$class") others+=(-class- "$class")
done

test_help() {
  cat <<'H'
./telemetry test                       sets up and runs everything (about 30 min on two cores); as root it installs the Debian packages
                                       that tests drive as real peers: a browser, mosquitto and its clients, paho, promtool
./telemetry test fast                  only what needs no engine, browser or broker (about 2 min)
./telemetry test brokers               what a log must do, on three Kafka brokers of which one after the other is killed (about 4 min)
./telemetry test PROJECT [ARGS]        one test project, for example
                                       ./telemetry test Telemetry.IntegrationTests -class '*.WholePipelineTests'
The last line is "N passed, N failed, N skipped"; the exit code is 0 when nothing failed. Tests that need a server take it from the
environment (TELEMETRY_KAFKA=host:port, TELEMETRY_SCHEMA_REGISTRY=url, ...), else start it as a process, else in a container where
Docker answers, else are skipped by name. CONTRIBUTING.md says more.
H
}

run_tests() {
  local argument
  for argument in "$@"; do
    case $argument in help|-h|--help) test_help; return 0 ;; esac
  done
  case ${1:-all} in
    all|fast|brokers|Telemetry.*) run_suites test_suites "$@" ;;
    *) test_help >&2; usage "unknown tests $1" ;;
  esac
}

debian_packages() {
  debian_package "command -v chromium" chromium
  debian_package "command -v mosquitto || test -x /usr/sbin/mosquitto" mosquitto
  debian_package "command -v mosquitto_pub" mosquitto-clients
  debian_package "/usr/bin/python3 -c 'import paho.mqtt.client'" python3-paho-mqtt
  debian_package "command -v promtool" prometheus
  debian_package "command -v zsh" zsh
  debian_package "command -v prometheus-alertmanager" prometheus-alertmanager
}

# Writes docs/mqtt-conformance.md anew and shows its counts; fails where a statement has neither test nor reason.
write_conformance() {
  need dotnet "The .NET 10 SDK" "Install it from your distribution or from the .NET download page, then run this again."
  mkdir -p "$stamps"
  dotnet build "$root/tests/Telemetry.IntegrationTests" -c "$configuration" --nologo -v q >&2
  local code=0
  TELEMETRY_TEST_WRITE_CONFORMANCE=1 dotnet "$root/artifacts/bin/Telemetry.IntegrationTests/$(tr '[:upper:]' '[:lower:]' <<<"$configuration")/Telemetry.IntegrationTests.dll" \
    -noColor -class '*.ConformanceTests' -class '*.SparkplugIdsTests' >"$stamps/conformance.log" 2>&1 </dev/null || code=$?
  [ "$code" -eq 0 ] || first_lines <"$stamps/conformance.log" >&2
  grep '^| MQTT [0-9]\|^| | statements' "$root/docs/mqtt-conformance.md"
  return "$code"
}

# The Debian package on this machine; 77 is its way to say that it cannot be tried here.
package_check() {
  local code=0 log=$stamps/package.log
  "$root/tests/package.sh" >"$log" 2>&1 </dev/null || code=$?
  case $code in
    0) count 1 0 0; say "ok: package: built, installed, started, upgraded, removed" ;;
    77) count 0 0 1; say "SKIPPED: package: $(tail -1 "$log")" ;;
    *) count 0 1 0; first_lines <"$log" >&2; say "FAILED: package" ;;
  esac
}

test_suites() {
  local mode=${1:-all} analyzers=true
  setup
  if [ "$mode" = all ]; then
    debian_packages
    step clickhouse-client "$(fingerprint "$root"/tests/clickhouse-client/package*.json)" \
      "Fetching ClickHouse's JavaScript client for the tests" npm_install "$root/tests/clickhouse-client"
    step openapi "$(fingerprint "$root"/tests/openapi/package*.json)" "Fetching Redocly and openapi-typescript for the tests" npm_install "$root/tests/openapi"
    step mqtt-client "$(fingerprint "$root"/tests/mqtt-client/package*.json)" "Fetching MQTT.js for the tests" npm_install "$root/tests/mqtt-client"
  fi
  step build-$configuration "$(sources) $(fingerprint "$root/tests")" "Compiling everything with its tests" \
    dotnet build "$root/Telemetry.sln" -c "$configuration" --nologo -v m
  raise_file_limit
  export TELEMETRY_TEST_STORAGE_KILLS=${TELEMETRY_TEST_STORAGE_KILLS:-8}
  case $mode in
    fast) xunit Telemetry.Tests ;;
    brokers) xunit Telemetry.IntegrationTests "${losses[@]}" ;;
    Telemetry.*) xunit "$@" ;;
    *)
      check "schema: buf lint and buf breaking" "$root/common/Telemetry.Contracts/schema/check.sh"
      check "console: type check and unit tests" bash -c "cd '$root/storage/console' && npm run --if-present check && npm test --if-present"
      xunit Telemetry.Tests
      # These wait for processes, brokers and disks more than they compute: four at a time keep two cores busy.
      xunit Telemetry.IntegrationTests -maxThreads "$(($(nproc) + 2))" "${others[@]}"
      xunit_name=Telemetry.IntegrationTests.losses xunit Telemetry.IntegrationTests "${losses[@]}"
      package_check
      . "$root/tests/chaos.sh"
      chaos_checks
      ;;
  esac
}
