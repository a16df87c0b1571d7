# Shared by all targets: a failing command fails its recipe, also in a pipe.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -o errexit -o nounset -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)
# The time that images and archives give their files, in seconds since 1970: that
# of the commit, so that the same commit gives the same bytes.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
IMG ?= glassplane/manager:latest
PLATFORMS ?= linux/amd64,linux/arm64
# Platforms of the command line in a release.
CLI_PLATFORMS ?= linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64
# What is deployed: config/default, or config/kubeadm where kubeadm (or kind) made the control plane.
CONFIG ?= config/default
# Arguments of the command that demo, up and run start, such as ARGS="-o json".
ARGS ?=
# Size of the load that bench puts on a fresh local control plane.
NODES ?= 500
PODS ?= 5000

# How often bench-scheduler measures each case.
COUNT ?= 1

# What fidelity compares, at least, and the seed: random, and printed, where empty.
VERDICTS ?= 1000000
PLACEMENTS ?= 2000
SEED ?=

# How long test-web watches a busy cluster.
SOAK ?= 20s

# How many lives of pods truth makes and checks, at least.
LIVES ?= 1500

# Where build puts the binaries.
BIN ?= bin

GO ?= go
KUBECTL ?= kubectl
DOCKER ?= docker
GOARCH ?= $(shell $(GO) env GOARCH)

VERSION_PACKAGE := github.com/glassplane/glassplane/internal/version
LDFLAGS := -s -w -X $(VERSION_PACKAGE).version=$(VERSION) -X $(VERSION_PACKAGE).commit=$(COMMIT)
GO_BUILD := CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)"

# Modules of their own keep what they need out of the module that users import.
MODULES := . hack/controlplane hack/kindnode

# Packages without clients, clocks and I/O; .golangci.yml keeps them so.
PURE := admission assemble capacity component conditions convert disruption ending evidence experiment explain fault followed \
	history invariant kubelet lesson nodepool overview podtemplate redact rollout rundiff scheduler/cache \
	scheduler/decide scheduler/explanation scheduler/framework scheduler/plugins scheduler/priority scheduler/queue \
	scheduler/whatif tolerations workload

# Each tool is built when first used, from the versions in hack/tools/go.mod.
TOOLS_DIR ?= $(CURDIR)/bin/tools
CONTROLLER_GEN := $(TOOLS_DIR)/controller-gen
CYCLONEDX_GOMOD := $(TOOLS_DIR)/cyclonedx-gomod
# golangci-lint, with kube-api-linter as a plugin.
GOLANGCI_LINT := $(TOOLS_DIR)/golangci-lint-kube-api-linter
GOTESTSUM := $(TOOLS_DIR)/gotestsum
GOVULNCHECK := $(TOOLS_DIR)/govulncheck
KUSTOMIZE := $(TOOLS_DIR)/kustomize
SETUP_ENVTEST := $(TOOLS_DIR)/setup-envtest

# The page's libraries and what checks it, as hack/page/package-lock.json has them.
PAGE_MODULES := hack/page/node_modules/.package-lock.json

# What the cache is to have: what the target at hand needs, and no more.
BINARIES := etcd kube-apiserver kube-controller-manager
test: BINARIES += kubectl kube-scheduler
truth: BINARIES += kubectl
fidelity: BINARIES += kube-scheduler

##@ General

.PHONY: all
all: generate manifests build ## Regenerate and build everything.

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage: make \033[36m<target>\033[0m\n"} \
		/^[a-zA-Z_-]+:.*?##/ {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2} \
		/^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)}' $(MAKEFILE_LIST)

.PHONY: demo
demo: controlplane build ## Run one request through a local control plane and explain it.
	bin/glassplane demo $(ARGS)

.PHONY: up
up: controlplane build ## Start a local control plane and keep it until Ctrl-C.
	bin/glassplane up $(ARGS)

##@ Development

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## Generate the CRDs in config/crd/bases.
	$(CONTROLLER_GEN) crd paths=./api/... output:crd:artifacts:config=config/crd/bases

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Generate the DeepCopy methods of the API types.
	$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: vendor
vendor: $(PAGE_MODULES) ## Write the page's libraries to internal/web/page/static/vendor.
	node hack/page/vendor.mjs

.PHONY: fmt
fmt: ## Format all Go code.
	$(foreach module,$(MODULES),$(GO) -C $(module) fmt ./... &&) true

.PHONY: vet
vet: ## Run go vet.
	$(foreach module,$(MODULES),$(GO) -C $(module) vet ./... &&) true

.PHONY: lint
lint: lint-api lint-page ## Check code, dependency rules and API conventions.
	$(foreach module,$(MODULES),(cd $(module) && $(GOLANGCI_LINT) run --config $(CURDIR)/.golangci.yml $(ARGS)) &&) true

.PHONY: lint-api
lint-api: $(GOLANGCI_LINT) ## Check that the API types follow the Kubernetes API conventions.
	$(GOLANGCI_LINT) run --config .golangci-api.yml ./api/...

.PHONY: lint-page
lint-page: $(PAGE_MODULES) ## Check the types that JSDoc gives the page's modules.
	hack/page/node_modules/.bin/tsc --project hack/page

.PHONY: verify
verify: $(CONTROLLER_GEN) $(KUSTOMIZE) $(PAGE_MODULES) ## Check that generated code, CRDs, modules and manifests are current.
	TOOLS_DIR=$(TOOLS_DIR) hack/verify.sh

.PHONY: vulncheck
vulncheck: $(GOVULNCHECK) ## Check the modules for known vulnerabilities, where the database can be reached.
	hack/vulncheck.sh $(GOVULNCHECK) $(MODULES)

##@ Testing

.PHONY: test
test: test-page controlplane $(GOTESTSUM) ## Run all tests, those against a real API server too, with -race.
	assets="$$(cd hack/controlplane && $(GO) run . --print-dir)"; \
	KUBEBUILDER_ASSETS="$$assets" $(GOTESTSUM) --format pkgname --raw-command -- \
		hack/gotest.sh $(MODULES) -- -race -timeout=30m $(ARGS) ./...

.PHONY: test-unit
test-unit: $(GOTESTSUM) ## Run the tests of the pure packages: quick, and no API server is needed.
	$(GOTESTSUM) --format pkgname -- -race $(ARGS) $(PURE:%=./internal/%/...)

.PHONY: test-page
test-page: node ## Run the tests of the page's model and timeline in node.
	node --test internal/web/page/test/*.test.js

.PHONY: test-web
test-web: controlplane chromium $(PAGE_MODULES) ## Test the page in a real browser, screenshots in bin/screenshots: make test-web SOAK=10m.
	assets="$$(cd hack/controlplane && $(GO) run . --print-dir)"; rm -rf bin/screenshots; \
	KUBEBUILDER_ASSETS="$$assets" SOAK=$(SOAK) $(GO) test -tags=web -count=1 -timeout=30m -v ./test/web $(ARGS)

.PHONY: docs-images
docs-images: ## Make the pictures in docs/images anew: screenshots of a real run.
	$(MAKE) test-web SOAK=1s ARGS='-ginkgo.label-filter=screenshots'
	hack/page/images.sh bin/screenshots docs/images

# Built as the control plane's binaries are, so that Go's build cache serves both.
.PHONY: fidelity
fidelity: controlplane ## Compare our scheduler with kube-scheduler: make fidelity SEED=1.
	assets="$$(cd hack/controlplane && $(GO) run . --print-dir)"; cd test/fidelity && \
	KUBEBUILDER_ASSETS="$$assets" SEED=$(SEED) VERDICTS=$(VERDICTS) PLACEMENTS=$(PLACEMENTS) \
		CGO_ENABLED=0 $(GO) test -trimpath -count=1 -timeout=30m -v $(ARGS) .

.PHONY: truth
truth: controlplane ## Compare all that is told of requests with etcd and the audit log: make truth LIVES=1500.
	assets="$$(cd hack/controlplane && $(GO) run . --print-dir)"; \
	KUBEBUILDER_ASSETS="$$assets" LIVES=$(LIVES) $(GO) test -count=1 -timeout=60m -v ./test/truth $(ARGS)

.PHONY: test-e2e
test-e2e: ## Run the tests on a kind cluster that is made for them.
	$(GO) test -v -tags=e2e -count=1 -timeout=70m ./test/e2e -ginkgo.timeout=65m -ginkgo.v $(ARGS)

.PHONY: bench
bench: controlplane ## Measure throughput and latency: make bench NODES=500 PODS=5000.
	$(GO) run ./test/scale --nodes=$(NODES) --pods=$(PODS) $(ARGS)

.PHONY: bench-scheduler
bench-scheduler: ## Measure decisions on one core, ready for benchstat: make bench-scheduler COUNT=10.
	$(GO) test -run='^$$' -bench=. -benchmem -cpu=1 -count=$(COUNT) $(ARGS) ./internal/scheduler/decide ./internal/scheduler/cache

##@ Build

.PHONY: build
build: ## Build bin/manager and bin/glassplane, which is also the kubectl plugin and its completion.
	$(GO_BUILD) -o $(BIN)/ ./cmd/...
	ln -sf glassplane $(BIN)/kubectl-glassplane
	ln -sf glassplane $(BIN)/kubectl_complete-glassplane

.PHONY: controlplane
controlplane: ## Find, download or build the binaries of the local control plane: make controlplane CONTROLPLANE=build.
	cd hack/controlplane && $(GO) run . $(BINARIES)

.PHONY: run
run: ## Run all components against the current context of kubectl.
	$(GO) run -ldflags "$(LDFLAGS)" ./cmd/manager $(ARGS)

bin/linux_%/manager: FORCE
	GOOS=linux GOARCH=$* $(GO_BUILD) -o $@ ./cmd/manager

# For example bin/darwin_arm64/glassplane.
bin/%/glassplane: FORCE
	GOOS=$(word 1,$(subst _, ,$*)) GOARCH=$(word 2,$(subst _, ,$*)) $(GO_BUILD) -o $@ ./cmd/glassplane

comma := ,
# $(call binaries,manager,linux/amd64,linux/arm64) is bin/linux_amd64/manager bin/linux_arm64/manager.
binaries = $(patsubst %,bin/%/$(1),$(subst /,_,$(subst $(comma), ,$(2))))

# BuildKit reads SOURCE_DATE_EPOCH from the environment.
docker-build docker-buildx: export SOURCE_DATE_EPOCH := $(SOURCE_DATE_EPOCH)
DOCKER_BUILD_ARGS := --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) -t $(IMG) .

.PHONY: docker-build
docker-build: bin/linux_$(GOARCH)/manager ## Build the image IMG; pulls nothing.
	$(DOCKER) build --build-arg TARGETARCH=$(GOARCH) $(DOCKER_BUILD_ARGS)

.PHONY: docker-buildx
docker-buildx: $(call binaries,manager,$(PLATFORMS)) ## Build and push the image IMG for all PLATFORMS.
	$(DOCKER) buildx build --platform=$(PLATFORMS) --push $(DOCKER_BUILD_ARGS)

.PHONY: build-installer
build-installer: manifests dist/overlay ## Write everything that a cluster needs, as CONFIG says, to dist/install.yaml.
	$(KUSTOMIZE) build dist/overlay >dist/install.yaml

# Without serial number and time: the same binary gives the same file.
.PHONY: sbom
sbom: bin/linux_$(GOARCH)/manager $(CYCLONEDX_GOMOD) ## Write what the manager is made of to dist/sbom.cdx.json (CycloneDX).
	@mkdir -p dist
	$(CYCLONEDX_GOMOD) bin -json -std -noserial -notimestamp -version $(VERSION) -output dist/sbom.cdx.json $<

# Starts from an empty dist: every file in it belongs to the release.
.PHONY: release
release: IMG := glassplane/manager:$(VERSION)
release: $(call binaries,glassplane,$(CLI_PLATFORMS)) ## Write the files of a release to dist: make release VERSION=v1.2.3.
	rm -rf dist
	$(MAKE) build-installer sbom VERSION=$(VERSION) COMMIT=$(COMMIT) IMG=$(IMG)
	$(GO) run ./hack/release --version=$(VERSION) --platforms=$(CLI_PLATFORMS) --date=$(SOURCE_DATE_EPOCH)

.PHONY: clean
clean: ## Remove what was built, but not the control plane's cache.
	rm -rf bin dist

##@ Deployment

.PHONY: install
install: manifests $(KUSTOMIZE) ## Install the CRDs into the current cluster.
	$(KUSTOMIZE) build config/crd | $(KUBECTL) apply --server-side -f -

.PHONY: deploy
deploy: build-installer ## Deploy to the current cluster with the image IMG: make deploy CONFIG=config/kubeadm.
	$(KUBECTL) apply --server-side -f dist/install.yaml

.PHONY: undeploy
undeploy: build ## Remove everything of install and deploy from the current cluster: make undeploy ARGS=--yes.
	$(BIN)/glassplane uninstall $(ARGS)

# An overlay sets the image, so that config/ is not changed by a build.
.PHONY: dist/overlay
dist/overlay: $(KUSTOMIZE)
	rm -rf $@ && mkdir -p $@
	cd $@ && $(KUSTOMIZE) create --resources ../../$(CONFIG) && $(KUSTOMIZE) edit set image glassplane/manager=$(IMG)

##@ Kind

KIND := $(GO) run ./hack/kind

.PHONY: kind-up
kind-up: ## Start a kind cluster with an audit log; without Docker and a registry, too.
	$(KIND) up $(ARGS)

.PHONY: kind-load
kind-load: ## Build the image IMG and copy it to the kind cluster.
	environment="$$($(KIND) env $(ARGS))"; eval "$${environment}"; $(MAKE) docker-build
	$(KIND) load $(ARGS) $(IMG)

.PHONY: kind-down
kind-down: ## Remove the kind cluster and everything that was made for it.
	$(KIND) down $(ARGS)

##@ Tools

.PHONY: tools
tools: $(CONTROLLER_GEN) $(CYCLONEDX_GOMOD) $(GOLANGCI_LINT) $(GOTESTSUM) $(KUSTOMIZE) $(SETUP_ENVTEST) ## Build all tools into bin/tools.

# The path of the package is taken from the tool directive in go.mod, which may
# end in the major version.
$(TOOLS_DIR)/%: hack/tools/go.mod hack/tools/go.sum
	@mkdir -p $(@D)
	$(GO) -C hack/tools build -o $@ \
		$$(cd hack/tools && $(GO) list -f '{{.ImportPath}}' tool | grep -E '/$*(/v[0-9]+)?$$')

$(PAGE_MODULES): hack/page/package-lock.json hack/page/package.json | node
	npm --prefix hack/page ci
	@touch $@

.PHONY: node
node:
	@command -v node >/dev/null && command -v npm >/dev/null || \
		{ echo "node or npm is missing: install Node.js 20 or newer, on Debian with 'apt-get install nodejs npm'" >&2; exit 1; }

.PHONY: chromium
chromium:
	@[[ -n "$${CHROMIUM:-}" ]] || command -v chromium chromium-browser google-chrome >/dev/null || \
		{ echo "Chromium is missing: install it, on Debian with 'apt-get install chromium', or set CHROMIUM to its path" >&2; exit 1; }

.PHONY: FORCE
FORCE:
