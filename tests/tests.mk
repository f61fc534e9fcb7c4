# SPDX-License-Identifier: EUPL-1.2
# What is run rather than built: tests, checks, fuzzing, benchmarks.

help:
	@echo 'make            build ./scelle'
	@echo 'make deps       install missing Debian packages'
	@echo 'make demo       a whole case against a site on this machine, then a forgery found'
	@echo 'make test       unit tests, then command line tests'
	@echo 'make check      floors, headers, banned functions, static analysis, clang build'
	@echo 'make asan       the tests under address and undefined-behaviour sanitizers'
	@echo 'make fuzz       each fuzz target for FUZZ_SECONDS (60)'
	@echo 'make crash      power loss at every file operation, a sample of it (CRASH_STATES)'
	@echo 'make torture    the long ones: crash states, each sync and each check taken out, contention,'
	@echo '                kill, EIO and ENOSPC at every write of a collect, gaps, 10,000 hostile pages'
	@echo 'make cover      line coverage of the tests'
	@echo 'make bench      speed as ratios against peers in the same run'
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR='

# "make test" on a bare machine installs first, then builds in a second make,
# since what pkg-config answers is not known before.
deps:
	$(Q)tests/check/deps.sh

test: deps
	$(Q)$(MAKE) --no-print-directory unit
	$(Q)$(MAKE) --no-print-directory cli

demo: deps
	$(Q)$(MAKE) --no-print-directory all $(SERVERBIN)
	$(Q)OBJ=$(O) tests/demo.sh

unit: $(TESTBIN) $(SERVERBIN) $(if $(TOOLSRC),scelle) $(O)/scelle-media $(O)/scelle-media-sight $(MO)
	$(Q)tests/run-units.sh $(O) $(TESTBIN)

cli: all $(SERVERBIN) $(PROBEBIN) $(O)/tests/contention/contend
	$(Q)OBJ=$(O) tests/run-cli.sh $(CLITESTS)

check: all
	$(Q)tests/check/floors.sh
	$(Q)tests/check/headers.sh $(CC) $(CPPFLAGS) -std=c11 $(WARN) $(PKGCFLAGS)
	$(call say,CLANG,all sources)
	$(Q)printf '%s\n' $(LIBSRC) $(TOOLSRC) $(MEDIASRC) $(SIGHTSRC) media/plain/sight.c | xargs -P 2 -n 8 clang $(CPPFLAGS) -std=c11 -O1 $(WARN) -Wno-missing-field-initializers -Wno-gnu-zero-variadic-macro-arguments \
	    $(PKGCFLAGS) $(MEDIACFLAGS) $(SIGHTCFLAGS) -fsyntax-only
	$(call say,CPPCHK,all sources)
	$(Q)cppcheck -q -j2 --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	    --suppressions-list=tests/check/cppcheck.txt \
	    --error-exitcode=1 -I. -D_GNU_SOURCE \
	    --library=tests/check/cppcheck.cfg -DSCELLE_VERSION='"0"' -DSCELLE_PREFIX='"/"' $(FLOORS) tools media
	$(call say,TIDY,all sources)
	$(Q)printf '%s\n' $(LIBSRC) $(TOOLSRC) $(MEDIASRC) $(SIGHTSRC) media/plain/sight.c | tests/check/tidy.sh $(CPPFLAGS) -std=c11 $(PKGCFLAGS) $(MEDIACFLAGS) $(SIGHTCFLAGS)
	$(call say,SHELL,scripts)
	$(Q)shellcheck -x -P SCRIPTDIR -e SC1091 $$(git ls-files '*.sh' .ci/run)
	$(Q)mandoc -T lint -W warning docs/scelle.1
	@echo 'check: all sound'

asan:
	$(Q)tests/check/asan.sh

fuzz: $(FUZZBIN)
	$(Q)tests/fuzz/run.sh $(BUILD)/fuzz $(or $(FUZZ_SECONDS),60) $(FUZZBIN)

torture: all $(SERVERBIN) $(PROBEBIN)
	$(Q)OBJ=$(O) TORTURE=1 CLI_TIMEOUT=21600 tests/run-cli.sh $(sort $(wildcard tests/torture/*.sh) $(wildcard tests/cli/*-faults*.sh) tests/cli/71-unseen.sh tests/cli/71-access-order.sh)

# In a build of its own: see tests/crash/shim.c.
crash:
	$(Q)$(MAKE) --no-print-directory MODE=crash $(BUILD)/crash/tests/crash/crash
	$(Q)$(BUILD)/crash/tests/crash/crash explore --states $(or $(CRASH_STATES),1500)

cover:
	$(Q)$(MAKE) --no-print-directory MODE=cover unit
	$(Q)lcov -q -c -d $(BUILD)/cover -o $(BUILD)/cover.info --include '$(CURDIR)/*' --exclude '*/tests/*'
	$(Q)lcov --list $(BUILD)/cover.info

bench: all $(BENCHBIN) $(SERVERBIN)
	$(Q)tests/check/deps.sh --all
	$(Q)OBJ=$(O) tests/bench/run.sh

install: all
	install -Dm755 scelle $(DESTDIR)$(PREFIX)/bin/scelle
	install -Dm755 $(O)/scelle-media $(DESTDIR)$(PREFIX)/libexec/scelle/scelle-media
	install -Dm755 $(O)/scelle-media-sight $(DESTDIR)$(PREFIX)/libexec/scelle/scelle-media-sight
	install -d $(DESTDIR)$(PREFIX)/share/scelle/profiles $(DESTDIR)$(PREFIX)/share/doc/scelle
	install -m644 profiles/*.profile $(DESTDIR)$(PREFIX)/share/scelle/profiles/
	install -Dm644 docs/scelle.1 $(DESTDIR)$(PREFIX)/share/man/man1/scelle.1
	install -m644 README.md LICENSE CHANGELOG.md docs/*.md $(DESTDIR)$(PREFIX)/share/doc/scelle/
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
	sed 's,@PREFIX@,$(PREFIX),' packaging/scelle.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/scelle.service
	install -m644 packaging/scelle.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/scelle.conf
	install -m644 packaging/scelle.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/scelle.conf
	for m in $(MO); do l=$${m#$(BUILD)/locale/}; \
	    install -Dm644 $$m $(DESTDIR)$(PREFIX)/share/locale/$$l; done

# One fuzz target: make build/fuzz/fuzz_age, then run it with libFuzzer's flags.
FUZZLIBOBJ := $(LIBSRC:%.c=$(BUILD)/fuzz/obj/%.o)
FUZZFLAGS  := -std=c11 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
              -fno-sanitize-recover=undefined
$(BUILD)/fuzz/obj/%.o: %.c
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZFLAGS) $(PKGCFLAGS) -MMD -MP -c -o $@ $<
$(FUZZBIN): $(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZLIBOBJ)
	$(call say,FUZZLD,$@)
	$(Q)clang $(CPPFLAGS) $(FUZZFLAGS) -fsanitize=fuzzer $(PKGCFLAGS) -o $@ $^ $(PKGLIBS) $(FUZZLIBS) -lpthread
# Those of media bring the libraries, as scelle-media does; media/shut.c would
# keep the fuzzer from its own files.
FUZZMEDIAOBJ := $(patsubst media/%.c,$(BUILD)/fuzz/obj/media/%.o,$(filter-out media/main.c media/shut.c,$(MEDIASRC)) media/plain/sight.c)
$(BUILD)/fuzz/obj/media/%.o: media/%.c
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZFLAGS) $(MEDIACFLAGS) -MMD -MP -c -o $@ $<
$(filter $(BUILD)/fuzz/fuzz_media_%,$(FUZZBIN)): FUZZLIBS = $(MEDIALIBS)
$(filter $(BUILD)/fuzz/fuzz_media_%,$(FUZZBIN)): $(FUZZMEDIAOBJ)

# The guide is inside the program: a changed text rebuilds it.
$(O)/cases/guide.o $(BUILD)/fuzz/obj/cases/guide.o: docs/verify-a-bundle.md
