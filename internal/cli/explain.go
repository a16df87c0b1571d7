// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/listing"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
	"github.com/glassplane/glassplane/internal/scheme"
)

// explainUserAgent is what the audit log shows of the lists that are read.
const explainUserAgent = "glassplane-explain"

// explainFormats are the values of --output.
var explainFormats = []string{"text", "wide", "json", "yaml"}

type explainCommand struct {
	io      IO
	clients *clients
	// program is how the user calls glassplane.
	program     string
	output      string
	filename    string
	attempt     int
	node        string
	allNodes    bool
	suggestions int
	color       colorFlag
	// schedulerConfig is the file with the profiles that predictions use.
	schedulerConfig string
	// from is a file with the state of a real cluster.
	from string
	// simulated reads Pods of manifests as SimPods.
	simulated bool
	// exitCode tells by the exit code that a pod stays pending.
	exitCode bool

	namespace string
	subject   subject
	// ownerKind and ownerName are what owns the pods that are asked about; empty
	// where one pod is.
	ownerKind, ownerName string
}

func newExplainCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &explainCommand{io: io, clients: clients, program: name, suggestions: 5}
	command := &cobra.Command{
		Use:   "explain (pod/NAME | TYPE/NAME | simpod/NAME | -f FILENAME)",
		Short: "Say which node a pod got or would get and why, or why it is pending",
		Long: `Say which node a pod got and why, or why it is pending: for each node, what
each plugin of the scheduler said. It is what the scheduler decided then, not a
new decision; every recorded attempt can be shown.

For a pending pod it also says what would be decided now, and which single
changes would let the pod fit, the smallest first. Each was checked by making
the change on a copy of what was listed and deciding again.

Of a real pod, whose scheduler keeps no record, it says what would be decided on
what the cluster holds now, beside what its scheduler wrote. Nothing need be
installed in the cluster; --from takes a file in its place, of "snapshot cluster"
or with what "kubectl get nodes,pods,… -A -o yaml" printed.

TYPE is deployment, replicaset, statefulset, daemonset, job or
replicationcontroller: its pods are grouped by the reason for which they wait.

With -f the pod need not exist: the decision is predicted from the nodes and
pods that there are. Nothing is written.`,
		Example: examples(name, `
# Why that node?
glassplane explain simpod/web

# Why not that one? What did each plugin say?
glassplane explain simpod/web --node=node-2

# Why is this pod of my cluster pending? It exits with 2 if it would stay so
glassplane explain pod/web-7d4b --exit-code

# The same without the cluster
glassplane snapshot cluster cluster.yaml.gz
glassplane explain pod/web-7d4b --from=cluster.yaml.gz

# Which node would a pod get? Nothing is created
glassplane explain -f pod.yaml

# For other programs
glassplane explain simpod/web -o json`),
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: clients.completeSubject([]followed.Resource{followed.SimPods(), followed.Pods()}),
		RunE: func(command *cobra.Command, args []string) error {
			if err := c.Validate(args); err != nil {
				return err
			}
			if err := c.Complete(args); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVarP(&c.output, "output", "o", "text", "text, wide (each plugin of each node), json or yaml")
	flags.StringVarP(&c.filename, "filename", "f", "", "file with the manifest of a SimPod or Pod that need not exist; - reads it from stdin")
	flags.IntVar(&c.attempt, "attempt", 0, "number of the attempt to show; by default the one that gave the pod its node, else the last one")
	flags.StringVar(&c.node, "node", "", "show only this node, with what each plugin said")
	flags.BoolVar(&c.allNodes, "all-nodes", false, "list every node, also those that do not fit")
	flags.IntVar(&c.suggestions, "suggestions", c.suggestions, "how many changes to suggest at most for a pod that does not fit; 0 for none")
	flags.StringVar(&c.schedulerConfig, "scheduler-config", "",
		"file with the scheduler's profiles, for predictions: for real pods kube-scheduler's own; by default one with the default plugins")
	flags.StringVar(&c.from, "from", "", fromUsage)
	flags.BoolVar(&c.simulated, "simulated", false, "with -f: read a Pod as a simulated one, also where the cluster has real nodes")
	flags.BoolVar(&c.exitCode, "exit-code", false, "exit with 2 where the pod would stay pending")
	c.color.add(command)
	completeFlags(command, map[string]cobra.CompletionFunc{"output": oneOf(explainFormats...), "node": clients.completeNodes})
	return command
}

// Validate says what is wrong with flags and arguments.
func (c *explainCommand) Validate(args []string) error {
	const maxSuggestions = 50
	switch {
	case !slices.Contains(explainFormats, c.output):
		return fmt.Errorf("invalid --output %q: must be %s", c.output, strings.Join(explainFormats, ", "))
	case c.filename != "" && len(args) > 0:
		return fmt.Errorf("give either -f or the name of a pod, not both: got -f %s and %s", c.filename, strings.Join(args, " "))
	case c.filename != "" && c.attempt != 0:
		return errors.New("--attempt is for pods that exist: a manifest given with -f has not been tried")
	case c.filename == "" && len(args) == 0:
		return errors.New("name the pod, such as simpod/web, or give a manifest with -f")
	case c.attempt < 0:
		return fmt.Errorf("invalid --attempt %d: attempts are numbered from 1", c.attempt)
	case c.suggestions < 0 || c.suggestions > maxSuggestions:
		return fmt.Errorf("invalid --suggestions %d: must be 0 to %d", c.suggestions, maxSuggestions)
	case c.from != "" && c.simulated:
		return errors.New("give either --from or --simulated, not both: a file holds a real cluster")
	case c.from == "-" && c.filename == "-":
		return errors.New("both --from and -f read stdin: give one of them a file")
	case c.node != "" && c.allNodes:
		return errors.New("give either --node or --all-nodes, not both")
	}
	return nil
}

// Complete reads what flags and kubeconfig say.
func (c *explainCommand) Complete(args []string) (err error) {
	if c.namespace, err = c.clients.namespace(); err != nil || c.filename != "" {
		return err
	}
	if kind, name, ok := parseOwner(args); ok {
		c.ownerKind, c.ownerName = kind, name
		if c.node != "" || c.attempt != 0 || c.allNodes {
			return fmt.Errorf("--node, --all-nodes and --attempt are for one pod: name one of %s/%s", strings.ToLower(kind), name)
		}
		return nil
	}
	if c.subject, err = parseSubject(args, c.namespace); err != nil {
		return err
	}
	if c.subject.auditID != "" {
		return fmt.Errorf("cannot explain %s: name the pod, such as simpod/web", c.subject)
	}
	switch simulated := c.subject.resource == followed.SimPods().Resource; {
	case !simulated && c.subject.resource != followed.Pods().Resource:
		return fmt.Errorf("cannot explain %[1]s: decisions are made about pods; see \"%[2]s walk %[1]s\" for how it came about",
			c.subject, c.program)
	case simulated && c.from != "":
		return fmt.Errorf("cannot explain %s from a file: it holds a real cluster; name a pod, such as pod/web", c.subject)
	case !simulated && c.attempt != 0:
		return errors.New("--attempt is for simulated pods: the scheduler of real ones keeps no record of its attempts")
	}
	return nil
}

// Run explains the pod.
func (c *explainCommand) Run(ctx context.Context) error {
	if c.ownerKind != "" {
		return c.explainOwner(ctx)
	}
	explain := c.explainPod
	switch {
	case c.filename != "":
		explain = c.explainManifest
	case c.subject.resource == followed.Pods().Resource:
		explain = c.explainReal
	}
	e, err := explain(ctx)
	if err != nil {
		return err
	}
	e.APIVersion, e.Kind = explanation.APIVersion, explanation.Kind
	if c.node != "" {
		if e, err = e.OnlyNode(c.node); err != nil {
			return err
		}
	}
	if err := c.print(e); err != nil {
		return err
	}
	if c.exitCode && e.StaysPending() {
		return exitPending
	}
	return nil
}

// exitPending says that a pod would stay pending.
const exitPending = exitCode(2)

func (c *explainCommand) print(e explanation.Explanation) error {
	switch c.output {
	case "json":
		return render.ExplainJSON(c.io.Out, e)
	case "yaml":
		return render.ExplainYAML(c.io.Out, e)
	default:
		return render.ExplainText(c.io.Out, e, render.ExplainOptions{
			Options: render.Options{Width: c.io.width, Theme: c.color.theme(c.io)}, AllNodes: c.allNodes, Wide: c.output == "wide" || c.node != "",
		})
	}
}

// profile returns the configuration of the scheduler that the pod names.
func (c *explainCommand) profile(schedulerName string) (*framework.Profile, error) {
	profiles, err := manager.ReadSchedulerConfig(c.schedulerConfig)
	if err != nil {
		return nil, err
	}
	if len(profiles) == 0 {
		profile, err := plugins.DefaultProfile(v1alpha1.DefaultSchedulerName)
		if err != nil {
			return nil, err
		}
		profiles = []*framework.Profile{profile}
	}
	names := make([]string, len(profiles))
	for i, profile := range profiles {
		if names[i] = profile.SchedulerName; names[i] == schedulerName {
			return profile, nil
		}
	}
	return nil, fmt.Errorf("spec.schedulerName is %q, which has no profile: must be %s; profiles of your own are read with --scheduler-config",
		schedulerName, strings.Join(names, " or "))
}

// reader returns a client of the cluster that is only used to read.
func (c *explainCommand) reader() (client.Reader, error) {
	config, err := c.clients.restConfig(explainUserAgent)
	if err != nil {
		return nil, err
	}
	reader, err := client.New(config, client.Options{Scheme: scheme.New()})
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, err)
	}
	return reader, nil
}

// list reads what a decision depends on.
func (c *explainCommand) list(ctx context.Context, reader client.Reader) (whatif.Listing, error) {
	listed, err := listing.Simulated(ctx, reader, c.io.Clock)
	return listed, unreachable(err)
}

// predict decides about a pod on what was listed, and looks for changes that
// would let it fit.
func (c *explainCommand) predict(listed whatif.Listing, pod *v1alpha1.SimPod) (*explanation.Prediction, error) {
	profile, err := c.profile(pod.Spec.SchedulerName)
	if err != nil {
		return nil, err
	}
	what, err := whatif.NewCluster(listed.Objects).SimCase(pod, profile)
	if err != nil {
		return nil, fmt.Errorf("spec.priorityClassName: %w, so that the scheduler does not try the pod: create the class, or name another", err)
	}
	return c.predictCase(listed, what), nil
}

// predictCase decides, and looks for changes where the pod does not fit.
func (c *explainCommand) predictCase(listed whatif.Listing, what whatif.Case) *explanation.Prediction {
	d := what.Predict(c.io.Clock.Now(), 0)
	prediction := &explanation.Prediction{
		ReadAt: listed.ReadAt, ReadUntil: listed.ReadUntil, Lists: listed.Lists, Source: listed.Source,
		Decision: explanation.NewDecision(d), BestNodes: explanation.BestNodes(d),
	}
	if d.Node == "" && c.suggestions > 0 {
		prediction.Suggestions = new(whatif.Suggest(what, c.suggestions))
	}
	return prediction
}
