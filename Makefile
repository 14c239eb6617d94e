# imdshim: build, install and test. GNU make; every rule is one of a kind, found by wildcard.
# "make help" lists what there is to make: each target with "## " behind it.

BUILD ?= build
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g

version = 0.1.0
bin = $(BUILD)/bin/imdshim
lib = $(BUILD)/lib/imdshim/libimdshim.so

# A builder's CPPFLAGS, CFLAGS and LDFLAGS are honoured and come last; -Werror is for make lint.
std = -std=c11 -D_GNU_SOURCE -DIMDSHIM_VERSION=\"$(version)\" -I. -MMD -MP
warnings = -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wvla -Wformat=2
their_fortify = $(findstring FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS))
fortify = $(if $(their_fortify),,-D_FORTIFY_SOURCE=2)
hardening = -fstack-protector-strong $(fortify)
# The same bytes wherever the sources are. gcc 7 and clang 9 know the second alone.
supported = $(shell $(CC) $(1) -E -x c /dev/null >/dev/null 2>&1 && echo $(1))
prefix_map := '$(if $(call supported,-ffile-prefix-map=a=b),-ffile,-fdebug)-prefix-map=$(CURDIR)=.'
# Without -z noseparate-code each start maps and touches two pages more; not every linker has it.
two_pages_less := $(shell echo | $(CC) -shared $(LDFLAGS) -Wl,-z,noseparate-code -x c \
	-o /dev/null - 2>/dev/null && echo -Wl,-z,noseparate-code)
relro = -Wl,-z,relro,-z,now,-z,noexecstack $(two_pages_less)
all_cflags = $(std) $(warnings) $(hardening) $(prefix_map) $(CPPFLAGS) $(CFLAGS) $(SANITIZE)

# The library goes into programs of other C libraries, which have no fortified functions, and
# carries no function that only the launcher calls.
shim_cflags = -fPIC -fvisibility=hidden -ffunction-sections -U_FORTIFY_SOURCE \
	$(if $(their_fortify),-Wp$(,)-U_FORTIFY_SOURCE) $(aarch64_cflags)
# There gcc's atomics and the stack protector need symbols that only glibc's ld.so has.
aarch64_cflags := $(if $(filter aarch64%,$(shell $(CC) -dumpmachine 2>/dev/null)),\
	-fno-stack-protector $(call supported,-mno-outline-atomics))
# A compiler may put the name of dlsym and its use into different parts of the program, real.c.
$(BUILD)/shim/hooks/real.o: shim_cflags += -fno-lto

, := ,

# The launcher may be built for another C library than the library of engines is: make release.
LAUNCHER_CC ?= $(CC)
LAUNCHER_LDFLAGS ?= $(LDFLAGS)

shim_objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard shim/*/*.c))
launcher_objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard launcher/*.c launcher/*/*.c))

# The one room that both programs share, built for each.
wire_objects = $(patsubst %.c,$(BUILD)/launcher/%.o,$(wildcard shim/wire/*.c))

# make V=1 shows the commands whole.
q = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

all: $(bin) $(lib) ## build/bin/imdshim and build/lib/imdshim/libimdshim.so

# What everything that is compiled depends on beside its sources: written again if it changes.
flags = $(BUILD)/flags
flags_now = $(strip $(CC) $(all_cflags) $(LDFLAGS) $(shim_cflags) \
	$(LAUNCHER_CC) $(LAUNCHER_LDFLAGS))
ifneq ($(shell cat $(flags) 2>/dev/null),$(flags_now))
.PHONY: $(flags)
endif
$(flags):
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(flags_now))' >$@

$(lib): $(shim_objects) shim/exports.map
	@mkdir -p $(@D)
	$(call q,LD)$(CC) $(CFLAGS) -shared -Wl,--version-script=shim/exports.map,-soname,libimdshim.so \
		$(relro) -Wl,-z,defs -Wl,--gc-sections -o $@ $(shim_objects) $(LDFLAGS)

$(bin): $(launcher_objects) $(wire_objects)
	@mkdir -p $(@D)
	$(call q,LD)$(LAUNCHER_CC) $(CFLAGS) $(SANITIZE) -pie $(relro) -Wl,--gc-sections -o $@ $^ \
		$(LAUNCHER_LDFLAGS)

# The library is never built with a sanitizer: it goes into programs that have no run time for it.
$(BUILD)/shim/%.o: override SANITIZE =
$(BUILD)/shim/%.o: shim/%.c $(flags)
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(all_cflags) $(shim_cflags) -c -o $@ $<

$(BUILD)/launcher/%.o: launcher/%.c $(flags)
	@mkdir -p $(@D)
	$(call q,CC)$(LAUNCHER_CC) $(all_cflags) -fPIE -c -o $@ $<

$(BUILD)/launcher/shim/%.o: shim/%.c $(flags)
	@mkdir -p $(@D)
	$(call q,CC)$(LAUNCHER_CC) $(all_cflags) -fPIE -c -o $@ $<

# ---- tests ------------------------------------------------------------------------------------
# tests/unit and tests/system: a program of Check tests each. tests/doubles: stand-in engines.
# What several of a room need is in its folder "support", what all need is in tests/support. The
# shim's modules are built again for unit tests, with the sanitizer; calls.o stays out, because it
# would interpose the test's own calls.

programs = $(patsubst %.c,$(BUILD)/%,$(wildcard $(1)/*.c))
unit_tests = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*/test_*.c))
system_tests = $(call programs,tests/system)
mpi_tests = $(call programs,tests/mpi)
double_programs = $(call programs,tests/doubles)
double_support = $(BUILD)/tests/doubles/support.a
# Events and messages name the engine's file: in most tests it is one of these.
engine_names = $(addprefix $(BUILD)/tests/doubles/,launcher-engine gate-engine)
doubles = $(double_programs) $(engine_names)
test_modules = $(patsubst shim/%.c,$(BUILD)/tests/shim/%.o,$(filter-out shim/hooks/calls.c,$(wildcard shim/*/*.c))) \
	$(filter-out $(BUILD)/launcher/main.o,$(launcher_objects))
support_of = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(addsuffix /*.c,$(1))))
support = $(filter-out %/main.o,$(call support_of,tests/support))
test_main = $(BUILD)/tests/support/main.o
check_libs = -lcheck -lsubunit -lm -lrt -lpthread -lutil

$(BUILD)/tests/shim/%.o: shim/%.c $(flags)
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(all_cflags) -fPIE -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c $(flags)
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(all_cflags) -fPIE -c -o $@ $<

$(BUILD)/tests/modules.a: $(test_modules)
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/tests/support.a: $(support) $(call support_of,tests/unit/support tests/system/support)
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $^

$(unit_tests) $(system_tests) $(mpi_tests): %: %.o $(test_main) $(BUILD)/tests/support.a $(double_support) \
		$(BUILD)/tests/modules.a
	$(call q,LD)$(CC) $(CFLAGS) $(SANITIZE) -pie -o $@ $^ $(check_libs) $(LDFLAGS)

# An engine is an ordinary program: no hardening of ours, and no address sanitizer, which takes the
# signal stacks and descriptor limits amiss that some are about.
$(BUILD)/tests/doubles/%: override SANITIZE := $(filter %=thread,$(SANITIZE))
$(double_support): $(call support_of,tests/doubles/support)
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $^

$(double_programs): %: %.o $(double_support)
	$(call q,LD)$(CC) $(CFLAGS) $(SANITIZE) -pie -o $@ $^ -lpthread -ldl

$(engine_names): $(BUILD)/tests/doubles/engine
	$(call q,LN)ln -f $< $@

# What make check-faults runs: programs that tell what they tried, without Check's main.
fault_programs = $(call programs,tests/faults)
$(BUILD)/tests/faults/support.a: $(call support_of,tests/faults/support) $(support)
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $^

$(fault_programs): %: %.o $(BUILD)/tests/faults/support.a $(BUILD)/tests/modules.a
	$(call q,LD)$(CC) $(CFLAGS) $(SANITIZE) -pie -o $@ $^ $(check_libs) $(LDFLAGS)

# What fuzzing feeds, tests/fuzz/support/fuzz.h: linked with libFuzzer, or else with a main of our own.
fuzz_targets = $(call programs,tests/fuzz)
fuzz_support = $(BUILD)/tests/fuzz/support/fuzz.o $(if $(FUZZER),,$(BUILD)/tests/fuzz/support/replay.o)
$(fuzz_targets): %: %.o $(fuzz_support) $(BUILD)/tests/modules.a
	$(call q,LD)$(CC) $(CFLAGS) $(SANITIZE) $(FUZZER) -pie -o $@ $^ $(LDFLAGS)

fuzz-targets: $(fuzz_targets)

$(BUILD)/tests/bench/bench: $(BUILD)/tests/bench/bench.o $(BUILD)/tests/modules.a
	$(call q,LD)$(CC) $(CFLAGS) -pie -o $@ $^ $(LDFLAGS)

$(BUILD)/tests/bench/thousand: $(BUILD)/tests/bench/thousand.o $(BUILD)/tests/support/crowd.o
	$(call q,LD)$(CC) $(CFLAGS) -pie -o $@ $^ $(LDFLAGS)

$(BUILD)/tests/bench/%.so: tests/bench/%.c
	@mkdir -p $(@D)
	$(call q,LD)$(CC) $(std) $(warnings) $(CFLAGS) -shared -fPIC -o $@ $< -ldl

# Each test program has what it needs but these: what the tests of make check-faults run.
reduced_faults = $(if $(findstring test_faults,$(TESTS)),$(fault_programs) $(fuzz_targets))
tests: all $(unit_tests) $(system_tests) $(doubles) $(fault_programs) $(fuzz_targets)

# What the test programs are told. RUN_WITH goes before the launcher: valgrind, say.
test_environment = IMDSHIM="$(RUN_WITH)$(abspath $(bin))" LIBIMDSHIM="$(abspath $(lib))" \
	DOUBLES="$(abspath $(BUILD)/tests/doubles)" SOURCE="$(CURDIR)"
all_tests = $(system_tests) $(unit_tests)
TESTS ?= $(if $(T),$(strip $(foreach test,$(all_tests),\
	$(if $(findstring $(T),$(test:$(BUILD)/tests/%=%)),$(test)))),$(all_tests))

run-tests: all $(TESTS) $(doubles) $(reduced_faults)
	$(if $(strip $(TESTS)),,$(error no test program has "$(T)" in its name))
	@$(test_environment) tests/run.sh $(TESTS)

.PRECIOUS: $(BUILD)/tests/%.o
# ---- the two commands of the README, and CI ---------------------------------------------------

# What is built here is built on all processors, unless make has been given a -j of its own.
parallel = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell getconf _NPROCESSORS_ONLN))

check: ## install what is lacking, then run every test; T=NAME: only programs with NAME in it
	@scripts/setup.sh build check || [ $$? -eq 2 ]
	@$(MAKE) $(parallel) --no-print-directory run-tests

# What needs nothing but a compiler and Check, and is not long: neither real engines, nor what
# compares times, breaks things or waits for seconds over and over. What a test may need beyond
# that is skipped, and named. These wait more than others: three for each processor.
quick_tests = $(filter-out $(addprefix $(BUILD)/tests/system/test_,completion container faults hot \
	launcher_evidence launcher_others launcher_when notify notify_ends relay_faults relay_run \
	only_me_shared pcoord real_% thousand turnaround westpa),$(all_tests))
check-quick: ## run unit tests and those with stand-in engines; needs only Check, installs nothing
	@JOBS=$${JOBS:-$$(($$(getconf _NPROCESSORS_ONLN) * 3))} \
		$(MAKE) $(parallel) --no-print-directory run-tests TESTS='$(quick_tests)'

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))

demo: ## install what is lacking, then a real GROMACS run from end to end
	@scripts/setup.sh build demo || [ $$? -eq 2 ]
	@$(MAKE) -s --no-print-directory all $(BUILD)/tests/doubles/imd-server
	@BUILD=$(BUILD) scripts/demo.sh

# Address and undefined-behaviour sanitizers in the launcher, the tests and the stand-in engines.
# The run time is linked into each program: a preloaded library may then come first.
check-asan: ## every test with address and undefined-behaviour sanitizers
	scripts/setup.sh build check || [ $$? -eq 2 ]
	$(MAKE) BUILD=$(BUILD)-asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all -static-libasan' run-tests

# Threads: the library's own modules and the engines that listen in many threads at once.
check-tsan: ## the tests of threads with the thread sanitizer
	scripts/setup.sh build check || [ $$? -eq 2 ]
	$(MAKE) BUILD=$(BUILD)-tsan CFLAGS='-O1 -g' SANITIZE='-fsanitize=thread' run-tests \
		TESTS='$(patsubst $(BUILD)/%,$(BUILD)-tsan/%,$(threaded_tests))'

# The launcher by itself; and with the engines that it starts, the library in them included, where
# valgrind's own descriptors and signals do not get in the way.
# It has no pidfd_open(2) and says so: its lines, which tests would count, go to files of their
# own, other users' too.
valgrind = valgrind -q --error-exitcode=99 --leak-check=full --log-file=$(abspath $(BUILD))/valgrind/%p
check-valgrind: ## the tests of the launcher under valgrind
	scripts/setup.sh build check || [ $$? -eq 2 ]
	rm -rf $(BUILD)/valgrind && install -d -m 1777 $(BUILD)/valgrind
	$(MAKE) run-tests RUN_WITH='$(valgrind) ' TESTS='$(filter %watch %client %client_end \
		%signals %why %events %port_file %input %install,$(system_tests))'
	$(MAKE) run-tests RUN_WITH='$(valgrind) --trace-children=yes --trace-children-skip=*/valgrind* ' \
		TESTS='$(filter %engine_ready,$(system_tests))'

# Everything is broken once, and a table of it printed: 20 minutes.
fault_parts = \
	$(BUILD)/tests/faults/calls $(BUILD)/tests/faults/library tests/faults/surroundings.sh \
	$(BUILD)/tests/faults/kills \
	'$(MAKE) fuzzers && tests/faults/fuzz.sh $(BUILD)-fuzz 20 500000' \
	$(BUILD)/tests/faults/soak \
	'tests/faults/foreign.sh cpython' \
	'tests/faults/foreign.sh servers'
check-faults: ## break everything once, and print a table of it: 20 minutes
	scripts/setup.sh build check faults || [ $$? -eq 2 ]
	$(MAKE) all $(doubles) $(fault_programs)
	$(test_environment) tests/faults/run.sh $(fault_parts)

# The fuzz targets with clang's libFuzzer. Fortified functions would hide what is read too far.
fuzzers:
	$(MAKE) BUILD=$(BUILD)-fuzz CC=clang CFLAGS='-O1 -g' FUZZER=-fsanitize=fuzzer hardening= \
		SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' fuzz-targets

# Each target for so many seconds, as many at once as there are processors. What was found stays
# in $(BUILD)-fuzz/corpus, and is where the next one begins.
# FUZZ_RUNS, if it is given, bounds the executions, and they are the same each time.
FUZZ_SECONDS ?= 600
fuzz: ## feed each fuzz target for FUZZ_SECONDS (600)
	scripts/setup.sh build clang
	$(MAKE) fuzzers
	tests/faults/fuzz.sh $(BUILD)-fuzz $(FUZZ_SECONDS) $(FUZZ_RUNS)

threaded_tests = $(filter %sockets %pending_connects %settings %epolls %event_sink %engine_contexts %engine_asked,$(unit_tests) $(system_tests))
# The newest of Open MPI, MPICH and Intel MPI, from PyPI, each in an environment of its own: some
# of their programs have the same names.
check-mpi: ## other hosts with the MPI runtimes that PyPI has
	scripts/setup.sh build check ecosystem || [ $$? -eq 2 ]
	scripts/mpi.sh $(BUILD)/mpi
	MPI="$(abspath $(BUILD)/mpi)" $(MAKE) run-tests TESTS='$(mpi_tests)'

# Compiles for other C libraries and processors, with a compiler from PyPI.
check-builds: ## compile for other C libraries and processors
	scripts/setup.sh build check || [ $$? -eq 2 ]
	scripts/builds.sh $(BUILD)-builds

# Needs PyPI too. Works below BUILD; nothing is installed that stays.
# docker is not installed: to install it is to start a daemon.
check-docker: all $(doubles) ## docker run as typed, with a daemon of our own; needs root and dockerd
	$(test_environment) tests/docker.sh

check-packages: ## build every package of scripts/packaging, and use it
	scripts/setup.sh build packaging || [ $$? -eq 2 ]
	scripts/packaging/check.sh $(BUILD)/packages $(PACKAGES)

# Other people's clients, from PyPI.
check-ecosystem: all ## MDAnalysis, imdclient, WESTPA and GromacsWrapper from PyPI; T=NAME as for check
	scripts/setup.sh build demo check ecosystem || [ $$? -eq 2 ]
	$(test_environment) tests/ecosystem/run.sh $(abspath $(BUILD)) $(if $(T),-k '$(T)')

# Not part of CI: it needs the archive's older release.
check-old-glibc: all ## load the library with the glibc of Debian 11
	BUILD=$(BUILD) scripts/old-glibc.sh

# Some tests fail here, for gcov's own files are in the way where descriptors are short, files have a
# size limit or the environment is wiped. What was executed counts all the same.
coverage: ## which lines the tests execute
	scripts/setup.sh build check || [ $$? -eq 2 ]
	rm -rf $(BUILD)-coverage
	-GCOV_ERROR_FILE=/dev/null $(MAKE) BUILD=$(BUILD)-coverage CFLAGS='-O0 -g --coverage' run-tests
	scripts/coverage.sh $(BUILD)-coverage

sources = $(sort $(wildcard shim/*/*.[ch] launcher/*.[ch] launcher/*/*.[ch] tests/*/*.[ch] \
	tests/*/support/*.[ch] tests/unit/*/*.[ch]))
shell_scripts = $(wildcard scripts/*.sh scripts/*/*.sh scripts/*/*.bash tests/*.sh tests/*/*.sh) .ci/run
pages = launcher/imdshim.1 shim/imdshim.7 shim/imdshim-figures.7

format: ## clang-format on every source
	clang-format -i $(sources)

# cppcheck takes readdir(3) for unsafe, and errx(3) for a function that returns.
lint: ## clang-format, clang-tidy, cppcheck, shellcheck and mandoc
	scripts/setup.sh build lint
	scripts/rooms.sh
	$(MAKE) -s BUILD=$(BUILD)-lint/gcc CC=gcc WERROR=-Werror all
	$(MAKE) -s BUILD=$(BUILD)-lint/clang CC=clang WERROR=-Werror all
	clang-format --dry-run -Werror $(sources)
	clang-tidy --quiet $(filter %.c,$(sources)) -- $(std)
	cppcheck --quiet --std=c11 --library=posix,gnu --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability --suppress=readdirCalled \
		--suppress=nullPointerRedundantCheck -D_GNU_SOURCE -D__x86_64__ -I. shim launcher
	shellcheck $(shell_scripts)
	! mandoc -Tlint $(pages) 2>/dev/null | grep -v 'referenced manual not found'

# ---- installation -----------------------------------------------------------------------------

root = $(DESTDIR)$(PREFIX)
installed = bin/imdshim lib/imdshim/libimdshim.so share/man/man1/imdshim.1 \
	share/man/man7/imdshim.7 share/man/man7/imdshim-figures.7 \
	share/bash-completion/completions/imdshim share/zsh/site-functions/_imdshim \
	share/fish/vendor_completions.d/imdshim.fish
installed_dirs = $(sort $(dir $(installed)))

install: all ## the same tree under PREFIX (DESTDIR is honoured)
	install -d $(foreach dir,$(installed_dirs),'$(root)/$(dir)')
	install -m 755 $(bin) '$(root)/bin'
	install -m 644 $(lib) '$(root)/lib/imdshim'
	install -m 644 launcher/imdshim.1 '$(root)/share/man/man1'
	install -m 644 shim/imdshim.7 shim/imdshim-figures.7 '$(root)/share/man/man7'
	install -m 644 scripts/completion/imdshim.bash \
		'$(root)/share/bash-completion/completions/imdshim'
	install -m 644 scripts/completion/_imdshim '$(root)/share/zsh/site-functions'
	install -m 644 scripts/completion/imdshim.fish '$(root)/share/fish/vendor_completions.d'

# Directories that are empty now go too; but those in /usr and /usr/local are the system's.
is_systems = $(if $(DESTDIR),,$(filter /usr /usr/local,$(PREFIX:/=)))
uninstall: ## remove it from there
	rm -f $(foreach file,$(installed),'$(root)/$(file)')
	@$(if $(is_systems),rmdir '$(root)/lib/imdshim' 2>/dev/null || true,$(remove_empty))
remove_empty = \
	cd '$(root)/' 2>/dev/null && rmdir -p $(installed_dirs) 2>/dev/null; \
	$(if $(DESTDIR),cd '$(DESTDIR)/' && rmdir -p '.$(PREFIX)',rmdir '$(PREFIX)') 2>/dev/null || true

# What is unpacked and run: nothing of it is built for this machine, and nothing is installed.
architectures = x86_64 aarch64
machine = $(shell uname -m)
release: ## build/release/imdshim-VERSION-linux-ARCH.tar.gz, for x86_64 and aarch64
	scripts/setup.sh build release
	scripts/release.sh $(BUILD)/release $(BUILD)-release $(version) $(architectures)

# What a user of the command sees, and where the C library beneath it might show.
launcher_tests = $(filter $(addprefix $(BUILD)/tests/system/test_,container gate list notify \
	notify_ends only_me relay relay_faults watch),$(system_tests)) \
	$(filter-out %_others %_python %_evidence %_client_end %_ends %_sanitizer,$(filter \
	$(BUILD)/tests/system/test_launcher_%,$(system_tests)))
check-release: release ## unpack and run the release with old glibc, musl, and on aarch64
	scripts/setup.sh check roots || [ $$? -eq 2 ]
	$(MAKE) $(parallel) --no-print-directory all $(doubles) $(launcher_tests)
	$(test_environment) tests/release/run.sh $(BUILD)/release $(BUILD)-release $(launcher_tests)

version: ## print the version, the one that every package has
	@echo $(version)

clean: ## remove what was built
	rm -rf $(BUILD) $(BUILD)-release $(BUILD)-asan $(BUILD)-tsan $(BUILD)-fuzz $(BUILD)-coverage $(BUILD)-lint $(BUILD)-builds

# Figures, side by side in one run; nothing is judged but that nothing adds up in many runs.
bench: ## figures of what it costs, side by side
bench: all $(BUILD)/tests/bench/bench $(BUILD)/tests/bench/empty.so $(BUILD)/tests/bench/thousand \
		$(doubles) $(BUILD)/tests/faults/soak $(BUILD)/tests/bench/moments.so
	scripts/setup.sh release bench || [ $$? -eq 2 ]
	scripts/release.sh $(BUILD)/release $(BUILD)-release $(version) $(machine)
	$(BUILD)/tests/bench/bench $(abspath $(bin)) $(abspath $(lib)) $(abspath $(BUILD)/tests/bench/empty.so) \
		$(abspath $(BUILD)-release/imdshim-$(version)-linux-$(machine)/bin/imdshim)
	$(BUILD)/tests/bench/thousand $(abspath $(bin)) $(BUILD)/tests/doubles/gated
	$(test_environment) $(BUILD)/tests/faults/soak
	tests/bench/hot.sh $(abspath $(BUILD)/tests/doubles/hot) $(abspath $(lib))
	tests/bench/notify.sh $(abspath $(bin)) $(abspath $(BUILD)/tests/doubles/calls) $(CURDIR)
	tests/support/python.sh tests/bench/turnaround.py $(bin) $(BUILD)/tests/bench/moments.so $(BUILD)/bench
	python3 tests/bench/relay.py $(bin) $(BUILD)/tests/doubles/imd-engine
	tests/support/python.sh tests/bench/instructions.py $(bin)

-include $(shell find $(BUILD) -name '*.d' -type f 2>/dev/null)
.PHONY: all bench check check-asan check-builds check-docker check-ecosystem check-faults \
	check-mpi check-old-glibc check-packages check-quick check-release check-tsan check-valgrind \
	clean coverage demo format fuzz fuzz-targets fuzzers help install lint release run-tests tests \
	uninstall version
