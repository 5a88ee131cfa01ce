#!/bin/sh
# canaries.sh - plants each bug of canaries/*.patch in a copy of the sources, one at a time, and runs
# seeds until it is found. Prints at which seed; exit 1 if one isn't found within its bound.
# Usage: canaries.sh BUILD [NAME...]
set -e
cd "$(dirname "$0")/../.."
build=$1
shift
copy=$build/canaries
rm -rf "$copy"
mkdir -p "$copy/tests" "$copy/daemon/stationd"
cp -R lib include proto Makefile "$copy"
cp -R tests/sim tests/common "$copy/tests"
cp daemon/stationd/frames.[ch] "$copy/daemon/stationd"
make --no-print-directory -C "$copy" O=build SAN= -j2 sim-build >"$copy/make.log" 2>&1 ||
	{ cat "$copy/make.log"; exit 2; }
missed=0
found=0
for patch in tests/sim/canaries/*.patch; do
	name=$(basename "$patch" .patch)
	[ $# -eq 0 ] || echo " $* " | grep -q " $name " || continue
	bound=$(sed -n 's/^Bound: *//p' "$patch")
	patch -s -p1 -d "$copy" <"$patch"
	if make --no-print-directory -C "$copy" O=build SAN= -j2 sim-build >"$copy/make.log" 2>&1; then
		said=$("$copy/build/sim" until "$bound" 2>&1) && code=0 || code=$?
	else
		said=$(tail -n 20 "$copy/make.log")
		code=2
	fi
	printf '%-24s %s\n' "$name" "$said"
	if [ "$code" -eq 0 ]; then
		found=$((found + 1))
	else
		missed=$((missed + 1))
	fi
	patch -s -R -p1 -d "$copy" <"$patch"
done
echo "$found passed, $missed failed"
[ "$missed" -eq 0 ]
