// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// kubectlLine is what kubectl prints for the recorded answer, without the final
// newline; where it cannot be derived, why says so.
func kubectlLine(tale *story.Story) (line, why string) {
	switch r := tale.Asked; {
	case r.Refused():
		return refusedLine(r, tale), ""
	case tale.Kind == story.Get:
		return tableOf(r.ResponseObject)
	case tale.Kind.Reads():
		return "", "the audit log does not keep the answer of a " + r.Verb
	case tale.Kind == story.DeleteCollection:
		return "", "no command of kubectl sends a deletecollection, but kubectl delete --raw, which prints the answer as JSON"
	case tale.Kind == story.Bind:
		return "", "no command of kubectl binds a pod"
	case tale.Kind == story.Evict:
		return kindAndGroup(tale) + "/" + nameOf(tale) + " evicted" + dryRunText(r), ""
	case tale.Kind == story.Delete:
		return deletedLine(tale), ""
	}
	return kindAndGroup(tale) + "/" + nameOf(tale) + " " + operation(tale) + dryRunText(tale.Asked), ""
}

// kindAndGroup is the type of the object as kubectl prints it.
func kindAndGroup(tale *story.Story) string {
	name := strings.ToLower(kind(tale))
	if group := tale.Record.Subject.Group; group != "" {
		name += "." + group
	}
	return name
}

func nameOf(tale *story.Story) string {
	return cmp.Or(tale.Record.Subject.Name, tale.Asked.Object.Name, "(name not recorded)")
}

// dryRunText is what kubectl adds to the line of a server-side dry run. Its
// commands patch and taint leave it out, because they choose the word after they
// have added it (k8s.io/kubectl/pkg/cmd/patch, taint).
func dryRunText(r *assemble.Request) string {
	manager := r.FieldManager()
	if r.DryRun() && manager != "kubectl-patch" && manager != "kubectl-taint" {
		return " (server dry run)"
	}
	return ""
}

// operations are what the commands of kubectl say that they did, by the manager
// of fields that each writes as unless it is told another one
// (k8s.io/kubectl/pkg/cmd).
var operations = map[string]string{
	"kubectl-create": "created", "kubectl-run": "created", "kubectl-expose": "exposed", "kubectl-annotate": "annotated",
	"kubectl-edit": "edited", "kubectl-replace": "replaced", "kubectl-taint": "tainted", "kubectl-autoscale": "autoscaled",
}

// operation is the word with which kubectl ends its line.
func operation(tale *story.Story) string {
	r := tale.Asked
	manager := r.FieldManager()
	if word := operations[manager]; word != "" {
		return word
	}
	switch {
	case r.Verb == "create":
		return "created"
	case r.Verb == "update" && r.Subresource == "scale":
		return "scaled"
	case r.Verb == "update":
		return "replaced"
	case tale.Kind == story.Apply, tale.Kind == story.Create:
		// Of all patches only a server-side apply creates.
		return "serverside-applied"
	case manager == "kubectl-client-side-apply":
		return "configured"
	case manager == "kubectl-label":
		return labeled(r.RequestObject)
	case manager == "kubectl-set":
		return setWhat(r.RequestObject)
	case manager == "" && tale.Kind == story.Scale:
		return "scaled"
	case tale.Outcome == story.Unchanged:
		return "patched (no change)"
	}
	return "patched"
}

// labeled says what kubectl label did (k8s.io/kubectl/pkg/cmd/label).
func labeled(patch json.RawMessage) string {
	var body struct {
		Metadata struct {
			Labels map[string]*string `json:"labels"`
		} `json:"metadata"`
	}
	if json.Unmarshal(patch, &body) != nil {
		return "labeled"
	}
	added, removed := 0, 0
	for _, value := range body.Metadata.Labels {
		if value == nil {
			removed++
		} else {
			added++
		}
	}
	switch {
	case added > 0 && removed > 0:
		return "modified"
	case removed > 0:
		return "unlabeled"
	}
	return "labeled"
}

// setWhat says which command of kubectl set it was, by what it sent.
func setWhat(patch json.RawMessage) string {
	for _, set := range []struct{ field, word string }{
		{`"image":`, "image updated"}, {`"resources":`, "resource requirements updated"}, {`"env":`, "env updated"},
		{`"serviceAccountName":`, "serviceaccount updated"}, {`"selector":`, "selector updated"},
	} {
		if bytes.Contains(patch, []byte(set.field)) {
			return set.word
		}
	}
	return "updated"
}

// deletedLine is the line of kubectl delete. It names the namespace since 1.34.
func deletedLine(tale *story.Story) string {
	r := tale.Asked
	var options struct {
		GracePeriodSeconds *int64 `json:"gracePeriodSeconds"`
	}
	// What cannot be read has no grace period.
	_ = json.Unmarshal(r.RequestObject, &options)
	did := "deleted"
	if g := options.GracePeriodSeconds; g != nil && *g == 0 {
		did = "force deleted"
	}
	if namespace := tale.Record.Subject.Namespace; namespace != "" && kubectlMinor(r.UserAgent) >= 34 {
		did += " from " + namespace + " namespace"
	}
	return fmt.Sprintf("%s %q %s%s", kindAndGroup(tale), nameOf(tale), did, dryRunText(r))
}

var kubectlVersion = regexp.MustCompile(`^kubectl/v1\.(\d+)`)

// kubectlMinor is the minor version of a kubectl; of any other client it is that
// of the newest one, which the line is then derived for.
func kubectlMinor(agent string) int {
	if match := kubectlVersion.FindStringSubmatch(agent); match != nil {
		if minor, err := strconv.Atoi(match[1]); err == nil {
			return minor
		}
	}
	const newest = 37
	return newest
}

// status is the part of a metav1.Status that kubectl prints.
type status struct {
	Details *struct {
		Name   string `json:"name"`
		Kind   string `json:"kind"`
		Causes []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
		} `json:"causes"`
	} `json:"details"`
}

// conflictHints follow the error of an apply that other managers' fields stop
// (k8s.io/kubectl/pkg/cmd/apply).
const conflictHints = `
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the ` + "`--force-conflicts`" + ` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`

// refusedLine is the error that kubectl prints
// (k8s.io/kubectl/pkg/cmd/util.CheckErr and StandardErrorMessage).
func refusedLine(r *assemble.Request, tale *story.Story) string {
	switch {
	case r.Reason == "Invalid":
		return invalidLine(r, tale)
	case r.Reason == "Unauthorized":
		return "error: You must be logged in to the server (" + r.Message + ")"
	case r.Reason == "Conflict" && r.Verb == "patch" && strings.HasPrefix(r.Message, "Apply failed with "):
		return "error: " + r.Message + conflictHints
	case r.Reason == "":
		return "Error from server: " + r.Message
	}
	return fmt.Sprintf("Error from server (%s): %s", r.Reason, r.Message)
}

func invalidLine(r *assemble.Request, tale *story.Story) string {
	var answer status
	if json.Unmarshal(r.ResponseObject, &answer) == nil && answer.Details != nil && answer.Details.Kind != "" && len(answer.Details.Causes) > 0 {
		head := fmt.Sprintf("The %s %q is invalid: ", answer.Details.Kind, answer.Details.Name)
		var causes []string
		seen := map[string]bool{}
		for _, c := range answer.Details.Causes {
			if text := c.Field + ": " + c.Message; !seen[text] {
				seen[text] = true
				causes = append(causes, text)
			}
		}
		if len(causes) == 1 {
			return head + causes[0]
		}
		return head + "\n* " + strings.Join(causes, "\n* ")
	}
	if _, cause, found := strings.Cut(r.Message, " is invalid: "); found {
		return fmt.Sprintf("The %s %q is invalid: %s", tale.Resource.Kind, r.Object.Name, cause)
	}
	return "The request is invalid: " + r.Message
}

// fileNote says what kubectl adds to an error about an object of a file.
func fileNote(r *assemble.Request) string {
	if !r.Refused() || r.Reason == "Invalid" || r.Reason == "Unauthorized" {
		return ""
	}
	switch r.FieldManager() {
	case "kubectl-create", "kubectl-client-side-apply", "kubectl-replace":
		return "; for an object of a file kubectl also names the file, which the audit log does not have"
	}
	return ""
}

// tableOf is what kubectl get prints of an answer in the form of a table. Another
// form is one that the user chose, such as YAML.
func tableOf(answer json.RawMessage) (line, why string) {
	var table struct {
		Kind    string `json:"kind"`
		Columns []struct {
			Name     string `json:"name"`
			Priority int    `json:"priority"`
		} `json:"columnDefinitions"`
		Rows []struct {
			Cells []any `json:"cells"`
		} `json:"rows"`
	}
	if len(answer) == 0 {
		return "", "the audit log does not keep the answer"
	}
	if json.Unmarshal(answer, &table) != nil || table.Kind != "Table" || len(table.Rows) == 0 {
		return "", "the client asked for the object and not for a table: the audit log does not say in which form it was shown"
	}
	var out bytes.Buffer
	// The widths are those of k8s.io/cli-runtime/pkg/printers.GetNewTabWriter.
	w := tabwriter.NewWriter(&out, 6, 4, 3, ' ', 0)
	rows := make([][]string, 1, len(table.Rows)+1)
	for i, c := range table.Columns {
		if c.Priority == 0 {
			rows[0] = append(rows[0], strings.ToUpper(c.Name))
		}
		for n, row := range table.Rows {
			if len(rows) < n+2 {
				rows = append(rows, nil)
			}
			if c.Priority == 0 && i < len(row.Cells) {
				rows[n+1] = append(rows[n+1], cellText(row.Cells[i]))
			}
		}
	}
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return "", "the table cannot be written: " + err.Error()
	}
	var lines []string
	for l := range strings.Lines(out.String()) {
		lines = append(lines, strings.TrimRight(l, " \n"))
	}
	return strings.Join(lines, "\n"), ""
}

func cellText(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		first, _, more := strings.Cut(v, "\n")
		if more {
			return first + "..."
		}
		return first
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(cell)
}

// kind of the object as the answer names it, else as the rules of its resource do.
func kind(tale *story.Story) string {
	if tale.Resource.Kind != "" {
		return tale.Resource.Kind
	}
	return strings.TrimSuffix(tale.Record.Subject.Resource, "s")
}

// printed is what the client showed; nil where nothing is known.
func printed(tale *story.Story) *PrintedLine {
	var lines []string
	for _, e := range tale.Printed() {
		lines = append(lines, e.Client.Line)
	}
	if len(lines) > 0 {
		return &PrintedLine{Line: prose.Clip(strings.Join(lines, "\n"), maxPrinted), Observed: true}
	}
	if tale.Asked == nil || !tale.Asked.Answered || tale.Asked.IsProgram() {
		return nil
	}
	line, why := kubectlLine(tale)
	if why != "" {
		return nil
	}
	return &PrintedLine{Line: prose.Clip(line, maxPrinted)}
}

// maxPrinted bounds what a client showed, in bytes.
const maxPrinted = 4096
