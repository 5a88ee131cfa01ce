# Makefile - builds libstation, stationd and stationctl, and runs their tests.
#
#   make            build both programs into $(O)
#   make demo       a whole city on loopback from real cases (KEEP=1 leaves it running)
#   make check      all tests, under AddressSanitizer and UBSan
#   make check-thread  the daemons' threads under ThreadSanitizer
#   make bench      the figures of speed and size, as JSON (FIGURE=a,b: these; bench-compare OLD.json)
#   make fuzz       each decoder's fuzz target, FUZZ_S seconds each
#   make deps       install what is missing (Debian 12)
#   make layers     prints each arrow that the design forbids, and fails on one
#   make flow       the data's way, from the sources' own Flow lines
#   make install    into $(DESTDIR)$(PREFIX)
#
# SAN=address builds with ASan+UBSan, SAN=thread with TSan; O is the build folder.

SAN     ?=
O       ?= build$(if $(SAN),-$(SAN))
CC      ?= gcc
CLANG   ?= clang
LAYERS  ?= base event trust store work apply sync ask
PKGS    := libzmq lmdb libprotobuf-c libuv libsodium libmicrohttpd libcurl jansson libzstd libcrypto libsystemd
LDLIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lcyaml -lyaml -lcsv -lutf8proc -lpthread
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Werror
san_address := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
san_thread  := -fsanitize=thread -fno-omit-frame-pointer
OPT     ?= $(if $(SAN),-O1,-O2)
CFLAGS  += -std=gnu11 -g $(OPT) $(WARN) $(san_$(SAN)) -D_GNU_SOURCE $(if $(SAN),-DST_DEBUG)
CPPFLAGS += -Iinclude -I$(O)/gen $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDFLAGS += $(san_$(SAN))

PROTOS  := $(patsubst proto/%.proto,%,$(wildcard proto/*.proto))
GEN_C   := $(PROTOS:%=$(O)/gen/proto/%.pb-c.c)
GEN_O   := $(GEN_C:.c=.o)
LIB_C   := $(foreach l,$(LAYERS),$(wildcard lib/$(l)/*.c))
LIB_O   := $(LIB_C:%.c=$(O)/%.o) $(GEN_O)
LIB     := $(O)/libstation.a
D_O     := $(patsubst %.c,$(O)/%.o,$(wildcard daemon/stationd/*.c))
C_O     := $(patsubst %.c,$(O)/%.o,$(wildcard daemon/stationctl/*.c))
UNIT_C  := $(foreach l,$(LAYERS) daemon,$(wildcard tests/unit/$(l)/*.c tests/prop/$(l)/*.c))
UNIT    := $(UNIT_C:%.c=$(O)/%)
FUZZ    := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*.c))

.PHONY: all deps lib unit check check-thread demo layers flow fuzz clean install
.SECONDARY:

all: $(O)/stationd $(O)/stationctl
lib: $(LIB)

deps:
	@deploy/deps.sh

$(O)/gen/proto/%.pb-c.c $(O)/gen/proto/%.pb-c.h: proto/%.proto
	@mkdir -p $(O)/gen
	protoc-c --c_out=$(O)/gen $<

# Generated code answers to protobuf-c, not to our warnings.
$(O)/gen/proto/%.pb-c.o: $(O)/gen/proto/%.pb-c.c
	$(CC) -std=gnu11 -g $(OPT) $(san_$(SAN)) -I$(O)/gen -c -o $@ $<

$(O)/lib/%.o: lib/%.c | $(GEN_C)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wconversion -MMD -MP -c -o $@ $<

$(O)/%.o: %.c | $(GEN_C)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -I. $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_O)
	@rm -f $@
	ar rcs $@ $^

$(O)/stationd: $(D_O) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/stationctl: $(C_O) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A test is one program: tests/unit/<layer>/<module>.c with the library and cmocka.
$(O)/tests/%: $(O)/tests/%.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

unit: $(UNIT)
	@tests/run.sh $(UNIT)

demo: deps
	@mkdir -p $(O) && echo "building into $(O) (log: $(O)/make.log) ..."
	@$(MAKE) --no-print-directory -j2 all >$(O)/make.log 2>&1 || { cat $(O)/make.log; exit 1; }
	@python3 deploy/demo/demo.py --build $(O) $(if $(KEEP),--keep)

# Everything that must hold, on programs built with the sanitizers.
check: deps
	@$(MAKE) --no-print-directory layers
	@$(MAKE) --no-print-directory SAN=address -j2 check-build
	@tests/check.sh build-address $(UNIT:$(O)/%=build-address/%)

.PHONY: check-build
check-build: all $(UNIT) $(FUZZ)

check-thread: deps
	@$(MAKE) --no-print-directory SAN=thread -j2 all
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp exitcode=66" python3 tests/system/run.py --build build-thread smoke

FUZZ_S ?= 60
fuzz: $(FUZZ)
	@tests/fuzz/run.sh $(FUZZ_S) $(FUZZ)

layers:
	@tests/layers.sh

flow:
	@grep -h -A2 '^ \* Flow:' $$(git ls-files 'lib/*.c' 'daemon/*.c') | sed -n 's|^ \* Flow: *||p' | sed 's| *\*/$$||' | sort -u

PREFIX ?= /usr/local
install: all
	install -D -m 755 $(O)/stationd $(DESTDIR)$(PREFIX)/sbin/stationd
	install -D -m 755 $(O)/stationctl $(DESTDIR)$(PREFIX)/bin/stationctl
	install -D -m 644 deploy/systemd/stationd.service $(DESTDIR)/lib/systemd/system/stationd.service
	install -D -m 644 deploy/systemd/stationd.sysusers $(DESTDIR)/usr/lib/sysusers.d/stationd.conf
	install -D -m 640 deploy/systemd/stationd.yaml $(DESTDIR)/etc/stationd/stationd.yaml

clean:
	rm -rf build build-address build-thread

# Fuzz targets stand on a library of their own, instrumented by clang.
FUZZ_FLAGS := $(CPPFLAGS) -std=gnu11 -g -O1 -D_GNU_SOURCE -DST_DEBUG
FUZZ_O     := $(LIB_C:%.c=$(O)/fuzzed/%.o) $(GEN_C:%.c=%.fuzzed.o)
$(O)/fuzzed/%.o: %.c | $(GEN_C)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address -c -o $@ $<

%.fuzzed.o: %.c
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address -c -o $@ $<

$(O)/fuzz/%: tests/fuzz/%.c $(FUZZ_O)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer,address -o $@ $^ $(LDLIBS)

# The bench measures build/stationd and build/stationctl on this machine; a failure means that a
# daemon or a tool of the bench failed, never that a figure is missed. Standard output is JSON only.
BENCH_C := $(wildcard tests/bench/*.c)
BENCH   := $(BENCH_C:tests/bench/%.c=$(O)/bench/%)
OLD     ?= $(filter %.json,$(MAKECMDGOALS))
.PHONY: bench bench-compare bench-build $(filter %.json,$(MAKECMDGOALS))
bench-build:
	@$(MAKE) --no-print-directory -j2 deps all $(BENCH) >&2
bench: bench-build
	@python3 tests/bench/bench.py --build $(O) $(if $(FIGURE),--figure $(FIGURE))
bench-compare: bench-build
	@python3 tests/bench/bench.py --build $(O) $(if $(FIGURE),--figure $(FIGURE)) --compare $(OLD)
$(filter %.json,$(MAKECMDGOALS)): ; @:
$(O)/bench/%: $(O)/tests/bench/%.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< -llmdb -lcrypto

# The documentation that is made from the program's own tables. That the file in the tree is the one
# that is made is a test (kinds_documented): when it fails, run this and commit what changed.
.PHONY: docs
docs: $(O)/stationctl
	@mkdir -p deploy/docs && $(O)/stationctl kinds --markdown >deploy/docs/kinds.md

-include $(LIB_O:.o=.d) $(D_O:.o=.d) $(C_O:.o=.d) $(UNIT:=.d)
