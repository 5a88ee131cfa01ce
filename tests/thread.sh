#!/bin/sh
# thread.sh - the daemons under ThreadSanitizer: the smoke test, and kills, flaps and full disks.
# A race is a daemon that ends with 66, which each of them sees. Usage: thread.sh BUILD
build=$1
passed=0
failed=0
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp exitcode=66"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
run() {
	if "$@" >"$out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	grep -v ' passed, [0-9]* failed$' "$out"
}
run python3 tests/system/run.py --build "$build" smoke import_again imports_in_pieces clean_stop
run python3 tests/system/hard.py --build "$build" kill --rounds 5 --slow
run python3 tests/system/hard.py --build "$build" flaps --rounds 24 --slow
run python3 tests/system/hard.py --build "$build" disk --rounds 2 --slow
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
