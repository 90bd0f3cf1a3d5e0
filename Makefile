# UPRed Push: `make help` lists the commands; `make run` and `make test` need nothing else.
#
# Sources are found per folder, so a new file needs no line here. Everything that is made
# goes below $(BUILD) (default: build). Third-party libraries are Debian's; the packages are
# listed in tests/house/packages.sh.

BUILD     ?= build
RUN_DIR   ?= $(BUILD)/run
VERSION   := 1.0.0

PREFIX      ?= /usr/local
prefix      ?= $(PREFIX)
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
sbindir     ?= $(exec_prefix)/sbin
libexecdir  ?= $(exec_prefix)/libexec
libdir      ?= $(exec_prefix)/lib
includedir  ?= $(prefix)/include
datarootdir ?= $(prefix)/share
datadir     ?= $(datarootdir)
sysconfdir  ?= $(prefix)/etc
mandir      ?= $(datarootdir)/man
unitdir     ?= $(prefix)/lib/systemd/system
DESTDIR     ?=

ifeq ($(origin CC),default)
CC := gcc
endif
AR        ?= ar
INSTALL   ?= install
FUZZ_CC   ?= clang

# ---- flags ---------------------------------------------------------------------------------

WARNINGS  := -Wall -Wextra -Werror
MODE      := -O2 -g
HARDEN    := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
SANITIZER :=
ifeq ($(SANITIZE),1)
MODE      := -O1 -g -fno-omit-frame-pointer
HARDEN    := -fstack-protector-strong -fPIE
SANITIZER := -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif

# MariaDB's client library, or Oracle's where that is the one there is
DB_CLIENT := $(firstword $(foreach l,libmariadb mysqlclient,$(shell pkg-config --exists $l 2>/dev/null && echo $l)))
DB_CFLAGS := $(if $(DB_CLIENT),$(shell pkg-config --cflags $(DB_CLIENT)),-I/usr/include/mariadb)
DB_LIBS   := $(if $(DB_CLIENT),$(shell pkg-config --libs $(DB_CLIENT)),-lmariadb)

# FAULTS=1: programs with the steps of shared/fault.h, for tests/faults; never installed
BASE      := -std=gnu11 -D_GNU_SOURCE -DUPRED_VERSION='"$(VERSION)"' $(WARNINGS) $(if $(filter 1,$(FAULTS)),-DTEST_FAULTS)
COMPILE    = $(CC) $(BASE) $(MODE) $(HARDEN) $(SANITIZER) $(CPPFLAGS) $(CFLAGS)
LINK       = $(CC) $(MODE) $(SANITIZER) -pie -Wl,-z,relro,-z,now,--as-needed $(CFLAGS) $(LDFLAGS)

# -iquote: a header of ours (relay/chat/limits.h) must not stand in for one of the system
INC_SHARED := -iquote shared
INC_RELAY  := $(addprefix -iquote ,shared relay relay/engineio relay/socketio relay/chat)
INC_API    := $(addprefix -iquote ,shared fcgi-api fcgi-api/handlers fcgi-api/store) $(DB_CFLAGS)
INC_TESTS  := -iquote . $(INC_RELAY) $(INC_API) -iquote tests

LIBS_SIO   := -lwebsockets -lev -luuid -lssl -lcrypto -lm
LIBS_RELAY := $(LIBS_SIO) -lnanomsg
LIBS_API   := -lfcgi $(DB_LIBS) -lnanomsg -ljwt -luuid -lcrypto -lm
LIBS_TESTS := -lcmocka $(LIBS_RELAY) $(LIBS_API)

# ---- what there is -------------------------------------------------------------------------

obj_of     = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)))

SHARED_OBJ := $(call obj_of,shared/*.c)
EIO_OBJ    := $(call obj_of,relay/engineio/*.c)
SIO_OBJ    := $(call obj_of,relay/socketio/*.c)
RELAY_OBJ  := $(call obj_of,relay/*.c relay/chat/*.c)
API_OBJ    := $(call obj_of,fcgi-api/*.c fcgi-api/handlers/*.c fcgi-api/store/*.c)
# the Socket.IO room as a library: it brings along the foundation it stands on, but not the bus
LIB_OBJ    := $(EIO_OBJ) $(SIO_OBJ) \
              $(filter-out $(BUILD)/obj/shared/wire% %/nano.o %/token.o,$(SHARED_OBJ))
OBJS       := $(SHARED_OBJ) $(EIO_OBJ) $(SIO_OBJ) $(RELAY_OBJ) $(API_OBJ)

RELAY      := $(BUILD)/bin/upred-relay
API        := $(BUILD)/bin/upred-api
LIB        := $(BUILD)/lib/libsocketio.a
PROGRAMS   := $(if $(wildcard relay/main.c),$(RELAY)) $(if $(wildcard fcgi-api/main.c),$(API)) \
              $(if $(SIO_OBJ),$(LIB))

UNIT_SRC   := $(wildcard tests/unit/test_*.c)
STORE_SRC  := $(wildcard tests/store/test_*.c)
PROTO_SRC  := $(wildcard tests/protocol/*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC  := $(wildcard tests/bench/*.c)

UNIT_BIN   := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
STORE_BIN  := $(patsubst tests/store/%.c,$(BUILD)/tests/store/%,$(STORE_SRC))
PROTO_BIN  := $(patsubst tests/protocol/%.c,$(BUILD)/tests/%,$(PROTO_SRC))
FUZZ_BIN   := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
BENCH_BIN  := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))

# ---- building ------------------------------------------------------------------------------

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all objs tests unit store protocol fuzzers benches packages packages-build packages-run node \
        run start stop restart status logs test asan lint fuzz bench env-example clean help install uninstall

all: $(PROGRAMS)

objs: $(OBJS)
tests: unit store protocol
unit: $(UNIT_BIN)
store: $(STORE_BIN)
protocol: $(PROTO_BIN) $(if $(wildcard tests/protocol/suite_server.c),$(BUILD)/tests/suite-server)
fuzzers: $(FUZZ_BIN)
benches: $(BENCH_BIN)

# a change of compiler or flags rebuilds; written only when it differs
FLAGS_NOW := $(CC) $(BASE) $(MODE) $(HARDEN) $(SANITIZER) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(DB_CFLAGS) $(DB_LIBS)
ifneq ($(FLAGS_NOW),$(file <$(BUILD)/flags))
.PHONY: $(BUILD)/flags
endif
$(BUILD)/flags: export FLAGS_TEXT = $(FLAGS_NOW)
$(BUILD)/flags:
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS_TEXT" >$@

$(BUILD)/obj/shared/%.o: INCLUDES := $(INC_SHARED)
$(BUILD)/obj/relay/%.o: INCLUDES := $(INC_RELAY)
$(BUILD)/obj/fcgi-api/%.o: INCLUDES := $(INC_API)
$(BUILD)/obj/tests/%.o: INCLUDES := $(INC_TESTS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) $(INCLUDES) -MMD -MP -c -o $@ $<

# as one object, in which only the names of the installed headers can be met by those of a program
OBJCOPY   ?= objcopy
LIB_NAMES := sio_* eio_* buf_* slice_* mem_* json_* log_*
$(LIB): $(LIB_OBJ) Makefile
	@mkdir -p $(@D)
	@rm -f $@
	$(LD) -r -o $(@:.a=.o) $(LIB_OBJ)
	$(OBJCOPY) --wildcard $(LIB_NAMES:%=--keep-global-symbol='%') $(@:.a=.o)
	$(AR) rcs $@ $(@:.a=.o)

# tokens are the workers' business: the relay holds no secret
$(RELAY): $(RELAY_OBJ) $(SIO_OBJ) $(EIO_OBJ) $(filter-out %/token.o,$(SHARED_OBJ))
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS_RELAY)

$(API): $(API_OBJ) $(SHARED_OBJ)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS_API)

# ---- tests in C ----------------------------------------------------------------------------
# The top of a test names what it links:   // objects: shared/buf.o shared/json.o fcgi-api/store/*.o
# and, where it needs them, linker flags:  // ldflags: -Wl,--wrap=recv

mark        = $(shell sed -n '1,40s,^// $(2): *,,p' $(1))
marked_obj  = $(patsubst %.c,%.o,$(wildcard $(patsubst %.o,%.c,$(call mark,$(1),objects))))

# 1: source, 2: program
define c_test
$(2): $(BUILD)/obj/$(1:.c=.o) $(addprefix $(BUILD)/obj/,$(call marked_obj,$(1)))
	@mkdir -p $$(@D)
	$$(LINK) $(call mark,$(1),ldflags) -o $$@ $$^ $$(LIBS_TESTS)
endef
$(foreach t,$(UNIT_SRC),$(eval $(call c_test,$t,$(BUILD)/tests/$(notdir $(t:.c=)))))
$(foreach t,$(STORE_SRC),$(eval $(call c_test,$t,$(BUILD)/tests/store/$(notdir $(t:.c=)))))
$(foreach t,$(BENCH_SRC),$(eval $(call c_test,$t,$(BUILD)/bench/$(notdir $(t:.c=)))))

# example servers see the library and nothing else of the house
$(PROTO_BIN): $(BUILD)/tests/%: $(BUILD)/obj/tests/protocol/%.o $(LIB)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS_SIO)

# the name that the official suites are told
$(BUILD)/tests/suite-server: $(BUILD)/tests/suite_server
	ln -f $< $@

# what tests/faults load into programs: a clock that jumps, a disk that stands still
$(BUILD)/tests/clock.so $(BUILD)/tests/slowlog.so: $(BUILD)/tests/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -O1 -shared -fPIC -o $@ $<

# fuzz targets: always clang, always under the sanitizers, objects of their own
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
              -fno-sanitize-recover=undefined
$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(BASE) $(FUZZ_FLAGS) $(INC_TESTS) -MMD -MP -c -o $@ $<

define fuzz_target
$(BUILD)/fuzz/$(notdir $(1:.c=)): $(BUILD)/fuzz/obj/$(1:.c=.o) \
		$(addprefix $(BUILD)/fuzz/obj/,$(call marked_obj,$(1)))
	$$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -Wl,--as-needed \
		$(call mark,$(1),ldflags) -o $$@ $$^ $$(LIBS_RELAY) $$(LIBS_API) -lcjson
endef
$(foreach t,$(FUZZ_SRC),$(eval $(call fuzz_target,$t)))

-include $(shell find $(BUILD)/obj $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)

# ---- commands ------------------------------------------------------------------------------
# Packages come first and the build in a make of its own, because flags are asked of the
# libraries when the file is read.

jobs   = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
export BUILD RUN_DIR SANITIZE CC

packages:
	@sh tests/house/packages.sh test

packages-run:
	@sh tests/house/packages.sh run

# what "make" and "make install" need: no database server, no web server, no browser
packages-build:
	@sh tests/house/packages.sh build

node:
	@sh tests/house/npm.sh

# 1: targets. The build as one step of "make run" and its like, with its time
build_step = @began=$$(date +%s); $(MAKE) --no-print-directory -s $(jobs) $(1) || exit 1; \
	printf '  %-46s %3d.0 s\n' 'built' $$(($$(date +%s) - began))

run: packages-run
	$(call build_step,all node)
	@exec sh tests/house/house.sh run

start: packages-run
	$(call build_step,all node)
	@exec sh tests/house/house.sh start

stop status logs:
	@exec sh tests/house/house.sh $@

restart:
	@$(MAKE) --no-print-directory stop
	@$(MAKE) --no-print-directory start

test: packages
	$(call build_step,all tests $(if $(filter 1,$(SANITIZE)),,fuzzers) node)
	@exec sh tests/run.sh

asan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan RUN_DIR=$(BUILD)/asan/run SANITIZE=1 test

env-example: all
	sh tests/house/env-example.sh $(BUILD)/bin >.env.example

lint: packages
	@$(MAKE) --no-print-directory -s $(jobs) all objs
	@exec sh tests/lint/lint.sh

FUZZ_SECONDS ?= 300
fuzz: packages
	@$(MAKE) --no-print-directory -s $(jobs) fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/run-fuzz.sh

bench: packages
	@$(MAKE) --no-print-directory -s $(jobs) all benches node
	@exec sh tests/bench/run.sh

clean:
	@sh tests/house/house.sh stop >/dev/null 2>&1 || :
	rm -rf $(BUILD)

help:
	@echo 'make run        the whole chat on this machine, in the foreground (Ctrl-C stops it)'
	@echo 'make start|stop|restart|status|logs   the same in the background'
	@echo '                RELAY_PORT=5000 WEB_PORT=8080 (0: a free one) RUN_DIR=build/run WEB=apache|apache-fcgid|apache-cgid|nginx'
	@echo '                and every setting of the programs but DB_*, PORT and FCGI_SOCKET, e.g. AUTH_MODE=token LOG_LEVEL=debug'
	@echo 'make test       packages, build, every shelf of tests; SHELVES="unit talk" picks some'
	@echo 'make asan       the same tests under AddressSanitizer and UBSan'
	@echo 'make lint       the rules of the house that a command can check'
	@echo 'make fuzz       a long run of every fuzz target (FUZZ_SECONDS=300 each)'
	@echo 'make bench      figures, beside plain counterparts on this machine'
	@echo 'make            build only: $(BUILD)/bin/upred-relay, upred-api, $(BUILD)/lib/libsocketio.a'
	@echo 'make packages-build   what make and make install need, and no server: for the machine that serves'
	@echo 'make install|uninstall   prefix=$(prefix) DESTDIR=...'
	@echo 'make env-example   writes .env.example from the settings of both programs'
	@echo 'make clean      stops the house of $(RUN_DIR) and removes $(BUILD), with what was written in it'

# ---- install -------------------------------------------------------------------------------

SHARE  = $(datadir)/upred
HEADERS = relay/socketio/socketio.h relay/engineio/engineio.h shared/buf.h shared/json.h shared/log.h
UNITS  = $(wildcard apache-conf/systemd/*.service)
CLIENT = tests/node_modules/socket.io-client-4/dist
CONFS  = $(filter-out apache-conf/private-%,$(wildcard apache-conf/*.*))
PAGE   = $(patsubst www/%,%,$(shell find www -type f ! -path www/demo.json))

# demo.json, whom the page's first screen lists, comes with the first page alone: from then on it is the site's
install: all node
	$(INSTALL) -d $(DESTDIR)$(sbindir) $(DESTDIR)$(libexecdir)/upred $(DESTDIR)$(mandir)/man8 \
		$(DESTDIR)$(unitdir) $(DESTDIR)$(SHARE)/sql $(DESTDIR)$(SHARE)/apache-conf
	$(INSTALL) -m 755 $(RELAY) $(DESTDIR)$(sbindir)/upred-relay
	$(INSTALL) -m 755 $(API) $(DESTDIR)$(libexecdir)/upred/upred-api
	ln -sf $(libexecdir)/upred/upred-api $(DESTDIR)$(sbindir)/upred-api
	$(INSTALL) -m 644 relay/upred-relay.8 fcgi-api/upred-api.8 $(DESTDIR)$(mandir)/man8
	$(INSTALL) -m 644 sql/*.sql $(DESTDIR)$(SHARE)/sql
	for f in $(CONFS); do \
		sed -e 's,/usr/share/upred,$(SHARE),g' -e 's,/etc/upred/web,$(sysconfdir)/upred/web,g' \
			$$f >$(DESTDIR)$(SHARE)/$$f || exit 1; \
		chmod 644 $(DESTDIR)$(SHARE)/$$f; \
	done
	cd www && find . -type d -exec $(INSTALL) -d $(abspath $(DESTDIR)/)$(SHARE)/www/{} \;
	[ -e $(DESTDIR)$(SHARE)/www/index.html ] || $(INSTALL) -m 644 www/demo.json $(DESTDIR)$(SHARE)/www
	for f in $(PAGE); do $(INSTALL) -m 644 www/$$f $(DESTDIR)$(SHARE)/www/$$f || exit 1; done
	$(INSTALL) -d $(DESTDIR)$(SHARE)/www/vendor/socket.io
	$(INSTALL) -m 644 $(CLIENT)/socket.io.esm.min.js $(DESTDIR)$(SHARE)/www/vendor/socket.io
	$(INSTALL) -d $(DESTDIR)$(libdir) $(DESTDIR)$(includedir)/libsocketio $(DESTDIR)$(mandir)/man3
	$(INSTALL) -m 644 $(LIB) $(DESTDIR)$(libdir)/libsocketio.a
	$(INSTALL) -m 644 $(HEADERS) $(DESTDIR)$(includedir)/libsocketio
	sed 's,/usr/local/include,$(includedir),g' relay/socketio/socketio.3 >$(DESTDIR)$(mandir)/man3/socketio.3
	chmod 644 $(DESTDIR)$(mandir)/man3/socketio.3
	for u in $(UNITS); do \
		sed -e 's,@SBINDIR@,$(sbindir),g' -e 's,@LIBEXECDIR@,$(libexecdir),g' \
			-e 's,@SYSCONFDIR@,$(sysconfdir),g' $$u >$(DESTDIR)$(unitdir)/$${u##*/} || exit 1; \
		chmod 644 $(DESTDIR)$(unitdir)/$${u##*/}; \
	done
	$(INSTALL) -m 644 .env.example $(DESTDIR)$(SHARE)/env.example

# only what install puts there, and folders only when they are empty then
uninstall:
	rm -f $(DESTDIR)$(sbindir)/upred-relay $(DESTDIR)$(sbindir)/upred-api $(DESTDIR)$(libexecdir)/upred/upred-api
	rm -f $(DESTDIR)$(mandir)/man8/upred-relay.8 $(DESTDIR)$(mandir)/man8/upred-api.8
	rm -f $(DESTDIR)$(mandir)/man3/socketio.3 $(DESTDIR)$(libdir)/libsocketio.a
	rm -f $(addprefix $(DESTDIR)$(includedir)/libsocketio/,$(notdir $(HEADERS)))
	rm -f $(addprefix $(DESTDIR)$(unitdir)/,$(notdir $(UNITS)))
	rm -f $(addprefix $(DESTDIR)$(SHARE)/,$(wildcard sql/*.sql) $(CONFS) env.example)
	rm -f $(addprefix $(DESTDIR)$(SHARE)/www/,$(PAGE) vendor/socket.io/socket.io.esm.min.js)
	! cmp -s www/demo.json $(DESTDIR)$(SHARE)/www/demo.json || rm -f $(DESTDIR)$(SHARE)/www/demo.json
	-find $(DESTDIR)$(SHARE) -depth -type d -exec rmdir {} \; 2>/dev/null
	-rmdir $(DESTDIR)$(includedir)/libsocketio $(DESTDIR)$(libexecdir)/upred 2>/dev/null
