// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/capacity"
	"github.com/glassplane/glassplane/internal/manifest"
	"github.com/glassplane/glassplane/internal/podtemplate"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

type capacityCommand struct {
	io      IO
	clients *clients
	real    realFlags

	filename string
	drain    []string
	compress bool
	max      int
	exitCode bool
	color    colorFlag

	namespace string
}

func newCapacityCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &capacityCommand{io: io, clients: clients, max: 1000}
	command := &cobra.Command{
		Use:   "capacity (-f FILENAME | --drain=NODE,… | --compress)",
		Short: "Say how many more pods fit into a real cluster, and whether its pods would fit on fewer nodes",
		Long: `Say how many more pods like that of a manifest fit into a real cluster, on which
nodes, and what runs out first; whether the pods of some nodes would fit on the
others; or which nodes could go. Pods are placed one after the other, each by a
decision with those before it counted. None is preempted. Nothing need be
installed in the cluster, and nothing is written.`,
		Example: examples(name, `
# How many more of these fit?
glassplane capacity -f pod.yaml

# May I drain these nodes? It exits with 2 if not all pods would fit
glassplane capacity --drain=node-1,node-2 --exit-code

# Which nodes could go? From a file
glassplane capacity --compress --from=cluster.yaml`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			if err := c.Validate(); err != nil {
				return err
			}
			if c.namespace, err = c.clients.namespace(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVarP(&c.filename, "filename", "f", "", "file with the manifest of a Pod or of a workload with its template; - reads it from stdin")
	flags.StringSliceVar(&c.drain, "drain", nil, "names of nodes whose pods are to be placed on the others")
	flags.BoolVar(&c.compress, "compress", false, "look for nodes that could go, the emptiest first")
	flags.IntVar(&c.max, "max", c.max, "how many pods are decided about at most")
	flags.BoolVar(&c.exitCode, "exit-code", false, "exit with 2 where no more pod fits, a pod of a drained node would not, or no node could go")
	c.real.add(command)
	c.color.add(command)
	return command
}

// Validate says what is wrong with the flags.
func (c *capacityCommand) Validate() error {
	const most = 100_000
	asked := 0
	for _, given := range []bool{c.filename != "", len(c.drain) > 0, c.compress} {
		if given {
			asked++
		}
	}
	if err := c.real.validate(); err != nil {
		return err
	}
	switch {
	case asked != 1:
		return errors.New("give one of -f, --drain and --compress: the pods to add, the nodes to empty, or neither")
	case slices.Contains(c.drain, ""):
		return fmt.Errorf("invalid --drain %q: a name of a node is empty", strings.Join(c.drain, ","))
	case c.filename == "-" && c.real.from == "-":
		return errors.New("both --from and -f read stdin: give one of them a file")
	case c.max < 1 || c.max > most:
		return fmt.Errorf("invalid --max %d: must be 1 to %d", c.max, most)
	}
	return nil
}

// Run answers the question.
func (c *capacityCommand) Run(ctx context.Context) error {
	report, err := c.report(ctx)
	if err != nil {
		return err
	}
	if err := printCapacity(c.io.Out, report, c.real.output, render.Options{Width: c.io.width, Theme: c.color.theme(c.io)}); err != nil {
		return err
	}
	if c.exitCode && !report.Fits() {
		return exitPending
	}
	return nil
}

func (c *capacityCommand) report(ctx context.Context) (capacity.Report, error) {
	var template podtemplate.Template
	namespace := c.namespace
	if c.filename != "" {
		var err error
		if template, err = c.readTemplate(); err != nil {
			return capacity.Report{}, err
		}
		namespace = template.Namespace
	}
	source, err := c.clients.realSource(c.real.from)
	if err != nil {
		return capacity.Report{}, err
	}
	listed, err := source.list(ctx, namespace)
	if err != nil {
		return capacity.Report{}, err
	}
	if len(listed.Objects.Nodes) == 0 {
		return capacity.Report{}, errors.New("the cluster has no nodes: capacity is about real nodes, not simulated ones")
	}
	out := capacity.Report{
		APIVersion: explanation.APIVersion, Kind: capacity.Kind, Limit: c.max,
		ReadAt: listed.ReadAt, ReadUntil: listed.ReadUntil, Source: listed.Source, Lists: listed.Lists,
	}
	switch {
	case c.filename != "":
		err = c.fit(&out, template, listed)
	case c.compress:
		out.Compress = new(capacity.Compress)
		*out.Compress, out.NotEvaluated = capacity.CompressNodes(listed.Objects, c.profiles(listed), c.max)
	default:
		out.Drain = new(capacity.Drain)
		names := slices.Compact(slices.Sorted(slices.Values(c.drain)))
		*out.Drain, out.NotEvaluated, err = capacity.DrainNodes(listed.Objects, names, c.profiles(listed), c.max)
	}
	out.Notes = append(out.Notes, capacityNotes(listed)...)
	return out, err
}

// readTemplate reads the manifest, of which pods are to be added.
func (c *capacityCommand) readTemplate() (podtemplate.Template, error) {
	data, err := readManifestFile(c.filename, c.io.In)
	if err != nil {
		return podtemplate.Template{}, err
	}
	file := manifestName(c.filename)
	object, err := manifest.One(data)
	if err != nil {
		return podtemplate.Template{}, fmt.Errorf("%s: %w", file, err)
	}
	template, err := c.clients.readTemplate(object, c.namespace, file)
	if err == nil && template.Kind == "DaemonSet" {
		err = fmt.Errorf("%s: a DaemonSet has one pod on each node that fits: explain -f says on which", file)
	}
	return template, err
}

// fit counts the pods that fit.
func (c *capacityCommand) fit(out *capacity.Report, template podtemplate.Template, listed whatif.Listing) error {
	profile, missing, err := realProfile(c.real.schedulerConfig, template.Pod)
	if err != nil {
		return fmt.Errorf("%s: %w", manifestName(c.filename), err)
	}
	admission := admit(template.Pod, listed)
	what, err := whatif.NewCluster(listed.Objects).Case(template.Pod, profile)
	if err != nil {
		return fmt.Errorf("%s: spec.priorityClassName: %w, so that the API server would refuse the pod: create the class, or name another", manifestName(c.filename), err)
	}
	fit := capacity.Fit{}
	if admission == nil || len(admission.Refusals) == 0 {
		fit = capacity.HowMany(what, listed.ResourceQuotas, c.max)
	} else {
		fit.Next = &capacity.Refusal{Message: admission.Refusals[0].Message, Admission: admission.Refusals}
	}
	fit.Pod, fit.Kind, fit.Admission = template.Namespace+"/"+template.Name, template.Kind, admission
	// No pod is preempted, so that budgets do not matter.
	lists := slices.DeleteFunc(slices.Clone(listed.Lists), func(l whatif.List) bool { return l.Affects == whatif.Preemption })
	out.Fit, out.NotEvaluated = &fit, slices.Concat(missing, explanation.NotEvaluatedFor(template.Pod, profile, lists))
	out.Notes = missingNamespace(template, listed)
	return nil
}

// profiles returns the configuration for pods that have to leave their nodes.
func (c *capacityCommand) profiles(listed whatif.Listing) capacity.ProfileOf {
	lists := slices.Clone(listed.Lists)
	for i := range lists {
		switch l := &lists[i]; {
		case l.Effect == "":
		case l.Affects == whatif.Preemption:
			l.Effect = "which budgets would be in the way is not known"
		case l.Resource == "pods":
			l.Effect = "pods of other namespaces are not seen, neither those that would have to go nor those that take room"
		}
	}
	return func(pod *corev1.Pod) (*framework.Profile, []explanation.NotEvaluated, error) {
		profile, missing, err := realProfile(c.real.schedulerConfig, pod)
		if err != nil {
			return nil, nil, err
		}
		return profile, slices.Concat(missing, explanation.NotEvaluatedFor(pod, profile, lists)), nil
	}
}

// capacityNotes say what is not counted.
func capacityNotes(listed whatif.Listing) []string {
	waiting := 0
	for _, pod := range listed.Objects.Pods {
		if pod.Spec.NodeName == "" && pod.DeletionTimestamp == nil {
			waiting++
		}
	}
	var out []string
	switch {
	case waiting == 1:
		out = append(out, "A pod waits for a node already: it is not placed before these.")
	case waiting > 1:
		out = append(out, fmt.Sprintf("%d pods wait for a node already: they are not placed before these.", waiting))
	}
	return append(out, "No pod is preempted. What webhooks and the kubelet itself check is no part of this.")
}

func printCapacity(w io.Writer, report capacity.Report, output string, o render.Options) error {
	switch output {
	case "json":
		return render.CapacityJSON(w, report)
	case "yaml":
		return render.CapacityYAML(w, report)
	}
	return render.CapacityText(w, report, o)
}
