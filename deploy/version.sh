#!/usr/bin/env bash
# Prints the version of this checkout, the one that assemblies, packages, images and the chart of a release carry:
# on a tag v1.2.3 (or v1.2.3-rc.1) that of the tag, else the next one (VersionPrefix in Directory.Build.props) as 1.2.3-dev.COMMITS.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
next=$(sed -n 's|.*<VersionPrefix>\(.*\)</VersionPrefix>.*|\1|p' "$root/Directory.Build.props")
if tag=$(git -C "$root" describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null); then
  case ${tag#v} in
    "$next"|"$next"-*) echo "${tag#v}" ;;
    *) echo "The tag is $tag, but Directory.Build.props says $next: set VersionPrefix to the version of the tag." >&2; exit 2 ;;
  esac
elif commits=$(git -C "$root" rev-list --count HEAD 2>/dev/null); then
  echo "$next-dev.$commits"
else
  echo "$next"
fi
