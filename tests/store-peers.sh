# Sourced by tests/bench.sh: the store beside SQLite, PostgreSQL and InfluxDB.
# shellcheck shell=bash

# bench_store_peers [READINGS] [DEVICES]: the same readings (as CSV, in the order of their times) into each store, by its own bulk loader and with
# what its users would set up (a key of sensor, device and time; PostgreSQL partitioned by month), then the same questions to each, each seven times
# with other parameters. Ours is asked over its HTTP API and has its rollups to make; the others are asked by their own clients. A peer that is not installed is named.
bench_store_peers() (
  readings=${1:-10000000} devices=${2:-1000} work=$(mktemp -d) platform= pg= influx=
  trap 'kill $platform $influx 2>/dev/null; [ -z "$pg" ] || peers_pg_stop; wait 2>/dev/null; rm -rf "$work"' EXIT
  bench=$root/artifacts/bin/Telemetry.Benchmarks/release/Telemetry.Benchmarks.dll
  dotnet build "$root/tests/Telemetry.Benchmarks" -c Release --nologo -v q >&2
  chmod 755 "$work"
  say "Making $readings readings of $devices devices ..."
  dotnet "$bench" queries-fill "$work/data" "$readings" "$devices" 10 0 2>"$work/fill.log" || { cat "$work/fill.log" >&2; exit 1; }
  cat "$work/fill.log" >&2
  dotnet "$bench" queries-csv "$work/data" "$work/readings.csv"
  rows=$(wc -l <"$work/readings.csv")
  echo "| store | readings/s taken in | bytes a reading | with |"
  echo "|---|---|---|---|"
  # shellcheck disable=SC2046
  peers_row "Telemetry" $(sed -nE 's/^filled in ([0-9.]+) s.*/\1/p' "$work/fill.log") "$(du -sB1 "$work/data/clickhouse" | cut -f1)" "raw and all rollups"
  peers_sqlite
  peers_postgres
  peers_influx
  echo
  echo "| question | $(ls "$work/times" | tr '\n' ' ' | sed 's/ *$//; s/ / | /g') |"
  echo "|---|$(ls "$work/times" | sed 's/.*/---|/' | tr -d '\n')"
  port=$(free_port)
  dotnet "$host" up --no-simulator --no-browser --plain --data "$work/data" --mqtt-port 0 --http-port "$port" --set Audit:Interval=0 >"$work/platform.log" 2>&1 &
  platform=$!
  platform_listens "$platform" "$port" "$work/platform.log"
  for question in "${questions[@]}"; do
    echo "| $question | $(for peer in "$work"/times/*; do sed -nE "s/^$question	//p" "$peer" | sort -n | awk '{ t[NR] = $1 } END { printf "%s | ", NR ? t[int((NR + 1) / 2)] : "-" }'; done)"
  done
  echo
  echo "Telemetry over HTTP, the same store:"
  dotnet "$bench" queries-ask "http://127.0.0.1:$port" "$devices" 10 3 ""
)

questions=("newest value of a sensor at all devices" "a day of one series" "a sensor over all devices, one hour by minutes" "a year of one series by days" "top 10 devices by a day's maximum")

peers_row() { # NAME SECONDS BYTES WITH
  awk -v name="$1" -v seconds="$2" -v bytes="$3" -v with="$4" -v rows="$rows" 'BEGIN { printf "| %s | %.0f | %.1f | %s |\n", name, rows / seconds, bytes / rows, with }'
}

# peers_sql I: the I-th set of the five questions in SQL that SQLite and PostgreSQL both take; times are microseconds.
peers_sql() {
  local sensor="sensor-$(($1 % 10))" device now=$(($(date +%s) * 1000000)) day=86400000000
  device=$(printf 'press-%05d' $((($1 * 131 + 7) % devices)))
  cat <<Q
SELECT device, max(time) FROM readings WHERE sensor = '$sensor' AND time > $((now - day)) GROUP BY device;
SELECT time, value FROM readings WHERE sensor = '$sensor' AND device = '$device' AND time > $((now - day)) ORDER BY time;
SELECT time / 60000000 AS m, min(value), max(value), avg(value), count(*) FROM readings WHERE sensor = '$sensor' AND time >= $((now - (2 + $1) * 3600000000)) AND time < $((now - (1 + $1) * 3600000000)) GROUP BY m ORDER BY m;
SELECT time / $day AS d, min(value), max(value), avg(value), count(*) FROM readings WHERE sensor = '$sensor' AND device = '$device' AND time > $((now - 365 * day)) GROUP BY d ORDER BY d;
SELECT device, max(value) AS m FROM readings WHERE sensor = '$sensor' AND time >= $((now / day * day)) - $day AND time < $((now / day * day)) GROUP BY device ORDER BY m DESC LIMIT 10;
Q
}

# peers_times PEER: reads one time in ms a line, in the order of the questions, and keeps each under its question.
peers_times() {
  local i=0 ms
  mkdir -p "$work/times"
  while read -r ms; do
    printf '%s\t%s\n' "${questions[$((i % ${#questions[@]}))]}" "$ms" >>"$work/times/$1"
    i=$((i + 1))
  done
}

peers_sqlite() {
  command -v sqlite3 >/dev/null || { say "SQLite is not installed"; return 0; }
  local began i
  began=$(date +%s.%N)
  sqlite3 "$work/peer.db" >/dev/null <<Q
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE readings (sensor TEXT, device TEXT, time INTEGER, value REAL, PRIMARY KEY (sensor, device, time)) WITHOUT ROWID;
.import --csv $work/readings.csv readings
PRAGMA wal_checkpoint(TRUNCATE);
Q
  peers_row "SQLite $(sqlite3 --version | cut -d' ' -f1)" "$(awk "BEGIN { print $(date +%s.%N) - $began }")" "$(du -sB1 "$work/peer.db" | cut -f1)" "a clustered key; no rollups"
  for i in 1 2 3 4 5 6 7; do
    peers_sql "$i" >"$work/questions.sql"
    { echo ".output $work/answers"; echo ".timer on"; cat "$work/questions.sql"; } | sqlite3 "$work/peer.db" >/dev/null
    sed -nE 's/^Run Time: real ([0-9.]+).*/\1/p' "$work/answers" | awk '{ printf "%.1f\n", $1 * 1000 }'
  done | peers_times sqlite
}

peers_pg() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

peers_pg_stop() { peers_pg "$pg/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true; }

peers_postgres() {
  local port began i month
  pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
  [ -n "$pg" ] || { say "PostgreSQL is not installed"; return 0; }
  port=$(free_port)
  mkdir "$work/pg"
  [ "$(id -u)" != 0 ] || chown postgres "$work/pg"
  peers_pg "$pg/initdb" -D "$work/pg" -A trust -U bench >/dev/null
  peers_pg "$pg/pg_ctl" -D "$work/pg" -w -l "$work/pg/log" -o "-p $port -h 127.0.0.1 -k $work/pg -c shared_buffers=1GB -c max_wal_size=8GB -c checkpoint_timeout=30min" start >/dev/null
  pg_sql() { psql -X -q -h 127.0.0.1 -p "$port" -U bench -d postgres -v ON_ERROR_STOP=1 "$@"; }
  {
    echo "CREATE TABLE readings (sensor text, device text, time bigint, value float8) PARTITION BY RANGE (time);"
    for month in $(seq -26 1); do
      echo "CREATE TABLE readings_$((month + 26)) PARTITION OF readings FOR VALUES FROM ($(date -u -d "$(date -u +%Y-%m-01) $month month" +%s)000000) TO ($(date -u -d "$(date -u +%Y-%m-01) $((month + 1)) month" +%s)000000);"
    done
    echo "CREATE INDEX ON readings (sensor, device, time) INCLUDE (value);"
    echo "CREATE INDEX ON readings (sensor, time);"
  } | pg_sql
  began=$(date +%s.%N)
  pg_sql -c "\\copy readings FROM '$work/readings.csv' WITH (FORMAT csv)"
  pg_sql -c "VACUUM ANALYZE readings"
  peers_row "PostgreSQL $("$pg/postgres" --version | grep -oE '[0-9]+\.[0-9]+' | head -1)" "$(awk "BEGIN { print $(date +%s.%N) - $began }")" "$(pg_sql -Atc "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'readings'::regclass")" "monthly partitions, two indices; no rollups"
  for i in 1 2 3 4 5 6 7; do
    { echo "\\o /dev/null"; echo "\\timing on"; peers_sql "$i"; } | pg_sql | sed -nE 's/^Time: ([0-9.]+) ms.*/\1/p'
  done | peers_times postgresql
  peers_pg_stop
}

peers_influx() {
  command -v influxd >/dev/null || { say "InfluxDB is not installed (Debian: influxdb)"; return 0; }
  local port began i sensor device day=86400000000000 now
  port=$(free_port)
  cat >"$work/influx.conf" <<C
bind-address = "127.0.0.1:$(free_port)"
reporting-disabled = true
[meta]
dir = "$work/influx/meta"
[data]
dir = "$work/influx/data"
wal-dir = "$work/influx/wal"
max-series-per-database = 0
query-log-enabled = false
[http]
bind-address = "127.0.0.1:$port"
log-enabled = false
max-body-size = 0
C
  influxd -config "$work/influx.conf" >"$work/influx.log" 2>&1 &
  influx=$!
  until curl -fs "http://127.0.0.1:$port/ping" >/dev/null; do
    kill -0 "$influx" 2>/dev/null || { tail -3 "$work/influx.log" >&2; return 0; }
    sleep 0.2
  done
  curl -fsS -XPOST "http://127.0.0.1:$port/query" --data-urlencode "q=CREATE DATABASE bench" >/dev/null
  began=$(date +%s.%N)
  sed -E 's/^"?([^",]+)"?,"?([^",]+)"?,([0-9]+),(.*)$/\1,device=\2 value=\4 \3/' "$work/readings.csv" | split -l 50000 - --filter="curl -fsS -XPOST 'http://127.0.0.1:$port/write?db=bench&precision=u' --data-binary @-"
  peers_row "InfluxDB 1.6" "$(awk "BEGIN { print $(date +%s.%N) - $began }")" "$(du -sB1 "$work/influx" | cut -f1)" "one measurement a sensor; no rollups"
  now=$(date +%s%N)
  for i in 1 2 3 4 5 6 7; do
    sensor="sensor-$((i % 10))"
    device=$(printf 'press-%05d' $(((i * 131 + 7) % devices)))
    while IFS= read -r q; do
      curl -fsS -o /dev/null -w '%{time_total}\n' -G "http://127.0.0.1:$port/query" --data-urlencode "db=bench" --data-urlencode "q=$q" | awk '{ printf "%.1f\n", $1 * 1000 }'
    done <<Q
SELECT last(value) FROM "$sensor" WHERE time > $((now - day)) GROUP BY device
SELECT value FROM "$sensor" WHERE device = '$device' AND time > $((now - day))
SELECT min(value), max(value), mean(value), count(value) FROM "$sensor" WHERE time >= $((now - (2 + i) * 3600000000000)) AND time < $((now - (1 + i) * 3600000000000)) GROUP BY time(1m)
SELECT min(value), max(value), mean(value), count(value) FROM "$sensor" WHERE device = '$device' AND time > $((now - 365 * day)) GROUP BY time(1d)
SELECT top(m, device, 10) FROM (SELECT max(value) AS m FROM "$sensor" WHERE time >= $((now / day * day - day)) AND time < $((now / day * day)) GROUP BY device)
Q
  done | peers_times influxdb
}
