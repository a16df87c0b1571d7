#!/bin/sh
# kubelet sets these, and they are the whole machine's: it gets files of its own
# in their place, which hold what it wants already.
set -o errexit -o nounset

for setting in vm/overcommit_memory=1 kernel/panic=10 kernel/panic_on_oops=1; do
    file="/proc/sys/${setting%=*}"
    private="/run/sysctl-$(basename "${file}")"
    if ! mountpoint --quiet "${file}"; then
        echo "${setting#*=}" >"${private}"
        mount --bind "${private}" "${file}"
    fi
done
