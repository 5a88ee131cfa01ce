# Makefile - builds libstation, stationd and stationctl, and runs their tests.
#
#   make            build both programs into $(O)
#   make demo       a whole city on loopback from real cases (KEEP=1 leaves it running; CASES=FILE.csv.gz)
#   make check      all tests, under AddressSanitizer and UBSan
#   make check-thread  the daemons' threads under ThreadSanitizer
#   make prove      the hard tests, in 35 minutes (LONG=1: in hours; it can be stopped, and goes on when called again)
#   make bench      the figures of speed and size, as JSON (FIGURE=a,b: these; bench-compare OLD.json)
#   make sim        whole cities from seeds (SEEDS=n FROM=k; SEED=k one of them, VERBOSE=1 in detail)
#   make sim-canaries  plants bugs, each of which the simulator must find
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
LDLIBS  := $(shell pkg-config --libs $(filter-out libcurl,$(PKGS)) 2>/dev/null) -lcyaml -lyaml -lcsv -lutf8proc -lpthread
PKG_C   := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Werror
san_address := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
san_thread  := -fsanitize=thread -fno-omit-frame-pointer
OPT     ?= $(if $(SAN),-O1,-O2)
DEBUG   ?= $(if $(SAN),-g1,-g)
CFLAGS  += -std=gnu11 $(DEBUG) $(OPT) $(WARN) $(san_$(SAN)) -D_GNU_SOURCE $(if $(SAN),-DST_DEBUG)
CPPFLAGS += -Iinclude -I$(O)/gen $(PKG_C)
# A program loads only the libraries that it calls: a tool that starts thousands of times is there sooner.
LDFLAGS += $(san_$(SAN)) -Wl,--as-needed

PROTOS  := $(patsubst proto/%.proto,%,$(wildcard proto/*.proto))
GEN_C   := $(PROTOS:%=$(O)/gen/proto/%.pb-c.c)
GEN_O   := $(GEN_C:.c=.o)
LIB_C   := $(foreach l,$(LAYERS),$(wildcard lib/$(l)/*.c))
LIB_O   := $(LIB_C:%.c=$(O)/%.o) $(GEN_O)
LIB     := $(O)/libstation.a
D_O     := $(patsubst %.c,$(O)/%.o,$(wildcard daemon/stationd/*.c))
C_O     := $(patsubst %.c,$(O)/%.o,$(wildcard daemon/stationctl/*.c))
# The longest first, so that at the end no core waits for the other.
LONGEST := ask apply sync
UNIT_L  := $(filter $(LONGEST),$(LAYERS)) $(filter-out $(LONGEST),$(LAYERS)) daemon
UNIT_C  := $(foreach k,prop unit,$(foreach l,$(UNIT_L),$(wildcard tests/$(k)/$(l)/*.c)))
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
	$(CC) -std=gnu11 $(DEBUG) $(OPT) $(san_$(SAN)) -I$(O)/gen -c -o $@ $<

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

# What the tool alone links; the daemon loads libcurl itself, where there are hooks. The tests start the tool
# thousands of times: with the sanitizers in it and nothing to relocate that takes a third less.
TOOL_LD_address := -static-libasan -static-libubsan -no-pie
$(O)/stationctl: $(C_O) $(LIB)
	$(CC) $(LDFLAGS) $(TOOL_LD_$(SAN)) -o $@ $^ $(LDLIBS) $(shell pkg-config --libs libcurl xlsxwriter libqrencode)

# A test is one program: tests/unit/<layer>/<module>.c with the library and cmocka.
$(O)/tests/%: $(O)/tests/%.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LDLIBS) -lcmocka

# The daemon's own parts, with all of its sources but main; each program wraps what it stands in for.
UNIT_D  := $(filter $(O)/tests/unit/daemon/%,$(UNIT))
UNIT_DO := $(filter-out $(O)/daemon/stationd/main.o,$(D_O))
$(UNIT_D): $(O)/tests/%: $(O)/tests/%.o $(UNIT_DO) $(LIB)
	$(CC) $(LDFLAGS) $(UNIT_WRAP:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS) -lcmocka
$(O)/tests/unit/daemon/writer $(O)/tests/unit/daemon/link_later: UNIT_WRAP := st_apply_new st_apply_free st_apply_group
$(O)/tests/unit/daemon/import: UNIT_WRAP := writer_submit api_argument api_keep api_answered
$(O)/tests/unit/daemon/link_down $(O)/tests/prop/apply/hostile: $(O)/tests/common/city.o
$(O)/tests/unit/daemon/link_dial: UNIT_WRAP := zmq_close link_up_failed

# What a decoder allocates is counted, also by the libraries that it calls.
STATIC_LIBS := -Wl,-Bstatic -llmdb -lzstd -lprotobuf-c -ljansson -Wl,-Bdynamic
$(O)/tests/unit/sync/descriptors: LDFLAGS += -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free
$(O)/tests/unit/sync/descriptors: LDLIBS := $(STATIC_LIBS) $(LDLIBS)

unit: $(UNIT)
	@tests/run.sh $(UNIT)

demo: deps
	@mkdir -p $(O) && echo "building into $(O) (log: $(O)/make.log) ..."
	@$(MAKE) --no-print-directory -j2 all >$(O)/make.log 2>&1 || { cat $(O)/make.log; exit 1; }
	@python3 deploy/demo/demo.py --build $(O) $(if $(KEEP),--keep) $(if $(CASES),--cases $(CASES))

# Everything that must hold, on programs built with the sanitizers.
check: deps
	@$(MAKE) --no-print-directory layers
	@$(MAKE) --no-print-directory SAN=address -j2 check-build
	@tests/check.sh build-address $(FAULTS:$(O)/%=build-address/%) $(UNIT:$(O)/%=build-address/%)

.PHONY: check-build
check-build: all $(UNIT) $(FUZZ)

check-thread: deps
	@$(MAKE) --no-print-directory SAN=thread -j2 all
	@tests/thread.sh build-thread

FUZZ_S ?= 60
fuzz: $(FUZZ)
	@tests/fuzz/run.sh $(FUZZ_S) $(FUZZ)

layers:
	@tests/layers.sh

flow:
	@grep -h -A2 '^ \* Flow:' $$(git ls-files 'lib/*.c' 'daemon/*.c') | sed -n 's|^ \* Flow: *||p' | sed 's| *\*/$$||' | sort -u

# A part that fails has found a promise broken; its log stands in $(O)/prove, and what was done in report.md there.
.PHONY: prove
prove: deps
	@mkdir -p $(O)
	@$(MAKE) --no-print-directory -j2 all $(FUZZ) $(O)/preload.so >$(O)/prove-make.log 2>&1 || { cat $(O)/prove-make.log; exit 1; }
	@python3 tests/prove.py --build $(O) $(if $(LONG),--long) $(PARTS)

PREFIX ?= /usr/local
install: all
	install -D -m 755 $(O)/stationd $(DESTDIR)$(PREFIX)/sbin/stationd
	install -D -m 755 $(O)/stationctl $(DESTDIR)$(PREFIX)/bin/stationctl
	sed 's|/usr/local/|$(PREFIX)/|' deploy/systemd/stationd.service | \
		install -D -m 644 /dev/stdin $(DESTDIR)/lib/systemd/system/stationd.service
	install -D -m 644 deploy/systemd/stationd.sysusers $(DESTDIR)/usr/lib/sysusers.d/stationd.conf
	install -D -m 644 deploy/systemd/stationd.yaml $(DESTDIR)/etc/stationd/stationd.yaml
	install -d $(DESTDIR)$(PREFIX)/share/stationd/city
	install -m 644 deploy/city/*.csv $(DESTDIR)$(PREFIX)/share/stationd/city

clean:
	rm -rf build build-address build-thread

# Fuzz targets stand on a library of their own, instrumented by clang. A failure is an input that
# crashes a decoder, or brings it beyond its bounds; run.sh names the file. Generated code and
# protobuf-c are without UBSan: they shift and add in ways that it doesn't like and that do no harm.
FUZZ_FLAGS := $(CPPFLAGS) -I. -std=gnu11 -gline-tables-only -O1 -D_GNU_SOURCE -DST_DEBUG
FUZZ_SAN   := address,undefined -fno-sanitize-recover=undefined
FUZZ_O     := $(LIB_C:%.c=$(O)/fuzzed/%.o) $(GEN_C:%.c=%.fuzzed.o) $(O)/fuzzed/tests/common/city.o
FUZZ_API_O := $(patsubst %.c,$(O)/fuzzed/%.o,$(wildcard daemon/stationd/api_*.c) \
	$(addprefix daemon/stationd/,online_routes.c online_message.c online_gate.c online_file.c))
FUZZ_LD    := -Wl,--as-needed $(LDLIBS)
FUZZ_LIB   := $(O)/fuzzed/libstation.a
$(FUZZ_LIB): $(FUZZ_O)
	@rm -f $@
	ar rcs $@ $^

$(O)/fuzzed/%.o: %.c | $(GEN_C)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,$(FUZZ_SAN) -MMD -MP -c -o $@ $<

%.fuzzed.o: %.c
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address -c -o $@ $<

$(O)/fuzz/config $(O)/canary/config: $(O)/fuzzed/daemon/stationd/config.o $(O)/fuzzed/daemon/stationd/online_file.o
$(O)/fuzz/http $(O)/canary/http: $(FUZZ_API_O) $(O)/fuzzed/daemon/stationd/config.o $(O)/fuzzed/tests/common/routes.o
$(O)/fuzz/%: tests/fuzz/%.c tests/fuzz/decoders.h $(FUZZ_LIB)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $(filter %.c %.o,$^) $(FUZZ_LIB) $(FUZZ_LD)

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
# One of them runs the library itself, over a file of cases.
$(O)/bench/doors: $(O)/tests/bench/doors.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
check-build: $(BENCH)
-include $(BENCH_C:%.c=$(O)/%.d)

# The simulator: each seed that fails is a promise broken; SEED=k shows which and how (VERBOSE=1).
SIM_O    := $(patsubst %.c,$(O)/%.o,$(wildcard tests/sim/*.c)) $(O)/daemon/stationd/frames.o
SIM_WRAP := mdb_txn_begin mdb_txn_commit mdb_put mdb_cursor_put mdb_del mdb_env_sync statvfs
SEEDS    ?= 2000
FROM     ?= 1
.PHONY: sim sim-build sim-canaries
$(O)/sim: $(SIM_O) $(LIB)
	$(CC) $(LDFLAGS) $(SIM_WRAP:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS)

sim-build: $(O)/sim
check-build: sim-build
sim: $(O)/sim
	@$(O)/sim $(if $(SEED),seed $(SEED),$(FROM) $(SEEDS) 2)

# Each planted bug must be found within its bound of seeds.
sim-canaries:
	@tests/sim/canaries.sh $(O)

-include $(SIM_O:.o=.d)

# Each target with its canary in it must find it: a failure is a fuzzer that doesn't get deep.
$(O)/canary/%: tests/fuzz/%.c tests/fuzz/decoders.h $(FUZZ_LIB)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -DST_FUZZ_CANARY -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $(filter %.c %.o,$^) $(FUZZ_LIB) $(FUZZ_LD)

CANARIES := $(FUZZ:$(O)/fuzz/%=$(O)/canary/%)
CANARY_S ?= 120
.PHONY: fuzz-canaries fuzz-corpus
fuzz-canaries: $(CANARIES)
	@tests/fuzz/run.sh --canaries $(CANARY_S) $(CANARIES)

# Makes the corpus anew from real traffic, then keeps of it what each target still learns from.
fuzz-corpus: $(FUZZ) $(O)/tests/common/seeds
	@tests/fuzz/corpus.sh $(O)

$(O)/tests/common/seeds: $(O)/tests/common/seeds.o $(O)/tests/common/city.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Each call that can fail, failed once: a failure is a wrong acknowledgement, a trace of what failed, a leak,
# or a code that tells another trouble. LMDB and its like are linked as archives, so that their own calls count.
FAULT_WRAP := malloc calloc realloc strdup posix_memalign aligned_alloc pwrite writev ftruncate fdatasync \
	mdb_put mdb_del mdb_drop mdb_cursor_put mdb_cursor_del mdb_txn_commit mdb_txn_begin mdb_get mdb_cursor_open \
	mdb_cursor_get mdb_dbi_open mdb_stat
FAULTS     := $(patsubst %,$(O)/tests/fault/%,jobs votes rebuild ask links answers)
FAULT_O    := $(O)/tests/fault/inject.o $(O)/tests/fault/stage.o $(O)/tests/common/city.o
$(FAULTS): $(O)/tests/fault/%: $(O)/tests/fault/%.o $(FAULT_O) $(LIB)
	$(CC) $(LDFLAGS) $(FAULT_WRAP:%=-Wl,--wrap=%) -o $@ $(filter %.o,$^) $(LIB) $(STATIC_LIBS) $(LDLIBS)

# The API's answers need the daemon's routes, and a clock that stands.
$(O)/tests/fault/answers: $(filter $(O)/daemon/stationd/api_%.o,$(D_O)) $(O)/tests/common/routes.o \
	$(patsubst %,$(O)/daemon/stationd/%.o,online_routes online_message config)
$(O)/tests/fault/answers: FAULT_WRAP += clock_gettime

# The daemon's own loop over the steps of a rebuild.
$(O)/tests/fault/rebuild: $(O)/daemon/stationd/refold.o

check-build: $(FAULTS)

$(O)/preload.so: tests/fault/preload.c
$(O)/forkserver.so: tests/system/forkserver.c
$(O)/preload.so $(O)/forkserver.so:
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 -fPIC -shared $(WARN) -D_GNU_SOURCE -o $@ $<
check-build: $(O)/forkserver.so

# The daemon as it is shipped, with a library before it that fails one call: it ends with code 1 or goes on.
FAULT_MEMORY ?= 60
.PHONY: faults
faults:
	@$(MAKE) --no-print-directory -s SAN=address -j2 $(FAULTS:$(O)/%=build-address/%)
	@$(MAKE) --no-print-directory -s -j2 all $(O)/preload.so
	@tests/run.sh $(FAULTS:$(O)/%=build-address/%)
	@python3 tests/fault/daemon.py --build $(O) --preload $(O)/preload.so --memory $(FAULT_MEMORY)

-include $(FAULT_O:.o=.d) $(FAULTS:=.d)
-include $(patsubst %.o,%.d,$(filter $(O)/fuzzed/%,$(FUZZ_O) $(FUZZ_API_O)))

# The documentation that is made from the program's own tables. That the file in the tree is the one
# that is made is a test (kinds_documented): when it fails, run this and commit what changed.
.PHONY: docs
docs: $(O)/stationctl
	@mkdir -p deploy/docs && $(O)/stationctl kinds --markdown >deploy/docs/kinds.md
	@$(O)/stationctl ask --markdown >deploy/docs/questions.md

-include $(LIB_O:.o=.d) $(D_O:.o=.d) $(C_O:.o=.d) $(UNIT:=.d)
