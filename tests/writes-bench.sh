# Sourced by tests/bench.sh: what the platform writes to disk.
# shellcheck shell=bash

# bench_writes [SECONDS] [RATE] [UP_OPTION...]: bytes that the platform's process has the kernel write, a reading, at a steady rate; beside
# them what grew under --data, the files of the store, and the store's parts by table. The simulator is another process and does not count.
# Nobody reads the store meanwhile, and readings are counted by the metrics: a question to the store would count as reading. The span should hold a few
# rollups (Sink:RollupIntervalUnread). With --set Schema:ReplacedPartsLifetime=1h every part that was written is still there at the end: the shares of tables, merges included.
bench_writes() (
  local seconds=${1:-310} rate=${2:-10M/h} work platform= from to
  shift $(($# < 2 ? $# : 2))
  work=$(mktemp -d)
  trap 'kill -TERM $platform 2>/dev/null; wait $platform 2>/dev/null; rm -rf "$work"' EXIT
  dotnet "$host" up --data "$work/data" --rate "$rate" --history 0 --no-browser --plain --mqtt-port 0 --http-port 0 "$@" >"$work/telemetry.log" 2>&1 &
  platform=$!
  until [ -f "$work/data/instance.json" ]; do
    kill -0 "$platform" 2>/dev/null || { tail -20 "$work/telemetry.log" >&2; die "the platform ended"; }
    sleep 0.2
  done
  say "Letting it come to its pace (60 s), then measuring for $seconds s ..."
  sleep 60
  from=$(writes_sample "$platform" "$work/data")
  sleep "$seconds"
  to=$(writes_sample "$platform" "$work/data")
  node -e '
    const [from, to, seconds] = [JSON.parse(process.argv[1]), JSON.parse(process.argv[2]), Number(process.argv[3])];
    const readings = to.readings - from.readings, each = n => (n / readings).toFixed(1);
    console.log(`${(readings / seconds).toFixed(0)} readings/s stored; the platform had the kernel write ${each(to.written - from.written)} bytes a reading, ${((to.written - from.written) / seconds / 1e6).toFixed(2)} MB/s`);
    for (const folder of Object.keys(to.folders)) console.log(`${folder} grew by ${each(to.folders[folder] - (from.folders[folder] ?? 0))} bytes a reading`);
    console.log(`files of the store: ${to.files}; CPU ${(100 * (to.cpu - from.cpu) / seconds).toFixed(1)} % of a core`);
  ' "$from" "$to" "$seconds"
  dotnet "$host" store size --data "$work/data"
)

# writes_sample PID DATA: one JSON object.
writes_sample() {
  local written readings folder folders= ticks
  written=$(awk '/^write_bytes/ { print $2 }' "/proc/$1/io")
  ticks=$(awk '{ print $14 + $15 }' "/proc/$1/stat")
  readings=$(node -e '
    const { http } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    fetch(`http://${http}/metrics`, { headers: { "accept-encoding": "identity" } }).then(a => a.text()).then(text => console.log([...text.matchAll(/^telemetry_storage_readings_stored_total(?:\{.*\})? ([0-9.e+]+)/gm)].reduce((sum, m) => sum + Number(m[1]), 0)));
  ' "$2/instance.json")
  for folder in "$2"/*/; do
    folders="$folders${folders:+, }\"$(basename "$folder")\": $(du -sB1 "$folder" | cut -f1)"
  done
  echo "{\"written\": $written, \"readings\": $readings, \"cpu\": $(awk "BEGIN { print $ticks / $(getconf CLK_TCK) }"), \"files\": $(find "$2/clickhouse" -type f 2>/dev/null | wc -l), \"folders\": {$folders}}"
}
