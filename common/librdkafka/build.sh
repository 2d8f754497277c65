#!/usr/bin/env bash
# Builds librdkafka 2.15.1 from the source inside Confluent's npm package, with full-heartbeat.patch, and puts it, as a NuGet package
# that Confluent.Kafka 2.15.1 is content with, into the local feed folder. The ordinary feed has librdkafka without that patch.
# Needs a C compiler, make, npm. TLS, SASL and compression are built in as far as their headers are installed
# (Debian: libssl-dev zlib1g-dev libzstd-dev liblz4-dev libsasl2-dev libcurl4-openssl-dev).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=2.15.1
package_version=2.15.1.1 # Ours alone: Directory.Packages.props asks for it, so that no other can take its place. Raise both with each change of the patch: packages are cached.
source_package=@confluentinc/kafka-javascript@1.10.1
source_sha256=ada7d703bb1d3237e2292bfabf438d663b6160c9f1ac2a2406b5dc4257c81b66
case $(uname -m) in x86_64) rid=linux-x64;; aarch64) rid=linux-arm64;; *) echo "no recipe for $(uname -m)" >&2; exit 1;; esac
command -v cc >/dev/null || { echo "A C compiler is missing (Debian: apt-get install build-essential)." >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends make \
    libssl-dev zlib1g-dev libzstd-dev liblz4-dev libsasl2-dev libcurl4-openssl-dev; } >"$work/apt.log" 2>&1 \
    || echo "Could not install headers; librdkafka gets what is there." >&2
fi
cd "$work"
npm pack --silent "$source_package" >/dev/null
echo "$source_sha256  $(ls ./*.tgz)" | sha256sum -c - >/dev/null
tar xzf ./*.tgz
cd package/deps/librdkafka
if command -v patch >/dev/null; then patch -p1 <"$here/full-heartbeat.patch"; else git apply "$here/full-heartbeat.patch"; fi
./configure --disable-c11threads --enable-strip
make -C src -j"$(nproc)" librdkafka.so.1
mkdir -p "$work/nupkg/runtimes/$rid/native" "$work/nupkg/build"
cp src/librdkafka.so.1 "$work/nupkg/runtimes/$rid/native/librdkafka.so"
cat >"$work/nupkg/librdkafka.redist.nuspec" <<N
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>librdkafka.redist</id>
    <version>$package_version</version>
    <authors>Confluent (built locally from source)</authors>
    <license type="expression">BSD-2-Clause</license>
    <description>librdkafka $version for $rid, with full-heartbeat.patch</description>
  </metadata>
</package>
N
rm -f "$here/feed/librdkafka.redist.$package_version.nupkg"
# A nupkg is a zip; python3, zip or node's own tools may be missing, the .NET SDK is not.
cat >"$work/nupkg.proj" <<P
<Project>
  <Target Name="Pack"><ZipDirectory SourceDirectory="$work/nupkg" DestinationFile="$here/feed/librdkafka.redist.$package_version.nupkg" /></Target>
</Project>
P
dotnet msbuild "$work/nupkg.proj" -t:Pack -nologo -v:q
ls -l "$here/feed/librdkafka.redist.$package_version.nupkg"
