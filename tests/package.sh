#!/usr/bin/env bash
# The Debian package on this machine: built, installed, started as its user by the unit's own command (no systemd runs in a container), upgraded with a
# changed settings file kept, removed and purged. Leaves nothing behind. Exit code 77: not here.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
chmod 755 "$work"
pid=''

fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "skipped: $*" >&2; exit 77; }

leave() {
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
  if [ -n "${installed:-}" ]; then
    dpkg -P telemetry >/dev/null 2>&1 || true
    rm -rf /var/lib/telemetry
    deluser --quiet --system telemetry >/dev/null 2>&1 || true
  fi
  rm -rf "$work"
}

[ "$(id -u)" = 0 ] || skip "installing a package needs root"
command -v dpkg-deb >/dev/null && command -v apt-get >/dev/null && command -v runuser >/dev/null || skip "no dpkg here"
! dpkg-query -W telemetry >/dev/null 2>&1 || skip "a package telemetry is installed here, and stays as it is"
[ ! -e /var/lib/telemetry ] || skip "/var/lib/telemetry is there already"
trap leave EXIT

# start: as systemd would start it, but for the sandbox.
start() {
  local command
  command=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/telemetry.service)
  runuser -u "$(sed -n 's/^User=//p' /usr/lib/systemd/system/telemetry.service)" -- sh -c "cd /var/lib/telemetry && umask 027 && exec $command" >"$work/log" 2>&1 &
  pid=$!
  for _ in $(seq 600); do
    [ -f /var/lib/telemetry/instance.json ] && return
    kill -0 "$pid" 2>/dev/null || { cat "$work/log" >&2; fail "it ended at once"; }
    sleep 0.1
  done
  cat "$work/log" >&2
  fail "it was not up within 60 s"
}

stop() {
  local code=0
  kill -TERM "$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' /var/lib/telemetry/instance.json)"
  wait "$pid" || code=$?
  pid=''
  [ "$code" = 0 ] || { tail -20 "$work/log" >&2; fail "it ended with code $code"; }
}

as_user() { runuser -u telemetry -- "$@"; }

"$root/telemetry" pack x64 --deb --fast --version 0.0.1 --out "$work" >"$work/pack.log" 2>&1 || { tail -30 "$work/pack.log" >&2; fail "pack"; }
first=$work/telemetry_0.0.1_amd64.deb
[ -s "$first" ] || fail "no package"
grep -q "telemetry_0.0.1_amd64.deb" "$work/SHA256SUMS" || fail "no checksum"

echo "install"
installed=1
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$first" >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log" >&2; fail "install"; }
[ "$(stat -c %U:%a /var/lib/telemetry)" = telemetry:750 ] || fail "the data directory is $(stat -c %U:%a /var/lib/telemetry)"
[ "$(telemetry version | head -1 | cut -d+ -f1)" = "telemetry 0.0.1" ] || fail "version: $(telemetry version | head -1)"
! ldd /usr/lib/telemetry/telemetry | grep 'not found' || fail "a library is missing"
command -v systemd-analyze >/dev/null && { systemd-analyze verify /usr/lib/systemd/system/telemetry.service 2>&1 | grep -i telemetry.service && fail "the unit" || true; }

echo "start, publish, see"
sed -i 's|"Data": "/var/lib/telemetry",|"Data": "/var/lib/telemetry", "Http": { "Port": 0 }, "Edge": { "Listeners": [ { "Port": 0 } ] },|' /etc/telemetry/appsettings.json
start
[ "$(stat -c %U /var/lib/telemetry/instance.json)" = telemetry ] || fail "it runs as another user"
http=$(sed -n 's/.*"http":"\([^"]*\)".*/\1/p' /var/lib/telemetry/instance.json)
as_user telemetry publish press-1 oil 72.5 --data /var/lib/telemetry | grep -q 'Acknowledged' || fail "publish"
as_user telemetry healthcheck --url "http://$http/readyz" || fail "not ready"
node -e "fetch('http://$http/').then(r => r.text()).then(t => process.exit(t.includes('<html') ? 0 : 1))" || fail "the console is not served"
seen=''
for _ in $(seq 100); do
  seen=$(as_user telemetry series press-1 oil --from 10m --step raw --format csv --data /var/lib/telemetry)
  case $seen in *72.5*) break ;; esac
  sleep 0.2
done
case $seen in *72.5*) ;; *) fail "the reading is not there: $seen" ;; esac
stop

echo "upgrade"
dpkg-deb -R "$first" "$work/tree"
sed -i 's/^Version: .*/Version: 0.0.2/' "$work/tree/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/tree" "$work/telemetry_0.0.2_amd64.deb" >/dev/null
rm -rf "$work/tree"
DEBIAN_FRONTEND=noninteractive apt-get install -y "$work/telemetry_0.0.2_amd64.deb" >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log" >&2; fail "upgrade"; }
[ "$(dpkg-query -W -f '${Version}' telemetry)" = 0.0.2 ] || fail "the version after the upgrade"
grep -q '"Port": 0' /etc/telemetry/appsettings.json || fail "the changed settings were lost"
start
case $(as_user telemetry series press-1 oil --from 30m --step raw --format csv --data /var/lib/telemetry) in *72.5*) ;; *) fail "the reading is gone after the upgrade" ;; esac
stop

echo "remove, purge"
apt-get remove -y telemetry >/dev/null 2>&1 || fail "remove"
[ ! -e /usr/bin/telemetry ] && [ ! -e /usr/lib/telemetry ] || fail "something of the program is left"
[ -f /etc/telemetry/appsettings.json ] && [ -d /var/lib/telemetry/journal ] || fail "remove took settings or data"
dpkg -P telemetry >"$work/purge.log" 2>&1 || fail "purge"
grep -q '/var/lib/telemetry' "$work/purge.log" || fail "purge does not say that data is left"
[ ! -e /etc/telemetry ] && [ -d /var/lib/telemetry/journal ] || fail "purge left settings, or took data"
echo "ok"
