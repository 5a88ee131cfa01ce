#!/bin/sh
# run.sh - runs test programs, two at once, and closes with the count of all their tests.
# Each program prints TAP; a program that dies counts as a failure. Exit 1 if anything failed.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
n=0
for program in "$@"; do
	n=$((n + 1))
	printf '%s\n%s\n' "$program" "$folder/$n"
done | xargs -n 2 -P 2 sh -c 'CMOCKA_MESSAGE_OUTPUT=TAP "$0" >"$1" 2>&1; echo $? >"$1.code"'
passed=0
failed=0
n=0
for program in "$@"; do
	n=$((n + 1))
	code=$(cat "$folder/$n.code" 2>/dev/null || echo 127)
	p=$(grep -c '^ok ' "$folder/$n")
	f=$(grep -c '^not ok ' "$folder/$n")
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$folder/$n" | awk '{ n += $1 } END { print n + 0 }')
	if [ "$f" -eq 0 ] && { [ "$code" -ne 0 ] || [ "$p" -eq 0 ] || [ "$p" -ne "$planned" ]; }; then
		f=1 # it died, or ended before its last test
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	if [ "$f" -ne 0 ]; then
		printf '%s\n' "--- $program (exit $code)"
		cat "$folder/$n"
	else
		printf '%s: %s passed\n' "${program##*/tests/}" "$p"
	fi
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
