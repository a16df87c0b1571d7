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
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/rollout"
	"github.com/glassplane/glassplane/internal/scheme"
)

const rolloutUserAgent = "glassplane-rollout"

// rolledKind is a kind whose pods are replaced when its template changes.
type rolledKind struct {
	resource, kind string
	shortName      string
	new            func() client.Object
	list           func() client.ObjectList
}

var rolledKinds = []rolledKind{
	{
		"simdeployments", "SimDeployment", "sdeploy",
		func() client.Object { return &v1alpha1.SimDeployment{} }, func() client.ObjectList { return &v1alpha1.SimDeploymentList{} },
	},
	{
		"simdaemonsets", "SimDaemonSet", "sds",
		func() client.Object { return &v1alpha1.SimDaemonSet{} }, func() client.ObjectList { return &v1alpha1.SimDaemonSetList{} },
	},
	{
		"simstatefulsets", "SimStatefulSet", "ssts",
		func() client.Object { return &v1alpha1.SimStatefulSet{} }, func() client.ObjectList { return &v1alpha1.SimStatefulSetList{} },
	},
}

func (k rolledKind) singular() string { return strings.ToLower(k.kind) }

func rolledKindOf(name string) (rolledKind, error) {
	i := slices.IndexFunc(rolledKinds, func(k rolledKind) bool {
		group := "." + v1alpha1.GroupName
		return slices.Contains([]string{k.resource, k.singular(), k.shortName, k.resource + group, k.singular() + group}, strings.ToLower(name))
	})
	if i < 0 {
		return rolledKind{}, fmt.Errorf("%q: expected simdeployment, simdaemonset or simstatefulset; for real ones use kubectl rollout", name)
	}
	return rolledKinds[i], nil
}

// rolled is a workload that a command is about.
type rolled struct {
	client.Object
	kind rolledKind
}

// name is how kubectl names an object when it says what it did.
func (r rolled) name() string {
	return r.kind.singular() + "." + v1alpha1.GroupName + "/" + r.GetName()
}

// refusal is how kubectl says that something cannot be done with an object.
func (r rolled) refusal(why string) error {
	return fmt.Errorf("%s.%s %q %s", r.kind.resource, v1alpha1.GroupName, r.GetName(), why)
}

// template returns the one of the pods.
func (r rolled) template() *v1alpha1.SimPodTemplateSpec {
	switch object := r.Object.(type) {
	case *v1alpha1.SimDeployment:
		return &object.Spec.Template
	case *v1alpha1.SimDaemonSet:
		return &object.Spec.Template
	case *v1alpha1.SimStatefulSet:
		return &object.Spec.Template
	}
	return nil
}

// paused returns whether the rollout is held; nil where it cannot be.
func (r rolled) paused() *bool {
	if d, ok := r.Object.(*v1alpha1.SimDeployment); ok {
		return &d.Spec.Paused
	}
	return nil
}

// rolloutTargets are the workloads that the arguments of a command name.
type rolloutTargets struct {
	io       IO
	clients  *clients
	selector string
}

// command fills in what all commands of rollout have.
func (t *rolloutTargets) command(command *cobra.Command, run func(ctx context.Context, args []string) error) *cobra.Command {
	command.Use += " (TYPE NAME | TYPE/NAME | TYPE) [flags]"
	command.ValidArgsFunction = t.complete
	command.RunE = func(command *cobra.Command, args []string) error { return run(command.Context(), args) }
	command.Flags().StringVarP(&t.selector, "selector", "l", "", "label selector of the objects, in place of their names")
	return command
}

// complete completes TYPE/NAME.
func (t *rolloutTargets) complete(command *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	typed, name, found := strings.Cut(toComplete, "/")
	if len(args) == 1 && !strings.Contains(args[0], "/") {
		typed, name, found = args[0], toComplete, true
	}
	kind, err := rolledKindOf(typed)
	switch namespace, _ := t.clients.namespace(); {
	case !found && len(args) == 0:
		var out []cobra.Completion
		for _, k := range rolledKinds {
			if strings.HasPrefix(k.singular(), typed) {
				out = append(out, k.singular()+"/")
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	case err == nil && len(args) == 0:
		return t.clients.list(command.Context(), v1alpha1.GroupVersion.WithResource(kind.resource), namespace, typed+"/", name), cobra.ShellCompDirectiveNoFileComp
	case err == nil && len(args) == 1:
		return t.clients.list(command.Context(), v1alpha1.GroupVersion.WithResource(kind.resource), namespace, "", name), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// find returns a client and the workloads that are named, or that the selector
// selects.
func (t *rolloutTargets) find(ctx context.Context, args []string) (client.WithWatch, []rolled, error) {
	named, err := t.parse(args)
	if err != nil {
		return nil, nil, err
	}
	namespace, err := t.clients.namespace()
	if err != nil {
		return nil, nil, err
	}
	config, err := t.clients.restConfig(rolloutUserAgent)
	if err != nil {
		return nil, nil, err
	}
	cluster, err := client.NewWithWatch(config, client.Options{Scheme: scheme.New(), FieldOwner: rolloutUserAgent})
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, unreachable(err))
	}
	var out []rolled
	for _, n := range named {
		found, err := t.get(ctx, cluster, namespace, n)
		if err != nil {
			return nil, nil, unreachable(err)
		}
		out = append(out, found...)
	}
	if len(out) == 0 {
		fmt.Fprintf(t.io.ErrOut, "No resources found in %s namespace.\n", namespace)
	}
	return cluster, out, nil
}

// namedWorkload is a kind and a name; all of the kind where that is empty.
type namedWorkload struct {
	kind rolledKind
	name string
}

func (t *rolloutTargets) parse(args []string) (out []namedWorkload, err error) {
	if _, err := labels.Parse(t.selector); err != nil {
		return nil, fmt.Errorf("invalid --selector %q: %w", t.selector, err)
	}
	if len(args) == 0 {
		return nil, errors.New("required resource not specified: name it, such as simdeployment/web")
	}
	if !strings.Contains(args[0], "/") {
		kind, err := rolledKindOf(args[0])
		if err != nil {
			return nil, err
		}
		for _, name := range args[1:] {
			out = append(out, namedWorkload{kind, name})
		}
		if out == nil {
			out = []namedWorkload{{kind: kind}}
		}
	} else {
		for _, arg := range args {
			typed, name, found := strings.Cut(arg, "/")
			kind, err := rolledKindOf(typed)
			if err != nil {
				return nil, err
			}
			if !found || name == "" {
				return nil, fmt.Errorf("%q: expected TYPE/NAME", arg)
			}
			out = append(out, namedWorkload{kind, name})
		}
	}
	if t.selector != "" && out[0].name != "" {
		return nil, errors.New("names and --selector exclude each other: leave one of them out")
	}
	return out, nil
}

func (t *rolloutTargets) get(ctx context.Context, c client.Client, namespace string, n namedWorkload) ([]rolled, error) {
	if n.name != "" {
		object := n.kind.new()
		if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: n.name}, object); err != nil {
			return nil, err
		}
		return []rolled{{object, n.kind}}, nil
	}
	selector, err := labels.Parse(t.selector)
	if err != nil {
		return nil, err
	}
	list := n.kind.list()
	if err := c.List(ctx, list, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, err
	}
	objects, err := meta.ExtractList(list)
	if err != nil {
		return nil, err
	}
	var out []rolled
	for _, object := range objects {
		out = append(out, rolled{object.(client.Object), n.kind})
	}
	return out, nil
}

// history returns the templates that a workload has had.
func history(ctx context.Context, c client.Client, r rolled) ([]rollout.Revision, error) {
	if d, ok := r.Object.(*v1alpha1.SimDeployment); ok {
		var sets v1alpha1.SimReplicaSetList
		if err := c.List(ctx, &sets, client.InNamespace(d.Namespace)); err != nil {
			return nil, fmt.Errorf("listing the replica sets of %s: %w", r.name(), err)
		}
		return rollout.OfSets(d, sets.Items), nil
	}
	var revisions appsv1.ControllerRevisionList
	if err := c.List(ctx, &revisions, client.InNamespace(r.GetNamespace())); err != nil {
		return nil, fmt.Errorf("listing the controller revisions of %s: %w", r.name(), err)
	}
	return rollout.OfControllerRevisions(r, revisions.Items)
}

// change changes a workload. Where somebody else does meanwhile it starts over from
// what that has left.
func change(ctx context.Context, c client.Client, r rolled, dryRun bool, how func(rolled) error) error {
	w := c
	if dryRun {
		w = client.NewDryRunClient(c)
	}
	fresh := false
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if fresh {
			if err := c.Get(ctx, client.ObjectKeyFromObject(r), r.Object); err != nil {
				return err
			}
		}
		fresh = true
		base := r.DeepCopyObject().(client.Object)
		if err := how(r); err != nil {
			return err
		}
		err := controllerkit.Patch(ctx, w, r.Object, base)
		if apierrors.IsNotFound(err) {
			return fmt.Errorf("%s was deleted meanwhile: %w", r.name(), err)
		}
		return err
	})
}

func newRolloutCommand(name string, io IO, clients *clients) *cobra.Command {
	command := &cobra.Command{
		Use:   "rollout",
		Short: "Manage the rollout of simulated deployments, daemon sets and stateful sets",
		Long: `Manage the rollout of one or many SimDeployments, SimDaemonSets and SimStatefulSets,
as kubectl rollout does of real ones: with the same flags, words and exit codes.`,
		Example: examples(name, `
# Roll back to the previous template, and see it happen
glassplane rollout undo simdeployment/web
glassplane rollout status simdeployment/web`),
		Args: cobra.NoArgs,
		Run:  func(command *cobra.Command, _ []string) { _ = command.Help() },
	}
	command.AddCommand(
		newRolloutStatusCommand(name, io, clients), newRolloutHistoryCommand(name, io, clients), newRolloutUndoCommand(name, io, clients),
		newRolloutPauseCommand(name, io, clients), newRolloutResumeCommand(name, io, clients), newRolloutRestartCommand(name, io, clients),
	)
	return command
}
