# SPDX-License-Identifier: EUPL-1.2
# What is run rather than built: tests, checks, fuzzing, benchmarks.

unit: $(TESTBIN) $(SERVERBIN) $(if $(TOOLSRC),scelle)
	$(Q)tests/run-units.sh $(O) $(TESTBIN)

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
	$(Q)clang $(CPPFLAGS) $(FUZZFLAGS) -fsanitize=fuzzer $(PKGCFLAGS) -o $@ $^ $(PKGLIBS) -lpthread
