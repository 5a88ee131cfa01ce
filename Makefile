# Makefile - builds libstation, stationd and stationctl, and runs their tests.
#
#   make            build both programs into $(O)
#   make demo       a whole city on loopback from real cases (KEEP=1 leaves it running)
#   make check      all tests, under AddressSanitizer and UBSan
#   make deps       install what is missing (Debian 12)
#   make layers     each line it prints is an arrow that design forbids
#   make flow       the data's way, from the sources' own Flow lines
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
D_O     := $(patsubst %.c,$(O)/%.o,$(wildcard daemon/stationd/*.c daemon/text/*.c))
C_O     := $(patsubst %.c,$(O)/%.o,$(wildcard daemon/stationctl/*.c daemon/text/*.c))
UNIT_C  := $(foreach l,$(LAYERS) daemon,$(wildcard tests/unit/$(l)/*.c tests/prop/$(l)/*.c))
UNIT    := $(UNIT_C:%.c=$(O)/%)
FUZZ    := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*.c))

.PHONY: all deps lib unit check demo layers flow fuzz clean install
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

$(O)/fuzz/%: tests/fuzz/%.c $(LIB_C) | $(GEN_C)
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) -std=gnu11 -g -O1 -D_GNU_SOURCE -fsanitize=fuzzer,address \
	  -o $@ $< $(LIB_C) $(GEN_C) $(LDLIBS)

-include $(LIB_O:.o=.d) $(D_O:.o=.d) $(C_O:.o=.d) $(UNIT:=.d)
