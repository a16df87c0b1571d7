// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/convert"
	"github.com/glassplane/glassplane/internal/manifest/files"
	"github.com/glassplane/glassplane/internal/render"
)

// convertUserAgent is also the field manager of what is applied.
const convertUserAgent = "glassplane-convert"

type convertCommand struct {
	io      IO
	clients *clients
	files   genericclioptions.FileNameFlags

	output    string
	keepNodes bool
	apply     bool
	force     bool
	dryRun    dryRun
}

func newConvertCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &convertCommand{io: io, clients: clients, files: genericclioptions.FileNameFlags{
		Usage:     "file, folder or URL with the objects to convert, also lists of them; - reads stdin",
		Filenames: &[]string{}, Kustomize: new(""), Recursive: new(false),
	}}
	command := &cobra.Command{
		Use:   "convert -f FILENAME",
		Short: "Turn Pods, workloads and Nodes into simulated ones",
		Long: `Turn Pods, workloads and Nodes into simulated ones, and print or apply them.

A Pod becomes a SimPod, a Node a SimNode, and a Deployment, ReplicaSet,
StatefulSet, DaemonSet or Job the simulated one of the same name. A CronJob becomes
one SimJob. Pods, ReplicaSets and Jobs whose controller is given, too, are left
out: they are created again.

On stderr it says what was left out and what that changes: where a pod may run,
how it lives, or nothing. The status of objects, and what the API server sets by
itself, does not count. Simulated objects are kept as they are.

With --apply the objects are applied server-side by the field manager
` + convertUserAgent + `; those without a name are created.`,
		Example: examples(name, `
# See what becomes of a manifest, and run it
glassplane convert -f deployment.yaml
glassplane convert -f deployment.yaml --apply

# Rehearse with a whole cluster
kubectl get nodes,deployments,daemonsets,statefulsets,pods -A -o yaml --context=prod | glassplane convert -f - > sim.yaml`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := c.Validate(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	flags := command.Flags()
	c.files.AddFlags(flags)
	flags.StringVarP(&c.output, "output", "o", "", "yaml (the default), json or name")
	flags.BoolVar(&c.keepNodes, "keep-nodes", false, "keep spec.nodeName of pods, so that they are on their nodes at once; who applies them must be allowed to bind pods")
	flags.BoolVar(&c.apply, "apply", false, "apply the simulated objects to the cluster in place of printing them")
	flags.BoolVar(&c.force, "force-conflicts", false, "with --apply: take fields over that another field manager owns")
	c.dryRun.add(flags)
	completeFlags(command, map[string]cobra.CompletionFunc{"dry-run": completeDryRun, "output": oneOf("yaml", "json", "name")})
	return command
}

// Validate says what is wrong with the flags.
func (c *convertCommand) Validate() error {
	switch {
	case len(*c.files.Filenames) == 0 && *c.files.Kustomize == "":
		return errors.New("name what to convert: -f with a file, folder or URL, or - for stdin")
	case !slices.Contains([]string{"", "yaml", "json", "name"}, c.output):
		return fmt.Errorf("invalid --output %q: must be yaml, json or name", c.output)
	case !c.apply && c.dryRun != dryRunNone:
		return errors.New("--dry-run is for --apply: without it nothing is sent")
	case !c.apply && c.force:
		return errors.New("--force-conflicts is for --apply: without it nothing is sent")
	}
	return c.dryRun.validate()
}

// Run converts what is read, says what that changes, and prints or applies it.
func (c *convertCommand) Run(ctx context.Context) error {
	objects, readErr := files.Read(files.Named{FilenameOptions: c.files.ToOptions(), Stdin: c.io.In})
	if readErr != nil && len(objects) == 0 {
		return readErr
	}
	results := convert.Convert(objects, convert.Options{KeepNodes: c.keepNodes})
	if err := render.Conversion(c.io.ErrOut, results); err != nil {
		return err
	}
	failed := 0
	if readErr != nil {
		c.fail(&failed, readErr)
	}
	var simulated []runtime.Object
	for _, r := range results {
		if r.Err != nil {
			c.fail(&failed, fmt.Errorf("%s: %w", convert.Name(r.Original), r.Err))
		}
		simulated = append(simulated, r.Objects...)
	}
	simulated, err := c.complete(simulated)
	if err != nil {
		return err
	}
	if len(simulated) == 0 && failed == 0 {
		return errors.New("nothing to convert: there is no Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or Node in it")
	}
	write := c.print
	if c.apply {
		write = c.applyAll
	}
	if err := write(ctx, simulated, &failed); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%s; see above", count(failed, "thing was", "things were")+" not done")
	}
	return nil
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// fail tells of an error that does not keep the rest from being done.
func (c *convertCommand) fail(failed *int, err error) {
	*failed++
	fmt.Fprintln(c.io.ErrOut, message(err))
}

// complete gives the objects the namespace of the flag, as kubectl does, and
// puts nodes first, so that there is a place for pods.
func (c *convertCommand) complete(objects []runtime.Object) ([]runtime.Object, error) {
	explicit := *c.clients.flags.Namespace
	for _, object := range objects {
		m, err := meta.Accessor(object)
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading the metadata of %s: %w", convert.Name(object), err)
		case explicit == "" || isClusterScoped(object):
		case m.GetNamespace() == "":
			m.SetNamespace(explicit)
		case m.GetNamespace() != explicit:
			return nil, fmt.Errorf("metadata.namespace of %s does not match the namespace %q: pass --namespace=%s, or none", convert.Name(object), explicit, m.GetNamespace())
		}
	}
	slices.SortStableFunc(objects, func(a, b runtime.Object) int { return rank(a) - rank(b) })
	return objects, nil
}

func isClusterScoped(object runtime.Object) bool {
	return object.GetObjectKind().GroupVersionKind().Kind == "SimNode"
}

func rank(object runtime.Object) int {
	if isClusterScoped(object) {
		return 0
	}
	return 1
}

// print writes the objects to stdout.
func (c *convertCommand) print(_ context.Context, objects []runtime.Object, _ *int) error {
	printer := c.printer("")
	for _, object := range objects {
		if err := printer.PrintObj(object, c.io.Out); err != nil {
			return err
		}
	}
	return nil
}

// printer prints an object as --output says; operation is what was done with it.
func (c *convertCommand) printer(operation string) printers.ResourcePrinter {
	switch {
	case c.output == "name":
		return &printers.NamePrinter{ShortOutput: true}
	case c.output == "json":
		return &printers.JSONPrinter{}
	case c.output == "yaml" || operation == "":
		return &printers.YAMLPrinter{}
	}
	return printers.ResourcePrinterFunc(func(object runtime.Object, w io.Writer) error {
		return (&printers.NamePrinter{Operation: operation + c.dryRun.suffix()}).PrintObj(object, w)
	})
}

// applyAll applies the objects one after the other. One that is refused does not
// keep the others from being applied.
func (c *convertCommand) applyAll(ctx context.Context, objects []runtime.Object, failed *int) error {
	namespace, err := c.clients.namespace()
	if err != nil {
		return err
	}
	var cluster client.Client
	if c.dryRun != dryRunClient {
		if cluster, err = c.clients.client(convertUserAgent); err != nil {
			return err
		}
	}
	printers := map[string]printers.ResourcePrinter{"created": c.printer("created"), "serverside-applied": c.printer("serverside-applied")}
	missing, conflict := false, false
	for _, object := range objects {
		toSend, err := toSend(object, namespace)
		if err != nil {
			return err
		}
		operation, err := c.send(ctx, cluster, toSend)
		switch {
		case ctx.Err() != nil || utilnet.IsConnectionRefused(err):
			return unreachable(err)
		case err != nil:
			missing, conflict = missing || apierrors.IsNotFound(err), conflict || apierrors.IsConflict(err)
			c.fail(failed, fmt.Errorf("%s: %w", convert.Name(toSend), err))
			continue
		}
		if err := printers[operation].PrintObj(toSend, c.io.Out); err != nil {
			return err
		}
	}
	if missing {
		fmt.Fprintln(c.io.ErrOut, "Namespaces that do not exist are not created: use kubectl create namespace.")
	}
	if conflict {
		fmt.Fprintln(c.io.ErrOut, "Fields that another field manager owns are left to it: --force-conflicts takes them over.")
	}
	return nil
}

// toSend returns an object as it is sent: in a namespace, without what only the
// API server knows.
func toSend(object runtime.Object, namespace string) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", convert.Name(object), err)
	}
	out := &unstructured.Unstructured{}
	if err := out.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("encoding %s: %w", convert.Name(object), err)
	}
	if out.GetNamespace() == "" && !isClusterScoped(object) {
		out.SetNamespace(namespace)
	}
	out.SetManagedFields(nil)
	out.SetResourceVersion("")
	out.SetUID("")
	unstructured.RemoveNestedField(out.Object, "status")
	return out, nil
}

// send applies an object, or creates it where the API server is to name it, and
// says which. A repeated apply changes nothing.
func (c *convertCommand) send(ctx context.Context, cluster client.Client, object *unstructured.Unstructured) (operation string, err error) {
	creates := object.GetName() == ""
	operation = "serverside-applied"
	if creates {
		operation = "created"
	}
	if c.dryRun == dryRunClient {
		return operation, nil
	}
	if creates {
		var options []client.CreateOption
		if c.dryRun == dryRunServer {
			options = append(options, client.DryRunAll)
		}
		return operation, cluster.Create(ctx, object, options...)
	}
	var options []client.ApplyOption
	if c.force {
		options = append(options, client.ForceOwnership)
	}
	if c.dryRun == dryRunServer {
		options = append(options, client.DryRunAll)
	}
	options = append(options, client.FieldOwner(convertUserAgent))
	return operation, cluster.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), options...)
}
