#!/bin/sh
# corpus.sh - makes the corpus: what a city really says (tests/common/seeds.c) and what people wrote
# (tests/fuzz/written), then what fuzzing has found (folders TARGET below EXTRA, and the corpus of
# before), minimised for each target. Usage: [EXTRA=FOLDER] corpus.sh BUILD
build=$1
here=$(dirname "$0")
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
mkdir "$TMPDIR/seeds" "$TMPDIR/real" "$TMPDIR/found"
"$build/tests/common/seeds" "$TMPDIR/seeds" || exit 1

# keep FROM NAME BYTES: the smallest first, until the target's corpus has so many bytes.
keep() {
	ls -Sr "$1" | while read -r file; do
		size=$(cat "$1/$file" "$here/corpus/$2"/* 2>/dev/null | wc -c)
		[ "$size" -gt "$3" ] || cp "$1/$file" "$here/corpus/$2/"
	done
}
for target in "$build"/fuzz/*; do
	[ -f "$target" ] && [ -x "$target" ] || continue
	name=$(basename "$target")
	real=$TMPDIR/real/$name found=$TMPDIR/found/$name
	mkdir -p "$TMPDIR/seeds/$name" "$real" "$found" "$here/corpus/$name"
	merge() {
		"$target" -merge=1 -max_len=16384 "$@" >"$TMPDIR/log" 2>&1 ||
			{ tail -n 20 "$TMPDIR/log"; exit 1; }
	}
	written=$([ -d "$here/written/$name" ] && echo "$here/written/$name")
	extra=$([ -n "$EXTRA" ] && [ -d "$EXTRA/$name" ] && echo "$EXTRA/$name")
	merge "$real" "$TMPDIR/seeds/$name" $written
	merge "$found" "$real" "$here/corpus/$name" $extra
	rm -f "$here/corpus/$name"/*
	keep "$real" "$name" 14000
	keep "$found" "$name" 17000
	echo "$name: $(ls "$here/corpus/$name" | wc -l) inputs, $(cat "$here/corpus/$name"/* | wc -c) bytes"
done
