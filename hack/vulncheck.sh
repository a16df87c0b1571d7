#!/usr/bin/env bash
# Looks for known vulnerabilities in the code of several modules: vulncheck.sh
# GOVULNCHECK MODULE... Where the database of vulnerabilities cannot be reached
# there is nothing to be found: that is said, and is no failure. Findings and all
# other errors are.
set -o errexit -o nounset -o pipefail

govulncheck="$1"
shift

output="$(mktemp)"
trap 'rm -f "${output}"' EXIT
failed=0
for module in "$@"; do
    echo "vulncheck: ${module}"
    status=0
    "${govulncheck}" -C "${module}" ./... >"${output}" 2>&1 || status=$?
    # How govulncheck says that a request to the database failed
    # (golang.org/x/vuln/internal/scan); 3 is its status for findings.
    if ((status != 0 && status != 3)) && reason="$(grep --max-count=1 '^govulncheck: fetching vulnerabilities: Get "' "${output}")"; then
        echo "vulncheck: skipped: ${reason#govulncheck: }"
        continue
    fi
    cat "${output}"
    ((status == 0)) || failed="${status}"
done
exit "${failed}"
