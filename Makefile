# imdshim: build, install and test. GNU make; every rule is one of a kind, found by wildcard.
#
#   make            build/bin/imdshim and build/lib/imdshim/libimdshim.so
#   make demo       install what is lacking, then a real GROMACS run from end to end
#   make check      install what is lacking, then every test
#   make install    the same tree under PREFIX (DESTDIR is honoured)

BUILD ?= build
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g

version = 0.1.0
bin = $(BUILD)/bin/imdshim
lib = $(BUILD)/lib/imdshim/libimdshim.so

std = -std=c11 -D_GNU_SOURCE -DIMDSHIM_VERSION=\"$(version)\" -I. -MMD -MP
warnings = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wvla -Wformat=2
hardening = -fstack-protector-strong -D_FORTIFY_SOURCE=2
# Without -z noseparate-code each start maps and touches two pages more.
relro = -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code
all_cflags = $(std) $(warnings) $(hardening) $(CFLAGS) $(SANITIZE)

# The launcher carries its few functions of libbsd with it where the archive is there: it starts
# faster and runs on nodes that lack the library.
archived = $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a))
bsd = $(if $(call archived,bsd),-Wl$(,)-Bstatic -lbsd -lmd -Wl$(,)-Bdynamic,-lbsd)
, := ,

shim_objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard shim/*.c))
launcher_objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard launcher/*.c))

# make V=1 shows the commands whole.
q = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

all: $(bin) $(lib)

$(lib): $(shim_objects) shim/exports.map
	@mkdir -p $(@D)
	$(call q,LD)$(CC) $(CFLAGS) -shared -Wl,--version-script=shim/exports.map,-soname,libimdshim.so \
		$(relro) -Wl,-z,defs -o $@ $(shim_objects) $(LDFLAGS)

$(bin): $(launcher_objects)
	@mkdir -p $(@D)
	$(call q,LD)$(CC) $(CFLAGS) $(SANITIZE) -pie $(relro) -o $@ $^ $(bsd) $(LDFLAGS)

# The library is never built with a sanitizer: it goes into programs that have no run time for it.
$(BUILD)/shim/%.o: SANITIZE =
$(BUILD)/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(all_cflags) -fPIC -fvisibility=hidden -c -o $@ $<

$(BUILD)/launcher/%.o: launcher/%.c
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(all_cflags) -fPIE -c -o $@ $<

# ---- tests ------------------------------------------------------------------------------------
# tests/unit and tests/system: a program of Check tests each. tests/doubles: stand-in engines.
# tests/support is linked into every test. The shim's modules are built again for unit tests, with
# the sanitizer; calls.o stays out, for it would interpose the test's own calls.

programs = $(patsubst %.c,$(BUILD)/%,$(wildcard $(1)/*.c))
unit_tests = $(call programs,tests/unit)
system_tests = $(call programs,tests/system)
doubles = $(call programs,tests/doubles)
test_modules = $(patsubst shim/%.c,$(BUILD)/tests/shim/%.o,$(filter-out shim/calls.c,$(wildcard shim/*.c))) \
	$(filter-out $(BUILD)/launcher/main.o,$(launcher_objects))
support = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
check_libs = -lcheck -lsubunit -lm -lrt -lpthread -lutil

$(BUILD)/tests/shim/%.o: shim/%.c
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(all_cflags) -fPIE -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(all_cflags) -fPIE -c -o $@ $<

$(BUILD)/tests/modules.a: $(test_modules)
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $^

$(unit_tests) $(system_tests): %: %.o $(support) $(BUILD)/tests/modules.a
	$(call q,LD)$(CC) $(CFLAGS) $(SANITIZE) -pie -o $@ $^ $(check_libs) $(bsd) $(LDFLAGS)

# An engine is an ordinary program: no hardening of ours, symbols resolved as they come. What one
# needs beyond that stands in its first lines, as "LINK: ...".
$(doubles): %: %.o
	$(call q,LD)$(CC) $(CFLAGS) $(SANITIZE) -pie -o $@ $< \
		$(shell sed -n '1,8s/.*LINK: \(.*\)/\1/p' $(patsubst $(BUILD)/%,%.c,$@)) -lpthread -ldl

$(BUILD)/tests/bench/bench: $(BUILD)/tests/bench/bench.o $(BUILD)/tests/modules.a
	$(call q,LD)$(CC) $(CFLAGS) -pie -o $@ $^ $(bsd) $(LDFLAGS)

$(BUILD)/tests/bench/empty.so: tests/bench/empty.c
	@mkdir -p $(@D)
	$(call q,LD)$(CC) $(CFLAGS) -shared -fPIC -o $@ $<

tests: all $(unit_tests) $(system_tests) $(doubles)

# What the test programs are told. RUN_WITH goes before the launcher: valgrind, say.
test_environment = IMDSHIM="$(RUN_WITH)$(abspath $(bin))" LIBIMDSHIM="$(abspath $(lib))" \
	DOUBLES="$(abspath $(BUILD)/tests/doubles)" SOURCE="$(CURDIR)"
TESTS ?= $(unit_tests) $(system_tests)

run-tests: tests
	$(test_environment) tests/run.sh $(TESTS)

.PRECIOUS: $(BUILD)/tests/%.o
# Figures, side by side in one run; nothing is judged.
bench: all $(BUILD)/tests/bench/bench $(BUILD)/tests/bench/empty.so
	$(BUILD)/tests/bench/bench $(abspath $(bin)) $(abspath $(lib)) $(abspath $(BUILD)/tests/bench/empty.so)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all bench tests run-tests
