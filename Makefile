# The front door. Each target installs what it needs, after saying so.

SHELL := /bin/sh
.DEFAULT_GOAL := help
PACKAGE ?= hello

sources := $(shell find Buildd.* -name obj -prune -o -name bin -prune -o \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' \) -print) \
	$(wildcard Directory.*) global.json debian/changelog

packaging := $(shell find debian -path 'debian/.*' -prune -o -type f -print) $(wildcard docs/*.md) scripts/build-deb scripts/export-tree

# What a build needs on this machine; dpkg-dev makes the source packages of the tests.
build_packages := sbuild schroot mmdebstrap debian-archive-keyring

# What links native code.
linker_packages := gcc libc6-dev zlib1g-dev

.PHONY: help demo demo-image test soak build check bench deb pack clean packages

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: packages build ## build a real Debian package, over the wire (PACKAGE=hello)
	@scripts/demo --package '$(PACKAGE)' $(DEMO_OPTIONS)

demo-image: packages build ## a live file system with live-build, over the wire (DEMO_OPTIONS='--tool mmdebstrap')
	@scripts/require-packages git squashfs-tools
	@scripts/demo-image $(DEMO_OPTIONS)

# deb before build: it leaves in out/bin what build would compile once more.
test: packages deb build ## every test; the last line is "N passed, N failed"
	@scripts/require-packages systemd-container uidmap iproute2 dpkg-dev apt-utils curl python3 python3-twisted jq procps gcc libc6-dev sudo gnupg zstd git git-build-recipe reprepro libsqlite3-0 squashfs-tools e2fsprogs fdisk mtools xorriso lintian man-db bash-completion postgresql
	@scripts/test all

soak: packages build ## what tests do at random, at full length; the last line is "N passed, N failed"
	@scripts/require-packages systemd-container uidmap dpkg-dev gnupg sudo libsqlite3-0
	@scripts/soak $(SOAK_OPTIONS)

packages:
	@scripts/require-packages $(build_packages)

build: out/bin/buildd-slave out/bin/buildd-farm out/bin/buildd-demo ## out/bin/buildd-slave and out/bin/buildd-farm, ready to run

out/bin/buildd-slave: $(sources) scripts/build
	@scripts/require-packages $(linker_packages)
	@scripts/build slave

out/bin/buildd-farm: $(sources) scripts/build
	@scripts/build farm

out/bin/buildd-demo: $(sources) scripts/build
	@scripts/build demo

check: ## format, analysers, the architecture test
	@scripts/check

bench: packages ## the benchmarks, each with the figure it is compared with
	@scripts/require-packages nginx-light curl libsqlite3-0 $(linker_packages)
	@dotnet run --project Buildd.Benchmarks -c Release

pack: ## the NuGet packages, in out/nuget
	@scripts/pack

deb: out/deb/.made ## the Debian packages, in out/deb

out/deb/.made: $(sources) $(packaging)
	@scripts/require-packages dpkg-dev debhelper $(linker_packages)
	@scripts/build-deb
	@touch $@

clean: ## remove what was built here; cached chroots and packages stay in /var/cache/buildd
	rm -rf out
