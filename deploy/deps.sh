#!/bin/sh
# deps.sh - installs what stationd needs to build and to be tested, on Debian 12. Says nothing when
# everything is there.
set -eu
packages="build-essential pkg-config libzmq3-dev liblmdb-dev libprotobuf-c-dev protobuf-c-compiler
libuv1-dev libsodium-dev libssl-dev libcyaml-dev libyaml-dev libmicrohttpd-dev libcurl4-openssl-dev
libjansson-dev libcsv-dev libzstd-dev libutf8proc-dev libcmocka-dev libsystemd-dev libxlsxwriter-dev libqrencode-dev clang python3
python3-cryptography python3-yaml faketime"
missing=
for p in $packages; do
	if ! dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed'; then
		missing="$missing $p"
	fi
done
[ -n "$missing" ] || exit 0
run=
if [ "$(id -u)" -ne 0 ]; then
	run=sudo
	if ! command -v sudo >/dev/null; then
		echo "deps: as root, run: apt-get install$missing" >&2
		exit 1
	fi
fi
echo "deps: installing$missing" >&2
$run apt-get update -qq
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends $missing >/dev/null
