#!/usr/bin/env bash
# Copies the screenshots that the documents show: images.sh SCREENSHOTS IMAGES.
set -o errexit -o nounset -o pipefail

screenshots="$1"
images="$2"

declare -A chosen=(
    [run-dark]=dark/flow
    [run-light]=light/flow
    [tracker]=dark/tracker
    [cluster]=large/cluster
)

mkdir -p "${images}"
for name in "${!chosen[@]}"; do
    install --mode=644 "${screenshots}/${chosen[${name}]}.png" "${images}/${name}.png"
done
