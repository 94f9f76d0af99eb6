# spinebench. `make help` lists the targets and switches.

PREFIX  ?= /usr/local
CC      ?= gcc
BUILD   ?= build
VERSION := 0.1.0

# -ffp-contract=off: evaluator and reference kernels must give the same bits on every CPU.
CFLAGS  ?= -O2 -g
SB_CFLAGS = -std=c11 -D_GNU_SOURCE -I. -Iinclude -I$(BUILD)/gen -fPIC -ffp-contract=off -pthread \
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wundef
# OpenBLAS is opened on first use (engine/kernels/openblas.h).
LDLIBS  = -lcjson -lpng -ljpeg -lprotobuf-c -lsnappy -lm

# V=1 shows the commands.
quiet = $(if $(V),,@printf '  %-4s %s\n' $(1) $@;)

# The loops of kernels are written for the vectoriser, most of which -O2 leaves off.
KERNEL_CFLAGS = -O3

# The same inner loops for every instruction set; which one runs is decided at run time.
ifeq ($(shell uname -m),x86_64)
EXTRA_simd_avx2   = -mavx2 -mfma
EXTRA_simd_avx512 = -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma
EXTRA_simd_bf16   = $(EXTRA_simd_avx512) -mavx512bf16
endif

ifdef DEBUG
CFLAGS = -O0 -g3
KERNEL_CFLAGS =
endif
ifdef WERROR
SB_CFLAGS += -Werror
endif
SANITIZE := $(if $(ASAN),address) $(if $(UBSAN),undefined) $(if $(TSAN),thread)
comma := ,
empty :=
ifneq ($(strip $(SANITIZE)),)
SAN_FLAGS = -fsanitize=$(subst $(empty) ,$(comma),$(strip $(SANITIZE))) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all
SB_CFLAGS += $(SAN_FLAGS)
endif

ifdef FUZZ
SB_CFLAGS += -fsanitize=fuzzer-no-link
endif

# Folders in the order of the include rule: each may include only those before it.
FOLDERS := base models engine datasets detect eval bench reports
SRC     := $(filter-out base/ranks_mpi.c,$(foreach d,$(FOLDERS),$(wildcard $(d)/*.c $(d)/*/*.c)))
PROTO   := $(wildcard models/*.proto)
# Files that become part of the program, as sb_zoo_files[] and so on (base/embed.h).
EMBED_zoo   := $(sort $(wildcard models/zoo/*.json))
EMBED_name  := $(sort $(wildcard models/names/*.json))
EMBED_paper := $(sort $(wildcard reports/*.json))
EMBED_weight := $(sort $(wildcard models/weights/*.safetensors))
EMBED_page  := $(sort $(wildcard reports/page/*.css reports/page/*.js))
GEN     := $(PROTO:%.proto=$(BUILD)/gen/%.pb-c.c) \
	$(patsubst %,$(BUILD)/gen/%_files.c,zoo name weight paper page)
CLI     := $(wildcard cli/*.c)
OBJ     := $(SRC:%.c=$(BUILD)/%.o) $(GEN:%.c=%.o)
CLI_OBJ := $(CLI:%.c=$(BUILD)/%.o)
TESTS   := $(wildcard tests/*/test_*.c)
SLOW    := $(wildcard tests/*/slow_*.c)
LONG    := $(wildcard tests/*/long_*.c)
bin_of   = $(1:%.c=$(BUILD)/%)

.PHONY: FORCE all demo test check check-long check-threads fuzz lint format install clean help tests
# MPI=1 also builds the program whose ranks share their work; MPICC chooses the MPI library.
MPICC ?= mpicc.openmpi
SHARED  := $(BUILD)/libspinebench.so.$(VERSION)
all: $(BUILD)/spinebench $(SHARED) $(if $(MPI),$(BUILD)/spinebench-mpi) ## the program and the library of the evaluator

help: ## this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile
	@echo "switches: MPI=1 MPICC=mpicc.openmpi DEBUG=1 ASAN=1 UBSAN=1 TSAN=1 WERROR=1 BUILD=dir PREFIX=/usr/local DESTDIR="

$(BUILD)/spinebench: $(CLI_OBJ) $(BUILD)/gen/build_info.o $(BUILD)/libspinebench.a
	$(call quiet,LINK) $(CC) $(CFLAGS) $(SB_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Two objects depend on the MPI library; spinebench-mpich is for the tests, where MPICH is installed.
MPI_REST := $(filter-out $(BUILD)/cli/main.o,$(CLI_OBJ)) $(BUILD)/gen/build_info.o \
	$(BUILD)/libspinebench.a
$(BUILD)/mpi-%/main.o $(BUILD)/mpi-%/ranks_mpi.o: cli/main.c base/ranks_mpi.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC) $* $(CFLAGS) $(SB_CFLAGS) -DSB_MPI -MMD -MP -c -o $(@D)/main.o cli/main.c
	$(call quiet,CC) $* $(CFLAGS) $(SB_CFLAGS) -MMD -MP -c -o $(@D)/ranks_mpi.o base/ranks_mpi.c

$(BUILD)/spinebench-mpi: $(BUILD)/mpi-$(MPICC)/main.o $(BUILD)/mpi-$(MPICC)/ranks_mpi.o $(MPI_REST)
	$(call quiet,LINK) $(MPICC) $(CFLAGS) $(SB_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/spinebench-mpich: $(BUILD)/mpi-mpicc.mpich/main.o $(BUILD)/mpi-mpicc.mpich/ranks_mpi.o $(MPI_REST)
	$(call quiet,LINK) mpicc.mpich $(CFLAGS) $(SB_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libspinebench.a: $(OBJ)
	$(call quiet,AR) rm -f $@ && $(AR) rcs $@ $^

# The evaluator for other programs: include/spinebench/eval.h, and nothing else that it does not need.
LIBRARY_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard eval/library*.c)) $(BUILD)/gen/build_info.o
$(SHARED): $(LIBRARY_OBJ) $(BUILD)/libspinebench.a eval/library.map
	$(call quiet,LINK) $(CC) $(CFLAGS) $(SB_CFLAGS) $(LDFLAGS) -shared -o $@ \
		-Wl,-soname,libspinebench.so.$(firstword $(subst ., ,$(VERSION))) \
		-Wl,--version-script=eval/library.map -Wl,--as-needed -Wl,-z,defs \
		$(LIBRARY_OBJ) $(BUILD)/libspinebench.a -lcjson -lm

$(BUILD)/%.o: %.c $(BUILD)/flags | $(PROTO:%.proto=$(BUILD)/gen/%.pb-c.c)
	@mkdir -p $(@D)
	$(call quiet,CC) $(CC) $(CFLAGS) $(SB_CFLAGS) $(if $(findstring /kernels/,$<),$(KERNEL_CFLAGS)) \
		$(EXTRA_$(basename $(notdir $<))) -MMD -MP -c -o $@ $<

# Generated code is not held to our warnings.
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(call quiet,CC) $(CC) $(CFLAGS) $(SB_CFLAGS) -w -c -o $@ $<

$(BUILD)/gen/%.pb-c.c: %.proto
	@mkdir -p $(@D)
	$(call quiet,GEN) protoc-c --c_out=$(BUILD)/gen $<

# The folders too: a file that is gone is newer nowhere else.
.SECONDEXPANSION:
$(BUILD)/gen/%_files.c: scripts/embed.sh $$(EMBED_$$*) $$(sort $$(dir $$(EMBED_$$*)))
	@mkdir -p $(@D)
	$(call quiet,GEN) scripts/embed.sh sb_$*_files $(EMBED_$*) > $@

# Commit, dirty state, compiler and flags, for records and `version`.
$(BUILD)/gen/build_info.c: scripts/build_info.sh FORCE
	@mkdir -p $(@D)
	@scripts/build_info.sh '$(VERSION)' '$(CC)' '$(strip $(filter-out -W% -I% -D%,$(CFLAGS) $(SB_CFLAGS)))' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# A change of compiler or flags rebuilds everything; -Werror changes no code.
ALL_FLAGS = $(filter-out -Werror,$(CC) $(CFLAGS) $(SB_CFLAGS) $(KERNEL_CFLAGS))
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(ALL_FLAGS)' | cmp -s - $@ || echo '$(ALL_FLAGS)' > $@
FORCE:

# Helpers of the tests: tests/*.c and tests/*/support_*.c.
TEST_SUPPORT := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/*.c tests/*/support_*.c)) \
	$(filter-out $(BUILD)/cli/main.o,$(CLI_OBJ))
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_SUPPORT) $(BUILD)/libspinebench.a
	$(call quiet,LINK) $(CC) $(CFLAGS) $(SB_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)
.SECONDARY:

demo: ## installs what is missing, builds, runs the main job on embedded data
	scripts/setup
	$(MAKE) all
	$(BUILD)/spinebench demo -o demo-out

test: ## installs what is missing, builds, runs every test
	scripts/setup
	$(MAKE) tests
	scripts/run_tests.sh $(BUILD) $(call bin_of,$(TESTS) $(SLOW))

# Programs over ranks, for each MPI library that is installed; sanitizers do not know MPI's memory.
HAS_MPI = $(if $(strip $(SANITIZE)),,$(shell $(1) -E -include mpi.h -x c /dev/null >/dev/null 2>&1 && echo $(2)))
tests: all $(call bin_of,$(TESTS) $(SLOW)) $(call HAS_MPI,$(MPICC),$(BUILD)/spinebench-mpi) \
	$(call HAS_MPI,mpicc.mpich,$(BUILD)/spinebench-mpich)

check: all $(call bin_of,$(TESTS)) ## the quick tests, below a minute
	scripts/run_tests.sh $(BUILD) $(call bin_of,$(TESTS))

THREADED := $(wildcard tests/base/test_pool.c tests/base/test_mem.c tests/base/test_stages.c \
	tests/engine/test_*.c tests/detect/test_pipeline.c)
check-threads: all $(call bin_of,$(THREADED)) ## the tests of what uses threads, for TSAN=1
	scripts/run_tests.sh $(BUILD) $(call bin_of,$(THREADED))

check-long: tests $(call bin_of,$(LONG)) ## every test and the long ones
	scripts/run_tests.sh $(BUILD) $(call bin_of,$(TESTS) $(SLOW) $(LONG))

# One program per function fuzz_NAME() of tests/fuzz/, with the parts that they reach.
FUZZ_NAMES := $(patsubst tests/fuzz/seeds/%,%,$(wildcard tests/fuzz/seeds/*))
FUZZ_OBJ   := $(filter $(BUILD)/base/% $(BUILD)/datasets/% $(BUILD)/eval/%,$(OBJ)) \
	$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/support_*.c) tests/datasets/support_polygon.c)
fuzz: ## the fuzz targets as libFuzzer programs build-fuzz/fuzz/NAME (clang-14)
	$(MAKE) BUILD=build-fuzz CC=clang-14 FUZZ=1 ASAN=1 UBSAN=1 $(FUZZ_NAMES:%=build-fuzz/fuzz/%)

$(BUILD)/fuzz/parts.a: $(FUZZ_OBJ)
	@mkdir -p $(@D)
	$(call quiet,AR) rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/fuzz/%: tests/fuzz/fuzz_main.c $(BUILD)/fuzz/parts.a
	$(call quiet,LINK) $(CC) $(CFLAGS) $(SB_CFLAGS) -fsanitize=fuzzer -DFUZZ_TARGET=fuzz_$* -o $@ $^ $(LDLIBS)

lint: $(GEN) ## style, include order, clang-tidy
	scripts/lint.sh $(SB_CFLAGS) $(EXTRA_simd_avx2) $(EXTRA_simd_bf16) \
		$(shell pkg-config --cflags-only-I ompi-c)

format: ## rewrites the C files in the project's style
	clang-format-14 -i $$(git ls-files '*.c' '*.h')

install: all ## into $(DESTDIR)$(PREFIX)
	scripts/install.sh "$(BUILD)" $(VERSION) "$(PREFIX)" "$(DESTDIR)"

clean: ## removes the build folder
	rm -rf $(BUILD)

-include $(OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(wildcard $(BUILD)/mpi-*/*.d) $(wildcard $(BUILD)/tests/*.d $(BUILD)/tests/*/*.d)
