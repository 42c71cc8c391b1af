# `make` lists what there is. Most targets need only Go and make. The CDK needs npm,
# which installs its Node.js, and a real kernel needs QEMU.

.DEFAULT_GOAL := help
.SILENT:
.SHELLFLAGS := -euc

GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# TESTFLAGS="-race" is for CI: the race detector needs a C compiler, compiles every package
# once more, and makes the tests three times as slow.
TESTFLAGS ?=
FUZZTIME  ?= 1m

# The flags are those of the functions and the lab's programs, so that a package is
# compiled only once. The race detector needs cgo. Without it twice as many packages are
# tested at once as there are CPUs, since many tests wait for a clock or a process.
GOTEST = $(if $(findstring -race,$(TESTFLAGS)),CGO_ENABLED=1 go test,CGO_ENABLED=0 go test -p $(TESTPACKAGES)) -trimpath $(TESTFLAGS)
TESTPACKAGES = $$((2 * $$(getconf _NPROCESSORS_ONLN)))

# Tests that need more than Go, or minutes, are in packages of their own. Each group has a
# target, and CI runs them all. `make test` runs every package that is in no group.
CDKTESTS    := ./infra/stack/synthtest ./infra/watch ./infra/hosts/powershelltest
POLICYTESTS := ./infra/policytest
MOTOTESTS   := ./infra/mototest
STORMTESTS  := ./lab/storm/stormtest
KERNELTESTS := ./lab/guest/kerneltest
GROUPS      := $(CDKTESTS) $(POLICYTESTS) $(MOTOTESTS) $(STORMTESTS) $(KERNELTESTS)

# A package without tests is left out: that of the stack has the CDK compiled, for minutes.
TESTED := go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...

FUNCTIONS := interrupt count followup

# What infra/package.json pins: the CDK's command line, and the Node.js that runs it. npm
# comes from the machine, and only installs these.
CDK     := infra/node_modules/.bin/cdk
RUN_CDK := infra/node_modules/.bin/node $(CDK)

.PHONY: help
help: ## list the targets
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# What crashcart --version says, for a checkout whose GOFLAGS keep Go from recording it.
VERSIONFLAGS = $(shell git rev-parse --git-dir >/dev/null 2>&1 && printf '%s' "-X main.linkedCommit=$$(git rev-parse HEAD) \
	-X main.linkedDate=$$(TZ=UTC0 git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd) \
	-X main.linkedChanges=$$(git status --porcelain --untracked-files=no | wc -l | tr -d ' ')")

.PHONY: install
install: ## install the operator's command, crashcart
	CGO_ENABLED=0 go install -trimpath -ldflags "-s -w $(VERSIONFLAGS)" ./cmd/crashcart
	bin=$$(go env GOBIN); if [ -z "$$bin" ]; then bin=$$(go env GOPATH); bin=$${bin%%:*}/bin; fi; \
	echo "crashcart is installed in $$bin"; \
	case ":$$PATH:" in \
	*":$$bin:"*) ;; \
	*) echo "your PATH does not have that folder; to add it in this shell: export PATH=\"$$bin:\$$PATH\"" ;; \
	esac

.PHONY: demo
demo: demo-build ## see the main job on this machine: no network, no AWS account (DEMOFLAGS=--all)
	build/demo $(DEMOFLAGS)

.PHONY: demo-vm
demo-vm: demo-build ## the main job on a real kernel under QEMU (VMFLAGS="--hang memory --keep evidence")
	build/demo --vm $(VMFLAGS)

# The compiler says nothing while it works, so this does, before it and every half a
# minute. The figures were measured with an empty build cache. The flags are the
# function's own, so that most packages are compiled only once.
.PHONY: demo-build
demo-build:
	echo 'compiling the demo: this takes seconds, or minutes the first time (2 1/2 on two idle cores, up to 8 on a busy machine)' >&2
	n=0; while sleep 30 >/dev/null 2>&1 && kill -0 $$$$ 2>/dev/null; do \
		n=$$((n + 30)); echo "still compiling the demo, after $$n s" >&2; \
	done & alive=$$!; \
	trap 'kill $$alive 2>/dev/null || true' EXIT; trap 'exit 130' HUP INT TERM; \
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o build/demo ./lab/cmd/demo

.PHONY: test
test: ## run the tests that need only Go (TESTFLAGS="-race -count=1" as in CI)
	grouped=$$(go list $(GROUPS)); \
	$(GOTEST) $$($(TESTED) | grep -vxF "$$grouped")

.PHONY: test-cdk
test-cdk: $(CDK) ## does the CDK make the templates that are kept? with cdk-nag and cfn-lint; does PowerShell parse? (npm, cfn-lint)
	$(GOTEST) $(CDKTESTS)

.PHONY: test-policy
test-policy: $(CDK) ## ask a policy evaluator what the policies allow (npm)
	$(GOTEST) $(POLICYTESTS)

.PHONY: test-moto
test-moto: $(CDK) ## send events and messages through rule, topic and queue in moto (npm, moto_server)
	$(GOTEST) $(MOTOTESTS)

.PHONY: test-storms
test-storms: ## play every storm, a small one of each
	$(GOTEST) $(STORMTESTS)

.PHONY: test-kernels
test-kernels: ## treat a real kernel as EC2 treats an instance (QEMU; builds an image the first time)
	$(GOTEST) $(KERNELTESTS)

# A second opinion on the lab's S3. CI does not run it: it compiles another server.
.PHONY: test-versitygw
test-versitygw: ## take a dump home through versitygw, another S3 (fetched and compiled the first time)
	GOBIN="$(CURDIR)/build" CGO_ENABLED=0 go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
	VERSITYGW="$(CURDIR)/build/versitygw" CGO_ENABLED=0 go test -count=1 -tags versitygw ./lab/s3/versitytest

.PHONY: storm
storm: ## ten thousand alarms under every fault (STORMFLAGS="--instances 1000")
	CGO_ENABLED=0 go run -trimpath ./lab/cmd/storm $(STORMFLAGS)

.PHONY: lab-test
lab-test: ## real kernels under QEMU: four ways in which an interrupt can end
	CGO_ENABLED=0 go run -trimpath ./lab/cmd/trial ends $(TRIALFLAGS)

.PHONY: lab-all
lab-all: ## every way in which it can end
	CGO_ENABLED=0 go run -trimpath ./lab/cmd/trial ends --all $(TRIALFLAGS)

.PHONY: lab-hangs
lab-hangs: ## every way to hang: what still answers, and what is decided
	CGO_ENABLED=0 go run -trimpath ./lab/cmd/trial hangs $(TRIALFLAGS)

.PHONY: lab-record
lab-record: ## write the serial console of every end anew, with what was true of it
	CGO_ENABLED=0 go run -trimpath ./lab/cmd/trial ends --all --record lab/trial/testdata $(TRIALFLAGS)

.PHONY: sim
sim: ## the guard over a million host-days: living machines interrupted, hangs missed (SIMFLAGS=--tenth)
	CGO_ENABLED=0 go run -trimpath ./lab/cmd/sim $(SIMFLAGS)

.PHONY: bench
bench: ## measure cold start, memory, rounds and calls beside a bare handler
	CGO_ENABLED=0 go run -trimpath ./lab/cmd/bench $(BENCHFLAGS)

.PHONY: lint
lint: ## go vet, golangci-lint with the import rule, and what the bootstraps link
	go vet ./...
	$(GOLANGCI) run ./...
	# The CDK adds 20 MB to a bootstrap and the lab has no place on AWS.
	deps=$$(go list -deps ./lambda/...); \
	if printf '%s\n' "$$deps" | grep -E 'aws-cdk-go|jsii|constructs-go|^crashcart/(lab|infra)'; then \
		echo 'the packages above must not be linked into a function' >&2; exit 1; \
	fi
	deps=$$(go list -deps ./cmd/crashcart); \
	if printf '%s\n' "$$deps" | grep -E '^crashcart/(lab|infra)'; then \
		echo 'the packages above must not be linked into the command' >&2; exit 1; \
	fi
	deps=$$(go list -deps ./lambda/domain/...); \
	if printf '%s\n' "$$deps" | grep -E '^[^/]+[.]|^crashcart/lambda/(aws|cmd|count|followup|intake)'; then \
		echo 'what decides must not link the packages above' >&2; exit 1; \
	fi

.PHONY: fmt
fmt: ## format all Go files
	$(GOLANGCI) fmt ./...

.PHONY: bootstrap
bootstrap: ## build the functions as Lambda runs them (arm64)
	for name in $(FUNCTIONS); do \
		CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -buildvcs=false \
			-ldflags "-s -w -buildid=" -tags lambda.norpc -o "build/$$name/bootstrap" "./lambda/cmd/$$name"; \
		wc -c <"build/$$name/bootstrap" | awk -v name="$$name" '{ printf "build/%s/bootstrap  %.1f MB\n", name, $$1 / 1e6 }'; \
	done

$(CDK): infra/package-lock.json
	command -v npm >/dev/null || { echo 'npm is needed to install the CDK with its Node.js' >&2; exit 1; }
	npm ci --prefix infra --silent --no-fund --no-audit
	test -x infra/node_modules/.bin/node || { echo 'npm has not run the install script of the package node, which fetches the program: allow it (npm config set ignore-scripts false), and run make again' >&2; rm -f $@; exit 1; }
	touch $@

.PHONY: synth
synth: $(CDK) ## make the CloudFormation templates (into build/cdk.out)
	$(RUN_CDK) synth --quiet
	ls build/cdk.out/*.template.json

.PHONY: diff
diff: $(CDK) ## show what a deployment would change
	$(RUN_CDK) diff

.PHONY: deploy
deploy: $(CDK) ## deploy into your AWS account (and the stack for Slack, if it is on)
	$(RUN_CDK) deploy --all

.PHONY: destroy
destroy: $(CDK) ## remove what is deployed; table, bucket, key and the interrupt function's log stay
	$(RUN_CDK) destroy --all

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (1m)
	list=$$(go test -list '^Fuzz' ./...); \
	printf '%s\n' "$$list" | awk '/^Fuzz/ { name[n++] = $$1 } /^ok/ { while (n) print $$2, name[--n] }' | \
	while read -r package target; do \
		echo "$$package $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
	done

# A package counts as reached by its own tests and by those of the groups that are about
# it. A profile has a line for every block: where it is, its statements, how often it ran.
.PHONY: cover
cover: $(CDK) ## what the tests reach: a figure per package, and build/cover.html
	rm -f build/cover*.out
	mkdir -p build
	grouped=$$(go list $(GROUPS)); \
	$(GOTEST) -coverprofile build/cover-own.out $$(go list ./... | grep -vxF "$$grouped")
	$(GOTEST) -coverpkg ./infra/... -coverprofile build/cover-cdk.out $(CDKTESTS)
	$(GOTEST) -coverpkg ./lab/... -coverprofile build/cover-lab.out $(STORMTESTS) $(KERNELTESTS)
	{ echo 'mode: set'; cat build/cover-*.out | grep -v '^mode:'; } >build/cover.out
	awk -F '[: ]' 'NR > 1 { size[$$1 ":" $$2] = $$3; if ($$4) ran[$$1 ":" $$2] = 1 } \
		END { for (at in size) { name = at; sub("/[^/]*$$", "", name); all[name] += size[at]; if (at in ran) reached[name] += size[at] } \
			for (name in all) printf "%5.1f%%  %s\n", 100 * reached[name] / all[name], name }' build/cover.out | sort -k2
	go tool cover -func build/cover.out | tail -n 1
	go tool cover -html build/cover.out -o build/cover.html

.PHONY: clean
clean: ## remove build/
	rm -rf build
