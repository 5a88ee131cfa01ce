#!/bin/sh
# check.sh - runs every test on one build, and closes with the count of them all.
# Usage: check.sh BUILD UNIT-PROGRAM...
build=$1
shift
passed=0
failed=0
# Takes a suite's last line, "N passed, N failed", into the sum.
add() {
	line=$(tail -n 1 "$1")
	p=$(printf '%s' "$line" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1/p')
	f=$(printf '%s' "$line" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\2/p')
	if [ -z "$p" ]; then
		echo "--- $2 ended without a count"
		p=0
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	now=$(date +%s)
	echo "--- $2: $((now - begun)) s"
	begun=$now
}
begun=$(date +%s)
out=$(mktemp)
trap 'rm -f "$out"' EXIT
# Where there is room stores stand in memory, so that no test waits for another's syncs; kills and flaps go to the disk.
memory=${TMPDIR:-/tmp}
free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
[ -n "$TMPDIR" ] || [ "${free:-0}" -lt 2097152 ] || memory=/dev/shm
# Of the faults one of thirteen here, and all of them in make faults.
TMPDIR=$memory FAULT_STEP=13 tests/run.sh "$@" | tee "$out"
add "$out" unit
tests/fuzz/run.sh 2 "$build"/fuzz/* | tee "$out"
add "$out" fuzz
"$build"/sim 1 60 2 | tee "$out"
add "$out" sim
TMPDIR=$memory python3 tests/system/run.py --build "$build" --lanes 3 | tee "$out"
add "$out" system
python3 tests/system/hard.py --build "$build" kill --rounds 4 | tee "$out"
add "$out" kills
python3 tests/system/hard.py --build "$build" flaps --rounds 24 | tee "$out"
add "$out" flaps
python3 tests/bench/smoke.py --build "$build" | tee "$out"
add "$out" bench
# What is one test by itself: it passes by its exit code.
for one in tests/layers.sh "tests/sim/canaries.sh fit"; do
	if $one; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
