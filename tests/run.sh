#!/bin/sh
# run.sh - runs test programs one after another and closes with the count of all their tests.
# Each program prints TAP; a program that dies counts as a failure. Exit 1 if anything failed.
passed=0
failed=0
for program in "$@"; do
	out=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1)
	code=$?
	p=$(printf '%s\n' "$out" | grep -c '^ok ')
	f=$(printf '%s\n' "$out" | grep -c '^not ok ')
	if [ $code -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	if [ "$f" -ne 0 ]; then
		printf '%s\n' "--- $program (exit $code)" "$out"
	else
		printf '%s: %s passed\n' "${program##*/tests/}" "$p"
	fi
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
