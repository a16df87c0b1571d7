// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/hold"
	"github.com/glassplane/glassplane/internal/kubelet"
	"github.com/glassplane/glassplane/internal/render"
)

const (
	runUserAgent   = "glassplane-run"
	defaultTimeout = time.Minute
)

type runCommand struct {
	io      IO
	clients *clients
	// program is how the user calls glassplane.
	program string
	pod     podFlags

	name, namespace string
	dryRun, output  string
	follow          bool
	step            stepFlag
	timeout         time.Duration
	config          *rest.Config
}

func newRunCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &runCommand{io: io, clients: clients, program: name}
	command := &cobra.Command{
		Use:   "run NAME --image=IMAGE",
		Short: "Create a simulated pod and follow the request until the pod runs",
		Example: examples(name, `
# Create a pod and follow it until it runs
glassplane run web --image=nginx --requests=cpu=500m,memory=256Mi

# Print what would be sent
glassplane run web --image=nginx --dry-run=client -o yaml

# Follow it, and write the page with this run as a file
glassplane run web --image=nginx -o html > web.html

# Hold it before the write, before the scheduler and before the kubelet, and see
# what etcd has at each stop
glassplane run web --image=nginx --step`),
		ValidArgsFunction: cobra.NoFileCompletions,
		Args:              exactName(name + " run NAME --image=IMAGE"),
		RunE: func(command *cobra.Command, args []string) error {
			if err := c.Complete(args); err != nil {
				return err
			}
			if err := c.Validate(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&c.pod.image, "image", "", "the image of the container (required)")
	flags.StringToStringVar(&c.pod.requests, "requests", nil, "resources to request, such as cpu=500m,memory=256Mi")
	flags.StringToStringVar(&c.pod.limits, "limits", nil, "limits of resources, such as cpu=1")
	flags.StringToStringVarP(&c.pod.labels, "labels", "l", nil, "labels of the pod; run=NAME by default")
	flags.StringToStringVar(&c.pod.nodeSelector, "node-selector", nil, "labels that the node must have")
	flags.StringVar(&c.pod.restart, "restart", "", "restart policy: Always (the default), OnFailure or Never")
	flags.StringVar(&c.pod.schedulerName, "scheduler-name", "", "the scheduler that is to bind the pod")
	flags.StringVar(&c.dryRun, "dry-run", "none", "none, client (print what would be sent) or server (send it without keeping it)")
	flags.StringVarP(&c.output, "output", "o", "", "name, yaml or json: print the created object in place of following it; html: follow it, and write the page with this run as a file")
	flags.BoolVar(&c.follow, "follow", true, "follow the request until the pod runs or has ended")
	flags.DurationVar(&c.timeout, "timeout", defaultTimeout, "how long to follow the request; with --step, from one stop to the next")
	flags.Var(&c.step, "step", "hold the request before the write, before the scheduler and before the kubelet, each until a key is pressed; with a value, such as 2s, for that long")
	flags.Lookup("step").NoOptDefVal = stepByKey
	completeFlags(command, map[string]cobra.CompletionFunc{
		"dry-run": oneOf("none", "client", "server"), "output": oneOf("name", "yaml", "json", formatHTML), "restart": oneOf("Always", "OnFailure", "Never"),
	})
	return command
}

// Complete reads what flags and kubeconfig say.
func (c *runCommand) Complete(args []string) (err error) {
	c.name = args[0]
	if c.namespace, err = c.clients.namespace(); err != nil {
		return err
	}
	if c.dryRun == "client" {
		return nil
	}
	c.config, err = c.clients.restConfig(runUserAgent)
	return err
}

// Validate says what is wrong with the flags.
func (c *runCommand) Validate() error {
	switch c.dryRun {
	case "none", "client", "server":
	default:
		return fmt.Errorf("invalid --dry-run %q: must be none, client or server", c.dryRun)
	}
	switch c.output {
	case "", "name", "yaml", "json":
	case formatHTML:
		if c.dryRun != "none" || !c.follow {
			return errors.New("invalid --output html: it shows a request that is followed, so it goes with neither --dry-run nor --follow=false")
		}
	default:
		return fmt.Errorf("invalid --output %q: must be name, yaml, json or html", c.output)
	}
	if c.timeout <= 0 {
		return fmt.Errorf("invalid --timeout %s: must be positive", c.timeout)
	}
	if err := c.validateStep(); err != nil {
		return err
	}
	return c.pod.validate()
}

// Run sends the request and follows what comes of it.
func (c *runCommand) Run(ctx context.Context) error {
	pod, err := c.pod.newSimPod(c.namespace, c.name)
	if err != nil {
		return err
	}
	if c.dryRun == "client" {
		return c.print(pod, "created (dry run)")
	}
	sender, err := newSender(c.config, c.io)
	if err != nil {
		return err
	}
	if c.step.on {
		return c.runByStep(ctx, sender, pod)
	}
	var options []client.CreateOption
	verb := "created"
	if c.dryRun == "server" {
		options, verb = append(options, client.DryRunAll), "created (server dry run)"
	}
	sent, err := sender.create(ctx, pod, options...)
	if err != nil {
		return c.refused(err, sent)
	}
	if c.output == formatHTML {
		return c.saveRun(ctx, sender, pod, sent)
	}
	if err := c.print(pod, verb); err != nil {
		return err
	}
	if c.dryRun != "none" || c.output != "" || !c.follow {
		return nil
	}
	_, err = c.followPod(ctx, sender, pod, sent, c.io.Out)
	return err
}

// saveRun follows the pod and writes the page with what came of it. What happens
// meanwhile is told beside.
func (c *runCommand) saveRun(ctx context.Context, sender *sender, pod *v1alpha1.SimPod, sent evidence.Client) error {
	shown, err := c.followPod(ctx, sender, pod, sent, c.io.ErrOut)
	if err != nil {
		return err
	}
	record, err := c.recorded(ctx, sent, shown)
	if err != nil {
		return err
	}
	return (&viewFlags{}).printFile(c.io, record)
}

// runByStep creates the pod, held at each step, and shows what came of it: as the
// table or, where that is asked for, as the page in a file.
func (c *runCommand) runByStep(ctx context.Context, sender *sender, pod *v1alpha1.SimPod) error {
	told := c.io.Out
	if c.output == formatHTML {
		told = c.io.ErrOut
	}
	sent, shown, err := c.runHeld(ctx, sender, pod, told)
	if errors.Is(err, hold.ErrLetGo) {
		return nil
	}
	if err != nil {
		return err
	}
	record, err := c.recorded(ctx, sent, shown)
	if err != nil {
		return err
	}
	if c.output == formatHTML {
		return (&viewFlags{}).printFile(c.io, record)
	}
	view := viewFlags{output: string(render.FormatTable), color: colorAuto}
	return view.print(c.io, explain.Explain(record))
}

// recorded is all that is known of the run, with what this client itself knows.
func (c *runCommand) recorded(ctx context.Context, sent, shown evidence.Client) (evidence.Record, error) {
	observer, err := c.clients.connectObserver(ctx)
	if err != nil {
		return evidence.Record{}, err
	}
	defer observer.close()
	record, err := observer.wholeRecord(ctx, subject{resource: followed.SimPods().Resource, namespace: c.namespace, name: c.name, auditID: sent.AuditID})
	if err != nil {
		return evidence.Record{}, fmt.Errorf("following simpod/%s: %w", c.name, err)
	}
	return withClient(record, sent, shown), nil
}

// withClient adds to a record what the client itself knows.
func withClient(record evidence.Record, said ...evidence.Client) evidence.Record {
	record.Entries = slices.Clone(record.Entries)
	for i := range said {
		record.Entries = append(record.Entries, evidence.Entry{
			Source: evidence.SourceClient, Time: said[i].SentAt, Recorded: said[i].AnsweredAt, Object: record.Subject, Client: &said[i],
		})
	}
	record.Sources = slices.Clone(record.Sources)
	i := slices.IndexFunc(record.Sources, func(s evidence.SourceState) bool { return s.Source == evidence.SourceClient })
	if i < 0 {
		record.Sources, i = append(record.Sources, evidence.SourceState{Source: evidence.SourceClient}), len(record.Sources)
	}
	record.Sources[i].Available, record.Sources[i].Reason = true, ""
	return record
}

// refused adds to a refusal how it can be looked at.
func (c *runCommand) refused(err error, sent evidence.Client) error {
	if sent.AuditID == "" {
		return unreachable(err)
	}
	return &hintError{err, fmt.Sprintf("To see where the request stopped: %s --request=%s", c.next("walk"), sent.AuditID)}
}

// next is what the user can type next about the pod.
func (c *runCommand) next(command string) string {
	next := fmt.Sprintf("%s %s simpod/%s", c.program, command, c.name)
	if c.namespace != metav1.NamespaceDefault {
		next += " -n " + c.namespace
	}
	return next
}

// followPod tells what happens to the pod until it runs, and returns what the
// client read at the end.
func (c *runCommand) followPod(ctx context.Context, sender *sender, pod *v1alpha1.SimPod, sent evidence.Client, to io.Writer) (evidence.Client, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout,
		fmt.Errorf("simpod/%s did not run within %s; to see why: %s", c.name, c.timeout, c.next("explain")))
	defer cancel()
	out := render.CleanWriter(to)
	told := false
	shown, err := sender.follow(ctx, pod, func(pod *v1alpha1.SimPod, line string, at time.Time) {
		fmt.Fprintf(out, "%8s  %s\n", at.Sub(sent.SentAt).Round(time.Millisecond), line)
		if hint := c.whyPending(pod); hint != "" && !told {
			told = true
			fmt.Fprintln(c.io.ErrOut, hint)
		}
	})
	if errors.Is(err, context.Canceled) {
		return shown, &hintError{err, fmt.Sprintf("simpod/%s stays; to remove it: kubectl delete simpod/%[1]s -n %s", c.name, c.namespace)}
	}
	if err != nil {
		return shown, err
	}
	_, err = fmt.Fprintf(out, "%s\nTo see each step: %s\n", shown.Line, c.next("walk"))
	return shown, err
}

// whyPending says why nothing happens to a pod that no node can take, and how to
// stop waiting for it. It is empty for others.
func (c *runCommand) whyPending(pod *v1alpha1.SimPod) string {
	scheduled := meta.FindStatusCondition(pod.Status.Conditions, v1alpha1.SimPodScheduled)
	if pod.Spec.NodeName != "" || scheduled == nil || scheduled.Status != metav1.ConditionFalse {
		return ""
	}
	return fmt.Sprintf("simpod/%s cannot be scheduled now: it stays pending and is tried again when something changes.\n"+
		"To see why: %s. To stop waiting: Ctrl-C, else it ends after --timeout=%s; the pod stays.", c.name, c.next("explain"), c.timeout)
}

// print prints the object as --output says, or the line that kubectl prints.
func (c *runCommand) print(pod *v1alpha1.SimPod, verb string) error {
	var printer printers.ResourcePrinter = &printers.NamePrinter{Operation: verb}
	switch c.output {
	case "name":
		printer = &printers.NamePrinter{ShortOutput: true}
	case "yaml":
		printer = &printers.YAMLPrinter{}
	case "json":
		printer = &printers.JSONPrinter{}
	}
	return printer.PrintObj(pod, c.io.Out)
}

// sender is the client of a request that is to be followed: it knows the audit
// ID that the API server gave to the request, and its own clock.
type sender struct {
	io     IO
	client client.WithWatch
	// last is what the last response said. The requests of a sender are sent one
	// after the other.
	last *lastResponse
}

type lastResponse struct {
	next    http.RoundTripper
	auditID string
	code    int
}

// RoundTrip remembers the audit ID and the code of the response.
func (l *lastResponse) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(request)
	if err == nil {
		l.auditID, l.code = response.Header.Get("Audit-Id"), response.StatusCode
	}
	return response, err
}

func newSender(config *rest.Config, io IO) (*sender, error) {
	config = rest.CopyConfig(config)
	last := &lastResponse{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		last.next = next
		return last
	})
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{
		Scheme: scheme, FieldOwner: runUserAgent, FieldValidation: metav1.FieldValidationStrict,
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, unreachable(err))
	}
	return &sender{io: io, client: c, last: last}, nil
}

// create sends the request; what it returns is filled also if it is refused.
func (s *sender) create(ctx context.Context, pod *v1alpha1.SimPod, options ...client.CreateOption) (evidence.Client, error) {
	kind := pod.GroupVersionKind()
	object, err := json.Marshal(pod)
	if err != nil {
		return evidence.Client{}, fmt.Errorf("encoding simpod/%s: %w", pod.Name, err)
	}
	sent := evidence.Client{SentAt: s.io.Clock.Now(), Object: object}
	err = s.client.Create(ctx, pod, options...)
	sent.AnsweredAt = s.io.Clock.Now()
	sent.AuditID, sent.Code = s.last.auditID, int32(s.last.code)
	sent.Line = "simpod.sim.glassplane.dev/" + pod.Name + " created"
	pod.SetGroupVersionKind(kind)
	if err != nil {
		sent.Line = message(err)
		return sent, err
	}
	if sent.Answer, err = json.Marshal(pod); err != nil {
		return sent, fmt.Errorf("encoding the answer for simpod/%s: %w", pod.Name, err)
	}
	return sent, nil
}

// follow watches the pod and tells each change, until it runs and is ready, has
// ended or is gone; then it reads the pod once more and returns what it shows.
func (s *sender) follow(ctx context.Context, pod *v1alpha1.SimPod, tell func(pod *v1alpha1.SimPod, line string, at time.Time)) (evidence.Client, error) {
	told := describe(pod)
	tell(pod, told, s.io.Clock.Now())
	if !isSettled(pod) {
		err := hold.Follow(ctx, s.client, pod, func(pod *v1alpha1.SimPod) bool {
			if line := describe(pod); line != told {
				told = line
				tell(pod, line, s.io.Clock.Now())
			}
			return isSettled(pod)
		})
		if err != nil {
			return evidence.Client{}, err
		}
	}
	return s.read(ctx, pod)
}

// read reads the pod and returns the line that kubectl get would show.
func (s *sender) read(ctx context.Context, pod *v1alpha1.SimPod) (evidence.Client, error) {
	sent := evidence.Client{SentAt: s.io.Clock.Now()}
	last := &v1alpha1.SimPod{}
	if err := s.client.Get(ctx, client.ObjectKeyFromObject(pod), last); err != nil {
		return evidence.Client{}, fmt.Errorf("reading simpod/%s: %w", pod.Name, err)
	}
	sent.AnsweredAt = s.io.Clock.Now()
	sent.AuditID, sent.Code = s.last.auditID, int32(s.last.code)
	sent.Line = fmt.Sprintf("%s   %s   %s   %d   %s", last.Name, last.Status.Ready, last.Status.Summary, last.Status.Restarts, last.Spec.NodeName)
	return sent, nil
}

// isSettled is true once nothing more happens to the pod by itself that the
// client waits for.
func isSettled(pod *v1alpha1.SimPod) bool {
	switch pod.Status.Phase {
	case corev1.PodSucceeded, corev1.PodFailed:
		return true
	default:
		return meta.IsStatusConditionTrue(pod.Status.Conditions, v1alpha1.SimPodReady)
	}
}

// describe says in one line where the pod is.
func describe(pod *v1alpha1.SimPod) string {
	scheduled := meta.FindStatusCondition(pod.Status.Conditions, v1alpha1.SimPodScheduled)
	var state string
	switch {
	case kubelet.StartGated(pod) && pod.Spec.NodeName != "":
		state = "bound to " + pod.Spec.NodeName + ", waits behind a start gate"
	case pod.Spec.NodeName != "" && pod.Status.StartTime == nil:
		state = "bound to " + pod.Spec.NodeName
	case pod.Status.Summary != "" && pod.Spec.NodeName != "":
		state = pod.Status.Summary
		if meta.IsStatusConditionTrue(pod.Status.Conditions, v1alpha1.SimPodReady) {
			state += ", ready"
		}
		state += " on " + pod.Spec.NodeName
	case scheduled != nil && scheduled.Status == metav1.ConditionFalse:
		state = scheduled.Reason + ": " + scheduled.Message
	case len(pod.Spec.SchedulingGates) > 0:
		state = "stored, waits behind scheduling gates"
	default:
		state = "stored, waits for the scheduler"
	}
	return fmt.Sprintf("revision %s  %s", pod.ResourceVersion, state)
}
