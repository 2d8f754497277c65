# Sourced by ./telemetry: packages that need no compiler and no .NET on the machine they are installed on.
# shellcheck shell=bash

declare -A packed=()

pack_help() {
  cat <<'H'
./telemetry pack [x64] [arm64]         self-contained archives and Debian packages in artifacts/packages, with an SBOM
    --archive | --deb | --sbom         only these (default: all three)
    --fast                             little compression: larger files, made sooner
    --version V                        default: what deploy/version.sh says
    --out DIR                          default: artifacts/packages
An archive is one folder: the program "telemetry" with the .NET runtime, the ClickHouse engine (x64) and the console. For arm64 the engine is not
published as a package: there the roles that store and query need a ClickHouse server (--clickhouse http://HOST:PORT).
H
}

run_pack() {
  local architectures=() what=() fast= version='' out=$root/artifacts/packages
  while [ $# -gt 0 ]; do
    case $1 in
      help|-h|--help) pack_help; return 0 ;;
      x64|arm64) architectures+=("$1"); shift ;;
      --archive|--deb|--sbom) what+=("${1#--}"); shift ;;
      --fast) fast=1; shift ;;
      --version) version=$2; shift 2 ;;
      --out) out=$2; shift 2 ;;
      *) pack_help >&2; usage "pack has no option $1" ;;
    esac
  done
  [ ${#architectures[@]} -gt 0 ] || architectures=(x64 arm64)
  [ ${#what[@]} -gt 0 ] || what=(archive deb sbom)
  [ -n "$version" ] || version=$("$root/deploy/version.sh") || exit $?
  mkdir -p "$stamps" "$out"
  exec 9>"$stamps/lock"
  flock 9
  check_tools
  setup_engine
  setup_console
  local architecture kind
  for architecture in "${architectures[@]}"; do
    for kind in "${what[@]}"; do
      case $kind in
        archive) pack_folder "$architecture"; pack_archive "$architecture" ;;
        deb) need dpkg-deb "dpkg-deb" "Debian and Ubuntu have it; elsewhere install the package dpkg."; pack_folder "$architecture"; pack_deb "$architecture" ;;
      esac
    done
  done
  case " ${what[*]} " in *" sbom "*) pack_sbom ;; esac
  exec 9>&-
  (cd "$out" && rm -f SHA256SUMS && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%f\n' | sort | xargs sha256sum >SHA256SUMS)
  (cd "$out" && ls -sh1 --block-size=MB)
}

# pack_folder ARCHITECTURE: artifacts/pack/ARCHITECTURE, made once in a run.
pack_folder() {
  local architecture=$1 folder=$root/artifacts/pack/$1
  [ "${packed[$architecture]:-}" = "$version" ] && return
  rm -rf "$folder"
  work "pack-$architecture" "Compiling for linux-$architecture" \
    dotnet publish "$root/host/Telemetry.Host/Telemetry.Host.csproj" -c Release -r "linux-$architecture" --self-contained true \
    -p:Version="$version" -p:DebugType=none -p:RunAnalyzers=false -p:GenerateDocumentationFile=false --nologo -v m -o "$folder"
  cp -r "$root/storage/console/dist" "$folder/console"
  cp "$root/LICENSE" "$root/CHANGELOG.md" "$folder/"
  cp -r "$root/docs" "$folder/docs"
  cp "$root/README.md" "$folder/docs/"
  if [ "$architecture" = x64 ]; then
    mkdir "$folder/engine"
    cp "$root/storage/engine/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so" "$folder/engine/"
  else
    echo "There is no package of the ClickHouse engine for linux-$architecture. What stores and queries needs a server: --clickhouse http://HOST:PORT" >"$folder/NO-ENGINE.txt"
  fi
  chmod -R u=rwX,go=rX "$folder"
  packed[$architecture]=$version
}

pack_archive() {
  local architecture=$1 name=telemetry-$version-linux-$1
  work "archive-$architecture" "Writing $name.tar.gz" \
    tar -C "$root/artifacts/pack" --transform "s|^$architecture|$name|" --owner=0 --group=0 --sort=name \
    --use-compress-program "gzip -${fast:-6}" -cf "$out/$name.tar.gz" "$architecture"
}

pack_deb() {
  local architecture=$1 debian=amd64 tree=$root/artifacts/pack/deb-$1 from=$root/deploy/package/debian version_deb=${version/-/\~}
  [ "$architecture" = x64 ] || debian=$architecture
  rm -rf "$tree"
  mkdir -p "$tree"/{DEBIAN,usr/lib,usr/bin,usr/lib/systemd/system,etc/telemetry,usr/share/doc/telemetry}
  cp -rl "$root/artifacts/pack/$architecture" "$tree/usr/lib/telemetry"
  ln -s ../lib/telemetry/telemetry "$tree/usr/bin/telemetry"
  install -m 644 "$from/telemetry.service" "$tree/usr/lib/systemd/system/"
  install -m 644 "$from/appsettings.json" "$tree/etc/telemetry/"
  install -m 644 "$root/LICENSE" "$tree/usr/share/doc/telemetry/copyright"
  gzip -9nc "$root/CHANGELOG.md" >"$tree/usr/share/doc/telemetry/changelog.gz"
  printf '/etc/telemetry/appsettings.json\n' >"$tree/DEBIAN/conffiles"
  install -m 755 "$from"/{postinst,prerm,postrm} "$tree/DEBIAN/"
  sed -e "s/@VERSION@/$version_deb/; s/@ARCHITECTURE@/$debian/; s/@SIZE@/$(du -sk "$tree/usr" | cut -f1)/" "$from/control" >"$tree/DEBIAN/control"
  work "deb-$architecture" "Writing telemetry_${version_deb}_$debian.deb" \
    dpkg-deb --root-owner-group -Zgzip -z"${fast:-6}" --build "$tree" "$out/telemetry_${version_deb}_$debian.deb"
}

# Two documents: what the program is compiled from (NuGet), and what the console and the engine come from (npm).
pack_sbom() {
  (cd "$root" && dotnet tool restore --verbosity quiet) >"$stamps/sbom.log" 2>&1 || { tail -5 "$stamps/sbom.log" >&2; die "The SBOM tool of .config/dotnet-tools.json could not be fetched."; }
  (cd "$root" && dotnet CycloneDX host/Telemetry.Host/Telemetry.Host.csproj --output-format Json --recursive --exclude-dev --disable-package-restore \
    --set-name telemetry --set-version "$version" --output "$out" --filename "telemetry-$version.cdx.json") >"$stamps/sbom.log" 2>&1 \
    || { tail -5 "$stamps/sbom.log" >&2; die "The SBOM could not be written; the whole output is in artifacts/setup/sbom.log"; }
  local part
  for part in console engine; do
    (cd "$root/storage/$part" && npm sbom --sbom-format cyclonedx --omit dev) >"$out/telemetry-$part-$version.cdx.json" 2>"$stamps/sbom.log" \
      || { tail -5 "$stamps/sbom.log" >&2; die "The SBOM of $part could not be written."; }
  done
  say "SBOM: telemetry-$version.cdx.json, telemetry-console-$version.cdx.json, telemetry-engine-$version.cdx.json (CycloneDX)"
}
