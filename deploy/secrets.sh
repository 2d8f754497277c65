#!/usr/bin/env bash
# Makes the passwords that docker-compose.yml mounts, once: random, one file each, never overwritten.
# The folder is closed to other users; the files in it can be read by the containers' users, who see nothing else of it.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets
mkdir -p "$folder"
chmod 700 "$folder"
for name in clickhouse-password clickhouse-grafana-password console-admin-password grafana-admin-password metrics-token mqtt-simulator-password; do
  file=$folder/$name
  [ -s "$file" ] && continue
  (umask 077; head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"$file")
  chmod 444 "$file"
  echo "made deploy/secrets/$name"
done

# What ClickHouse is given of Grafana's password: its hash. Made anew when the password has changed.
file=$folder/clickhouse-grafana-user.xml
hash=$(sha256sum <"$folder/clickhouse-grafana-password" | cut -c1-64)
if ! grep -qs "$hash" "$file"; then
  rm -f "$file"
  (umask 077; echo "<clickhouse><users><grafana><password_sha256_hex>$hash</password_sha256_hex></grafana></users></clickhouse>" >"$file")
  chmod 444 "$file"
  echo "made deploy/secrets/clickhouse-grafana-user.xml"
fi
