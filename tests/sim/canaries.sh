#!/bin/sh
# canaries.sh - plants each bug of canaries/*.patch in a copy of the sources, one at a time, and runs
# seeds until it is found. Prints at which seed; exit 1 if one isn't found within its bound.
# Usage: canaries.sh BUILD [NAME...]; JOBS copies (2) take a bug each, so the lines' order may vary.
#        canaries.sh fit: only says of each whether it can be planted, within a second
cd "$(dirname "$0")/../.." || exit 2

if [ "$1" = fit ]; then
	bad=0
	for patch in tests/sim/canaries/*.patch; do
		patch -s -p1 --dry-run <"$patch" || { echo "$patch doesn't fit"; bad=1; }
	done
	exit $bad
fi

build=$1
shift
jobs=${JOBS:-2}
work=$build/canaries
rm -rf "$work"
mkdir -p "$work/1/tests" "$work/1/daemon/stationd" "$work/said" || exit 2
cp -R lib include proto Makefile "$work/1" && cp -R tests/sim tests/common "$work/1/tests" &&
	cp daemon/stationd/frames.[ch] "$work/1/daemon/stationd" || exit 2

# Builds a copy's simulator, with so many compilers at once.
build_in() {
	make --no-print-directory -C "$1" O=build SAN= -j"$2" sim-build >"$1/make.log" 2>&1
}

# One bug in one copy: planted, looked for, taken out again.
one() {
	name=$(basename "$2" .patch)
	bound=$(sed -n 's/^Bound: *//p' "$2")
	if ! patch -s -p1 -d "$1" <"$2"; then
		said="the patch doesn't fit" code=2
	elif build_in "$1" 1; then
		said=$("$1/build/sim" until "$bound" 2>&1) && code=0 || code=$?
	else
		said=$(tail -n 20 "$1/make.log") code=2
	fi
	[ "$code" -eq 0 ] && state=found || state=missed
	printf '%-24s %s\n' "$name" "$said" | tee "$work/said/$name/$state"
	patch -s -R -p1 -d "$1" <"$2"
}

# So many runners, each taking the next bug that nobody has taken yet; from the list's end, where slow ones stand.
runner() {
	copy=$1
	shift
	for patch in $(ls -r tests/sim/canaries/*.patch); do
		name=$(basename "$patch" .patch)
		[ $# -eq 0 ] || echo " $* " | grep -q " $name " || continue
		mkdir "$work/said/$name" 2>/dev/null || continue
		one "$copy" "$patch"
	done
}

build_in "$work/1" "$jobs" || { cat "$work/1/make.log"; exit 2; }
for i in $(seq 2 "$jobs"); do
	cp -Rp "$work/1" "$work/$i" || exit 2
done
for i in $(seq "$jobs"); do
	runner "$work/$i" "$@" &
done
wait
found=$(find "$work/said" -name found | wc -l)
missed=$(($(ls "$work/said" | wc -l) - found))
echo "$found passed, $missed failed"
[ "$missed" -eq 0 ]
