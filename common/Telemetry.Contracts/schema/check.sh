#!/usr/bin/env bash
# Checks the Protobuf schemas: style (buf lint) and that nothing released was broken (buf breaking against
# released/v1.binpb). Needs node and npm; installs the pinned buf on first use.
#   check.sh            check
#   check.sh release    check, then make the present schemas the released ones (only when adding to them)
set -euo pipefail
cd "$(dirname "$0")"
command -v npm >/dev/null || { echo "schema check: npm is not installed; install Node.js 20 or newer" >&2; exit 2; }
if [[ ! -x node_modules/.bin/buf || package-lock.json -nt node_modules/.package-lock.json ]]; then
  # Not npm ci: it wants every platform's binary in the lock file, and not every registry carries them all.
  echo "schema check: installing buf (npm install, pinned by package-lock.json)"
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
fi
buf="$PWD/node_modules/.bin/buf"
cd ..
"$buf" lint
"$buf" breaking --against schema/released/v1.binpb
if [[ "${1:-}" == release ]]; then
  "$buf" build --exclude-source-info --as-file-descriptor-set -o schema/released/v1.binpb
  echo "schema check: released/v1.binpb now holds the present schemas"
fi
echo "schema check: ok"
