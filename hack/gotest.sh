#!/usr/bin/env bash
# Runs `go test -json` in several modules as one stream of events, so that one
# summary counts all tests: gotest.sh MODULE... -- FLAGS... PACKAGES...
set -o errexit -o nounset -o pipefail

modules=()
while [[ $1 != -- ]]; do
    modules+=("$1")
    shift
done
shift

failed=0
for module in "${modules[@]}"; do
    go -C "${module}" test -json "$@" || failed=$?
done
exit "${failed}"
