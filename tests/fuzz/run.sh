#!/bin/sh
# run.sh - runs fuzz targets for some seconds each. Usage: run.sh SECONDS TARGET...
seconds=$1
shift
passed=0
failed=0
for target in "$@"; do
	[ -x "$target" ] || continue
	corpus=$(dirname "$0")/corpus/$(basename "$target")
	scratch=$(mktemp -d)
	if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=0 \
		-verbosity=0 -artifact_prefix="$scratch/" "$scratch" $([ -d "$corpus" ] && echo "$corpus") \
		>"$scratch.log" 2>&1; then
		passed=$((passed + 1))
		echo "fuzz $(basename "$target"): $seconds s, nothing found"
	else
		failed=$((failed + 1))
		tail -n 40 "$scratch.log"
		echo "fuzz $(basename "$target"): FOUND something, see $scratch"
	fi
	[ "$failed" -eq 0 ] && rm -rf "$scratch" "$scratch.log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
