#!/bin/sh
# run.sh - runs fuzz targets for some seconds each, JOBS at a time (2), from their corpus.
# Usage: run.sh [--canaries] SECONDS TARGET...
#
# An input that a target fails on is kept, and its path said; KEEP=FOLDER keeps new inputs there, by target.
# With --canaries the targets have their canary built in, and each must find it in that time.
canaries=no
[ "$1" = --canaries ] && { canaries=yes; shift; }
seconds=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
base=${TMPDIR:-/tmp}
[ -n "$TMPDIR" ] || [ ! -w /dev/shm ] || base=/dev/shm
work=$(mktemp -d "$base/fuzz-XXXXXX")

one() {
	name=$(basename "$1")
	own=$work/$name
	mkdir -p "$own/inputs" "$own/tmp" "$own/found"
	inputs=$own/inputs
	[ -z "$KEEP" ] || { inputs=$KEEP/$name; mkdir -p "$inputs"; }
	dictionary=$here/$name.dict
	TMPDIR=$own/tmp "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=64 -max_len=16384 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix="$own/found/" \
		$([ -f "$dictionary" ] && echo "-dict=$dictionary") \
		"$inputs" $([ -d "$here/corpus/$name" ] && echo "$here/corpus/$name") >"$own/log" 2>&1
	code=$?
	rm -rf "$own/tmp"
	speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$own/log")
	if [ "$canaries" = yes ]; then
		grep -q '^canary: ' "$own/log" && state="ok canary $name: found" ||
			state="not ok canary $name: not found in $seconds s"
	elif [ $code -eq 0 ]; then
		state="ok fuzz $name: $seconds s at $speed/s, nothing found"
	else
		saved=$(mktemp -d "/tmp/fuzz-$name-XXXXXX")
		mv "$own/found"/* "$own/log" "$saved/" 2>/dev/null
		tail -n 30 "$saved/log"
		state="not ok fuzz $name: FOUND something: $(ls "$saved"/[clot]*-* 2>/dev/null | head -n 1) (log beside it)"
	fi
	echo "$state" | tee "$own/state"
}

# So many runners, each taking the next target that nobody has taken yet.
runner() {
	for target in "$@"; do
		[ -x "$target" ] && [ -f "$target" ] || continue
		mkdir "$work/$(basename "$target")" 2>/dev/null || continue
		one "$target"
	done
}
jobs=${JOBS:-2}
while [ "$jobs" -gt 0 ]; do
	runner "$@" &
	jobs=$((jobs - 1))
done
wait
passed=$(cat "$work"/*/state 2>/dev/null | grep -c '^ok ')
failed=$(cat "$work"/*/state 2>/dev/null | grep -c '^not ok ')
rm -rf "$work"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
