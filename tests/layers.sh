#!/bin/sh
# layers.sh - prints each include or call that the layers forbid; exit 1 if there is one.
# Arrows: a layer may include itself, base, and what stands behind it here.
cd "$(dirname "$0")/.." || exit 1
bad=$(
	while read -r layer allowed; do
		for f in lib/"$layer"/*.[ch] include/station/"$layer"/*.h; do
			[ -f "$f" ] || continue
			grep -n '#include <station/' "$f" | while IFS= read -r line; do
				to=$(printf '%s' "$line" | sed 's/.*<station\/\([a-z]*\)\/.*/\1/')
				case " base $layer $allowed " in
				*" $to "*) ;;
				*) echo "$f: $line" ;;
				esac
			done
		done
	done <<-ARROWS
	base
	event
	trust
	store trust
	work event store trust
	apply event trust store work
	sync event trust store
	ask event trust store work
	ARROWS
	grep -n 'include <lmdb.h>' -r lib daemon include | grep -v '^lib/store/'
	grep -nE 'include <(sodium|openssl/)' -r lib daemon include | grep -v '^lib/trust/'
	grep -nE 'include <(uv|zmq|microhttpd)\.h>' -r lib daemon include | grep -v '^daemon/'
	grep -nE 'include [<"].*daemon' -r lib include
	grep -nE '\b(time|clock_gettime|gettimeofday|rand|random|getrandom|randombytes_buf|socket|pthread_create|sleep|usleep|fprintf|printf)\(' \
		-r lib --include='*.c' | grep -v 'snprintf(\|vsnprintf(\|st_buf_printf(\|world->random(\|^[^:]*:[0-9]*: \*\|lib/base/check.c'
)
if [ -n "$bad" ]; then
	printf '%s\n' "$bad"
	exit 1
fi
