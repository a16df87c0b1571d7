#!/usr/bin/env bash
# Checks that everything that is derived from something else is current. What
# is generated is generated again in a copy of the tree, so that uncommitted
# work neither disturbs the check nor is touched by it.
set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools="${TOOLS_DIR:-${PWD}/bin/tools}"
work="$(mktemp -d)"
trap 'rm -rf "${work}"' EXIT

# Tracked and new files, without those that are deleted or ignored.
files() {
    git ls-files --cached --others --exclude-standard -z -- "$@" |
        while IFS= read -r -d '' file; do
            [[ ! -e ${file} ]] || printf '%s\0' "${file}"
        done
}

verify_generated() {
    mkdir "${work}/want" "${work}/got"
    files | tar --create --null --files-from=- | tee >(tar --extract --directory="${work}/want") |
        tar --extract --directory="${work}/got"
    # What no type asks for any more must go, too.
    rm -f "${work}"/got/config/crd/bases/*.yaml
    make -C "${work}/got" TOOLS_DIR="${tools}" generate manifests fmt >/dev/null
    diff --recursive --unified --new-file "${work}/want" "${work}/got" ||
        fail "generated code, CRDs or formatting are not current: run 'make generate manifests fmt'"
}

verify_modules() {
    local module
    for module in . hack/controlplane hack/kindnode hack/tools test/fidelity; do
        go -C "${module}" mod tidy -diff || fail "${module}/go.mod is not tidy: run 'go -C ${module} mod tidy'"
    done
}

verify_boilerplate() {
    local file header
    header="$(head -n 2 hack/boilerplate.go.txt)"
    while IFS= read -r -d '' file; do
        [[ "$(grep --max-count=2 --no-filename '^// \(Copyright\|SPDX\)' "${file}")" == "${header}" ]] ||
            fail "${file} does not start with the lines of hack/boilerplate.go.txt"
    done < <(files '*.go')
}

verify_vendor() {
    node hack/page/vendor.mjs "${work}/vendor"
    diff --recursive --brief internal/web/page/static/vendor "${work}/vendor" ||
        fail "the page's libraries are not those of hack/page/package-lock.json: run 'make vendor'"
    ! grep --quiet '"resolved":' hack/page/package-lock.json ||
        fail "hack/page/package-lock.json names a registry: run npm in hack/page, where .npmrc leaves it out"
}

verify_manifests() {
    local overlay
    for overlay in default kubeadm prometheus samples; do
        "${tools}/kustomize" build "config/${overlay}" >/dev/null || fail "config/${overlay} does not build"
    done
}

verify_scripts() {
    local script
    while IFS= read -r -d '' script; do
        bash -n "${script}" || fail "${script} is not valid bash"
    done < <(files '*.sh' .ci/run)
}

failures=0
fail() {
    echo "verify: $*" >&2
    failures=$((failures + 1))
}

for check in generated modules boilerplate vendor manifests scripts; do
    echo "verify: ${check}"
    "verify_${check}"
done
exit "$((failures > 0))"
