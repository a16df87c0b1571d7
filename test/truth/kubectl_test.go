// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// kubectl runs the real one on the local control plane.
type kubectl struct {
	path, kubeconfig, home string
}

// printout is what one run of kubectl printed, and which requests it sent.
type printout struct {
	out, err string
	auditIDs []string
}

var (
	auditHeader = regexp.MustCompile(`(?i)audit-id: *([0-9a-f-]{36})`)
	// logged is what -v adds to the error output: a line of the log, and the
	// lines of a value that goes on.
	logged = regexp.MustCompile(`^([IWEF]\d{4} |\t| >)`)
)

// The lines between which the log has the Status of an error.
const (
	responseBegins = "server response object: {"
	responseEnds   = "}"
)

// run runs kubectl. That it fails is no error: what it says is looked at.
func (k kubectl) run(ctx context.Context, stdin string, args ...string) (printout, error) {
	command := exec.CommandContext(ctx, k.path, append(args, "-v=8")...)
	command.Env = []string{"HOME=" + k.home, "KUBECONFIG=" + k.kubeconfig}
	command.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return printout{}, fmt.Errorf("running kubectl: %w", err)
	}
	p := printout{out: strings.TrimSpace(out.String())}
	var said []string
	logging := false
	for line := range strings.Lines(errs.String()) {
		line = strings.TrimRight(line, "\n")
		if m := auditHeader.FindStringSubmatch(line); m != nil {
			p.auditIDs = append(p.auditIDs, m[1])
		}
		switch {
		case strings.HasSuffix(line, responseBegins):
			logging = true
		case logging:
			logging = line != responseEnds
		case !logged.MatchString(line):
			said = append(said, line)
		}
	}
	p.err = strings.TrimSpace(strings.Join(said, "\n"))
	return p, nil
}

// manifest is an object as a file has it.
func manifest(objects ...m) string {
	var parts []string
	for _, object := range objects {
		data, err := json.Marshal(object)
		if err != nil {
			panic(err)
		}
		parts = append(parts, string(data))
	}
	return strings.Join(parts, "\n---\n")
}
