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
relro = -Wl,-z,relro,-z,now,-z,noexecstack
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

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all
