# make test is what CI runs; it needs only Go, and installs the rest (Chromium,
# PostgreSQL, zstd, gcc) from Debian where it is missing, and says so.

export PATH := $(PATH):/usr/local/go/bin:$(HOME)/go/bin
SHELL := /bin/bash

step := scripts/step

# Folders whose tests also run under the race detector: where goroutines share
# state. Folders that do not exist yet are left out.
RACE ?= policy ledger internal/db internal/live internal/httpkit
# What is long and runs in one goroutine is left to the step before.
RACE_SKIP = Tampering|EveryPair|LeavesNothing|OutsideReader|Oracle|Worlds|Backup|Restore|Disk|StoreCall|VisibleIsTheRule|DowngradeCorpus
race_packages = $(foreach dir,$(RACE),$(if $(wildcard $(dir)),./$(dir)/...))

# Where the test that takes the screenshots lives, and where they go.
SCREENSHOTS ?= ./cmd/cordon/...
screenshots_dir = $(CURDIR)/docs/images

.PHONY: test check prepare build bench fuzz vuln demo screenshots generate

# Where the files of tests lie: in memory, where the machine has a place for that. A
# disk that is asked to hold every write is most of what tests wait for, and kill -9
# takes nothing from memory either.
memory = $(shell d=/dev/shm; if [ -w $$d ] && [ $$(df -k --output=avail $$d | tail -1) -gt 4000000 ]; then echo $$d; else echo $${TMPDIR:-/tmp}; fi)

# The two longest go first, so that nothing waits for them in the end; check has vetted,
# and nobody looks into a test's binary with a debugger.
test: prepare check
	@$(step) "all tests" env TMPDIR=$(memory) go test -vet=off -ldflags=-w -parallel 4 -timeout 20m ./web ./cmd/cordon ./...
	@$(step) "tests under the race detector" env TMPDIR=$(memory) CGO_ENABLED=1 go test -race -timeout 10m -skip '$(RACE_SKIP)' $(race_packages)

prepare:
	@$(step) prepare scripts/prepare

# check holds the source to its form: formatted, vetted, true to the house
# rules, generated files fresh.
check:
	@$(step) gofmt scripts/format
	@$(step) "generated files are fresh" scripts/fresh
	@$(step) "go vet" go vet ./...
	@$(step) staticcheck go tool -modfile=tools/go.mod staticcheck ./...
	@$(step) "house rules" go test ./internal/houserules

generate:
	go tool -modfile=tools/go.mod templ generate -path web -log-level warn

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/cordon ./cmd/cordon

bench:
	go test -run '^$$' -bench . -benchmem -timeout 60m ./...

fuzz:
	scripts/fuzz 30s

# vuln asks the Go vulnerability database, which CI may not reach.
vuln:
	go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

demo:
	go run ./cmd/cordon demo

screenshots:
	mkdir -p $(screenshots_dir)
	CORDON_SCREENSHOTS=$(screenshots_dir) go test -count=1 -timeout 10m -run '^TestScreenshots$$' $(SCREENSHOTS)
