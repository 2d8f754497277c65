# Sourced by bench.sh: our MQTT broker beside others, load by load, in one run.
# shellcheck shell=bash

bench_mqtt() ( # [SECONDS] [FILTER]
  local seconds=${1:-4} filter=${2:-} work bench ours durable plain tls fsync_port mosquitto_plain mosquitto_tls
  local processes=()
  command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || die "mosquitto is not installed: apt-get install mosquitto"
  work=$(mktemp -d)
  trap 'kill "${processes[@]}" 2>/dev/null; wait "${processes[@]}" 2>/dev/null; rm -rf "$work"' EXIT
  dotnet build "$root/tests/Telemetry.Benchmarks" -c Release --nologo -v q >&2
  bench=$root/artifacts/bin/Telemetry.Benchmarks/release/Telemetry.Benchmarks.dll
  dotnet "$bench" mqtt-certificate "$work"
  chmod 644 "$work/server.key"
  chmod 755 "$work"

  start() { # NAME PORT COMMAND...: waits for the port; the process is $started
    local name=$1 port=$2
    shift 2
    "$@" >"$work/$name.log" 2>&1 &
    started=$!
    processes+=("$started")
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
      kill -0 "$started" 2>/dev/null || { tail -20 "$work/$name.log" >&2; die "$name ended"; }
      sleep 0.2
    done
  }

  mosquitto_plain=$(free_port) mosquitto_tls=$(free_port)
  cat >"$work/mosquitto.conf" <<C
per_listener_settings false
allow_anonymous true
max_inflight_messages 0
max_queued_messages 0
listener $mosquitto_plain 127.0.0.1
listener $mosquitto_tls 127.0.0.1
certfile $work/server.pem
keyfile $work/server.key
C
  local started
  start mosquitto "$mosquitto_plain" "$(command -v mosquitto || echo /usr/sbin/mosquitto)" -c "$work/mosquitto.conf"
  local mosquitto=$started
  fsync_port=$(free_port)
  start mqttnet "$fsync_port" dotnet "$bench" mqtt-fsync "$fsync_port" "$work/messages"
  local fsync=$started
  plain=$(free_port) tls=$(free_port)
  start telemetry "$plain" dotnet "$host" up --no-simulator --no-browser --plain --data "$work/data" --http-port 0 \
    --set "Edge:Listeners:0:Port=$plain" --set "Edge:Listeners:1:Port=$tls" \
    --set "Edge:Listeners:1:Tls:CertificateFile=$work/server.pem" --set "Edge:Listeners:1:Tls:KeyFile=$work/server.key"
  ours=$started
  dotnet "$bench" mqtt-table "$seconds" "$filter" \
    "mosquitto=$mosquitto_plain,$mosquitto_tls,$mosquitto" "MQTTnet.Server + fsync=$fsync_port,0,$fsync" "Telemetry=$plain,$tls,$ours"
)
