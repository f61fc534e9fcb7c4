# SPDX-License-Identifier: EUPL-1.2
# Scellé.  make help lists what there is to make.

VERSION   := 0.1.0
CC        ?= gcc
PREFIX    ?= /usr/local
BUILD     ?= build
MODE      ?= release
ifeq ($(origin CC),default)
CC        := gcc
endif

PKGS      := libcurl libxml-2.0 gumbo sqlite3 libsodium libcrypto libssl libzstd libbrotlidec \
             libdeflate jansson libpcre2-8 libseccomp libpsl libidn2 zlib
TESTPKGS  := criterion
MEDIAPKGS := gexiv2 libavformat libavcodec libavutil libqpdf libarchive libxml-2.0 zlib \
             libzstd libbrotlidec
SIGHTPKGS := zbar tesseract lept

WARN      := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
             -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Werror
ifneq ($(findstring clang,$(CC)),)
# { 0 } is an initialiser, and Criterion's Test(suite, name) is a macro call.
WARN      += -Wno-missing-field-initializers -Wno-gnu-zero-variadic-macro-arguments
endif
HARDEN    := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
             -fcf-protection -fPIE
HARDENLD  := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

OPT       := -O2 -g
CFLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# Without the optimiser gcc knows no ranges and guesses.
CFLAGS_cover   := -O0 -g --coverage -Wno-format-truncation -Wno-maybe-uninitialized
ifeq ($(MODE),asan)
OPT       := $(CFLAGS_asan)
HARDEN    := -fPIE
HARDENLD  := -pie -fsanitize=address,undefined
endif
ifeq ($(MODE),cover)
OPT       := $(CFLAGS_cover)
HARDEN    := -fPIE
HARDENLD  := -pie --coverage
endif
# For the crash explorer: each call has a frame of its own.
ifeq ($(MODE),crash)
OPT       := -O1 -g -fno-inline -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-ipa-icf
HARDEN    := -fno-pie
HARDENLD  := -no-pie
endif
O         := $(BUILD)/$(MODE)

# Looked up when first used: on a bare machine "make deps" comes before.
PKGCFLAGS  = $(eval PKGCFLAGS := $(shell pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g'))$(PKGCFLAGS)
PKGLIBS    = $(eval PKGLIBS := $(shell pkg-config --libs $(PKGS)) -lresolv)$(PKGLIBS)
MEDIACFLAGS = $(eval MEDIACFLAGS := $(shell pkg-config --cflags $(MEDIAPKGS) | sed 's/-I/-isystem /g'))$(MEDIACFLAGS)
SIGHTCFLAGS = $(eval SIGHTCFLAGS := $(shell pkg-config --cflags $(SIGHTPKGS) | sed 's/-I/-isystem /g'))$(SIGHTCFLAGS)
SIGHTLIBS  = $(eval SIGHTLIBS := $(shell pkg-config --libs $(SIGHTPKGS)) -lgomp -lm)$(SIGHTLIBS)
MEDIALIBS  = $(eval MEDIALIBS := $(shell pkg-config --libs $(MEDIAPKGS) jansson libseccomp libcrypto libsodium))$(MEDIALIBS)
TESTCFLAGS = $(eval TESTCFLAGS := $(shell pkg-config --cflags $(TESTPKGS) | sed 's/-I/-isystem /g'))$(TESTCFLAGS)
TESTLIBS   = $(eval TESTLIBS := $(shell pkg-config --libs $(TESTPKGS)))$(TESTLIBS)

GITREV    := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
CPPFLAGS  += -I. -D_GNU_SOURCE -DSCELLE_VERSION='"$(VERSION)"' -DSCELLE_PREFIX='"$(PREFIX)"'
CFLAGS    += -std=c11 $(OPT) $(WARN) $(HARDEN)
LDFLAGS   += $(HARDENLD)

FLOORS    := util store parsers crawler cases
LIBSRC    := $(wildcard $(addsuffix /*.c,$(FLOORS)))
TOOLSRC   := $(wildcard tools/*.c)
MEDIASRC  := $(wildcard media/*.c)
SIGHTSRC  := $(wildcard media/sight/*.c)
TESTSRC   := $(wildcard tests/*/test_*.c)
SERVERSRC := $(wildcard tests/server/*.c)
BENCHSRC  := $(wildcard tests/bench/bench_*.c)
PROBESRC  := $(wildcard tests/tools/*.c)
FUZZSRC   := $(wildcard tests/fuzz/fuzz_*.c)
CRASHSRC  := $(wildcard tests/crash/*.c)
CONTENDSRC := $(wildcard tests/contention/*.c)
CLITESTS  := $(sort $(wildcard tests/cli/[0-9]*.sh))

LIBOBJ    := $(LIBSRC:%.c=$(O)/%.o)
TOOLOBJ   := $(TOOLSRC:%.c=$(O)/%.o)
LIB       := $(O)/libscelle.a
TESTBIN   := $(TESTSRC:%.c=$(O)/%)
SERVERBIN := $(if $(SERVERSRC),$(O)/tests/server/site)
BENCHBIN  := $(BENCHSRC:%.c=$(O)/%)
PROBEBIN  := $(PROBESRC:%.c=$(O)/%)
FUZZBIN   := $(FUZZSRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
MO        := $(patsubst po/%.po,$(BUILD)/locale/%/LC_MESSAGES/scelle.mo,$(wildcard po/*.po))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' "$(1)" "$(2)")

.PHONY: all lib help deps demo test unit cli check asan fuzz crash cover bench torture install clean po
all: $(if $(TOOLSRC),scelle) $(O)/scelle-media $(O)/scelle-media-sight lib $(MO)
lib: $(LIB)

ifeq ($(MODE),release)
scelle: $(O)/scelle
	$(Q)cp -f $< $@
else
scelle: $(O)/scelle
endif

$(O)/scelle: $(TOOLOBJ) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKGLIBS) -lpthread

# A program of its own: no library of media is mapped where keys are.
$(O)/scelle-media: $(MEDIASRC:%.c=$(O)/%.o) $(O)/media/plain/sight.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -rdynamic -Wl,--as-needed -o $@ $^ $(MEDIALIBS)

# The same, and it looks at pictures: started only where that is asked for.
$(O)/scelle-media-sight: $(MEDIASRC:%.c=$(O)/%.o) $(SIGHTSRC:%.c=$(O)/%.o) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -rdynamic -Wl,--as-needed -o $@ $^ $(MEDIALIBS) $(SIGHTLIBS)

$(O)/media/sight/%.o: media/sight/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(SIGHTCFLAGS) -MMD -MP -c -o $@ $<

$(O)/media/%.o: media/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(MEDIACFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIBOBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(O)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(PKGCFLAGS) -MMD -MP -c -o $@ $<

$(O)/tests/%.o: tests/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-conversion -Wno-pedantic -Wno-missing-prototypes \
	    $(PKGCFLAGS) $(TESTCFLAGS) -MMD -MP -c -o $@ $<

$(TESTBIN): $(O)/%: $(O)/%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKGLIBS) $(TESTLIBS) -lpthread

$(O)/tests/server/site: $(SERVERSRC:%.c=$(O)/%.o) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKGLIBS) -lpthread

$(BENCHBIN) $(PROBEBIN): $(O)/%: $(O)/%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKGLIBS) -lpthread

$(O)/tests/contention/contend: $(CONTENDSRC:%.c=$(O)/%.o) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKGLIBS) -lpthread

# What changes files goes through tests/crash/shim.c; made with MODE=crash.
CRASHWRAP := open close write pwrite ftruncate fsync fdatasync rename link unlink rmdir mkdir malloc calloc \
             realloc reallocarray strdup clock_wall_ms secret_alloc secret_free
$(O)/tests/crash/crash: $(CRASHSRC:%.c=$(O)/%.o) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(CRASHWRAP:%=-Wl,--wrap=%) -o $@ $^ $(PKGLIBS) -lpthread

$(BUILD)/locale/%/LC_MESSAGES/scelle.mo: po/%.po
	$(call say,MSGFMT,$<)
	$(Q)mkdir -p $(@D)
	$(Q)msgfmt --check -o $@ $<

-include Makefile.local
include tests/tests.mk

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean:
	$(Q)rm -rf $(BUILD) scelle
