# Shared by all targets: a failing command fails its recipe, also in a pipe.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -o errexit -o nounset -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
IMG ?= glassplane/manager:latest
PLATFORMS ?= linux/amd64,linux/arm64
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

GO ?= go
KUBECTL ?= kubectl
DOCKER ?= docker
GOARCH ?= $(shell $(GO) env GOARCH)

LDFLAGS := -s -w -X github.com/glassplane/glassplane/internal/version.version=$(VERSION)
GO_BUILD := CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)"

# Modules of their own keep what they need out of the module that users import.
MODULES := . hack/controlplane hack/kindnode

# Packages without clients, clocks and I/O; .golangci.yml keeps them so.
PURE := evidence explain kubelet scheduler/cache scheduler/decide scheduler/framework scheduler/plugins \
	scheduler/priority scheduler/queue scheduler/whatif workload

# Each tool is built when first used, from the versions in hack/tools/go.mod.
TOOLS_DIR ?= $(CURDIR)/bin/tools
CONTROLLER_GEN := $(TOOLS_DIR)/controller-gen
GOLANGCI_LINT := $(TOOLS_DIR)/golangci-lint
GOTESTSUM := $(TOOLS_DIR)/gotestsum
GOVULNCHECK := $(TOOLS_DIR)/govulncheck
KUSTOMIZE := $(TOOLS_DIR)/kustomize
SETUP_ENVTEST := $(TOOLS_DIR)/setup-envtest

# What the builder is to build: what the target at hand needs, and no more.
BINARIES := etcd kube-apiserver kube-controller-manager
test: BINARIES += kubectl
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

.PHONY: fmt
fmt: ## Format all Go code.
	$(foreach module,$(MODULES),$(GO) -C $(module) fmt ./... &&) true

.PHONY: vet
vet: ## Run go vet.
	$(foreach module,$(MODULES),$(GO) -C $(module) vet ./... &&) true

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Check code and dependency rules with golangci-lint.
	$(foreach module,$(MODULES),(cd $(module) && $(GOLANGCI_LINT) run --config $(CURDIR)/.golangci.yml $(ARGS)) &&) true

.PHONY: verify
verify: $(CONTROLLER_GEN) $(KUSTOMIZE) ## Check that generated code, CRDs, modules and manifests are current.
	TOOLS_DIR=$(TOOLS_DIR) hack/verify.sh

.PHONY: vulncheck
vulncheck: $(GOVULNCHECK) ## Check the modules for known vulnerabilities; needs its database.
	$(GOVULNCHECK) ./...

##@ Testing

.PHONY: test
test: controlplane $(GOTESTSUM) ## Run all tests, those against a real API server too, with -race.
	assets="$$(cd hack/controlplane && $(GO) run . --print-dir)"; \
	KUBEBUILDER_ASSETS="$$assets" $(GOTESTSUM) --format pkgname --raw-command -- \
		hack/gotest.sh $(MODULES) -- -race $(ARGS) ./...

.PHONY: test-unit
test-unit: $(GOTESTSUM) ## Run the tests of the pure packages: quick, and no API server is needed.
	$(GOTESTSUM) --format pkgname -- -race $(ARGS) $(PURE:%=./internal/%/...)

# Built as the control plane's binaries are, so that Go's build cache serves both.
.PHONY: fidelity
fidelity: controlplane ## Compare our scheduler with kube-scheduler: make fidelity SEED=1.
	assets="$$(cd hack/controlplane && $(GO) run . --print-dir)"; cd test/fidelity && \
	KUBEBUILDER_ASSETS="$$assets" SEED=$(SEED) VERDICTS=$(VERDICTS) PLACEMENTS=$(PLACEMENTS) \
		CGO_ENABLED=0 $(GO) test -trimpath -count=1 -timeout=30m -v $(ARGS) .

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
build: ## Build bin/manager and bin/glassplane, which is also the kubectl plugin.
	$(GO_BUILD) -o bin/ ./cmd/...
	ln -sf glassplane bin/kubectl-glassplane

.PHONY: controlplane
controlplane: ## Build or find the binaries of the local control plane.
	cd hack/controlplane && $(GO) run . $(BINARIES)

.PHONY: run
run: ## Run all components against the current context of kubectl.
	$(GO) run -ldflags "$(LDFLAGS)" ./cmd/manager $(ARGS)

bin/linux_%/manager: FORCE
	GOOS=linux GOARCH=$* $(GO_BUILD) -o $@ ./cmd/manager

.PHONY: docker-build
docker-build: bin/linux_$(GOARCH)/manager ## Build the image IMG; pulls nothing.
	$(DOCKER) build --build-arg TARGETARCH=$(GOARCH) -t $(IMG) .

comma := ,
.PHONY: docker-buildx
docker-buildx: $(patsubst linux/%,bin/linux_%/manager,$(subst $(comma), ,$(PLATFORMS))) ## Build and push the image IMG for all PLATFORMS.
	$(DOCKER) buildx build --platform=$(PLATFORMS) --push -t $(IMG) .

.PHONY: build-installer
build-installer: manifests dist/overlay ## Write everything that a cluster needs, as CONFIG says, to dist/install.yaml.
	$(KUSTOMIZE) build dist/overlay >dist/install.yaml

.PHONY: clean
clean: ## Remove what was built, but not the control plane's cache.
	rm -rf bin dist

##@ Deployment

.PHONY: install
install: manifests $(KUSTOMIZE) ## Install the CRDs into the current cluster.
	$(KUSTOMIZE) build config/crd | $(KUBECTL) apply --server-side -f -

.PHONY: uninstall
uninstall: $(KUSTOMIZE) ## Remove the CRDs, and with them all their objects, from the current cluster.
	$(KUSTOMIZE) build config/crd | $(KUBECTL) delete --ignore-not-found -f -

.PHONY: deploy
deploy: build-installer ## Deploy to the current cluster with the image IMG: make deploy CONFIG=config/kubeadm.
	$(KUBECTL) apply --server-side -f dist/install.yaml

# The CRDs go first, while the components still run that end the simulated pods.
.PHONY: undeploy
undeploy: uninstall ## Remove CRDs and components from the current cluster.
	$(KUSTOMIZE) build config/default | $(KUBECTL) delete --ignore-not-found -f -

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
tools: $(CONTROLLER_GEN) $(GOLANGCI_LINT) $(GOTESTSUM) $(KUSTOMIZE) $(SETUP_ENVTEST) ## Build all tools into bin/tools.

# The path of the package is taken from the tool directive in go.mod, which may
# end in the major version.
$(TOOLS_DIR)/%: hack/tools/go.mod hack/tools/go.sum
	@mkdir -p $(@D)
	$(GO) -C hack/tools build -o $@ \
		$$(cd hack/tools && $(GO) list -f '{{.ImportPath}}' tool | grep -E '/$*(/v[0-9]+)?$$')

.PHONY: FORCE
FORCE:
