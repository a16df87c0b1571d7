// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/hold"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheme"
)

// stepFlag is the value of --step: none, a key for each step, or how long each
// step is held.
type stepFlag struct {
	on bool
	// each is how long a step is held; 0 until a key is pressed.
	each time.Duration
}

// stepByKey is what --step without a value means.
const stepByKey = "key"

// String returns the value.
func (f *stepFlag) String() string {
	switch {
	case f.each > 0:
		return f.each.String()
	case f.on:
		return stepByKey
	}
	return ""
}

// Type names the value in help.
func (f *stepFlag) Type() string { return "duration" }

// Set takes a value, or says which there are.
func (f *stepFlag) Set(value string) error {
	if value == stepByKey {
		*f = stepFlag{on: true}
		return nil
	}
	each, err := time.ParseDuration(value)
	if err != nil || each <= 0 {
		return fmt.Errorf("must be %s, or for how long each step is held, such as 2s", stepByKey)
	}
	*f = stepFlag{on: true, each: each}
	return nil
}

// validateStep says what --step does not go with, and whether there are keys.
func (c *runCommand) validateStep() error {
	switch {
	case !c.step.on:
		return nil
	case c.dryRun != "none" || !c.follow || c.output != "" && c.output != formatHTML:
		return errors.New("invalid --step: it holds a request that is followed, so it goes with neither --dry-run nor --follow=false, and with no --output but html")
	case c.step.each == 0 && terminalOf(c.io.In) == nil:
		return &hintError{errors.New("--step waits for keys, and there is no terminal to press them in"),
			"Without one, say for how long each step is to be held: --step=2s."}
	}
	return nil
}

// runHeld creates the pod, held at each step, and follows it. It tells what happens
// to out.
func (c *runCommand) runHeld(ctx context.Context, sender *sender, pod *v1alpha1.SimPod, out io.Writer) (sent, shown evidence.Client, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &stepper{run: c, sender: sender, ctx: ctx, cancel: cancel, to: out, out: render.CleanWriter(out)}
	defer s.connect(ctx)()
	if err := c.sweepHolds(ctx, s.out); err != nil {
		fmt.Fprintln(s.out, err)
	}
	hold.Gate(pod, hold.NewID("glassplane-run"))
	question, done := s.askBeforeWrite(ctx, pod)
	defer func() { err = errors.Join(err, done()) }()
	fmt.Fprintf(s.out, "For the stops, the pod is sent with the scheduling gate %s and the annotation %s.\n", hold.SchedulingGate, v1alpha1.AnnotationStartGate)

	held := hold.New(pod, hold.Options{Client: sender.client, Clock: c.io.Clock, Question: question, Patience: c.timeout})
	restore, err := s.readKeys()
	if err != nil {
		return sent, shown, err
	}
	err = held.Run(ctx, func(ctx context.Context) (err error) {
		sent, err = sender.create(ctx, pod)
		s.sent = sent
		return err
	}, s)
	restore()
	switch {
	case errors.Is(err, hold.ErrLetGo):
		fmt.Fprintf(s.out, "Let go: nothing holds simpod/%s any more. To see what becomes of it: %s\n", c.name, c.next("walk"))
		return sent, shown, err
	case err != nil && sent.AuditID != "" && sent.Code >= 400:
		return sent, shown, c.refused(err, sent)
	case err != nil:
		return sent, shown, unreachable(err)
	}
	shown, err = c.followPod(ctx, sender, held.Pod(), sent, out)
	return sent, shown, err
}

// sweepHolds lets go what an earlier command held that was killed. Who may not look
// for that had no such command.
func (c *runCommand) sweepHolds(ctx context.Context, out io.Writer) error {
	admin, err := client.NewWithWatch(c.config, client.Options{Scheme: scheme.New(), FieldOwner: runUserAgent})
	if err != nil {
		return err
	}
	pods, err := hold.Sweep(ctx, admin)
	for _, pod := range pods {
		fmt.Fprintf(out, "Let simpod %s go, which a command held that was killed.\n", pod)
	}
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}

// askBeforeWrite makes the API server ask this command before it writes the pod. It
// returns nil where it cannot be asked, and says why.
func (s *stepper) askBeforeWrite(ctx context.Context, pod *v1alpha1.SimPod) (question *hold.Question, done func() error) {
	registration, webhook, err := s.register(ctx, pod)
	if err != nil {
		fmt.Fprintf(s.out, "Not held before the write, because the API server cannot be made to ask this command: %v\n", err)
		fmt.Fprintf(s.out, "If this command is killed, nobody takes the gates off: kubectl annotate simpod %[1]s -n %[2]s %[3]s-; kubectl patch simpod %[1]s -n %[2]s --type=merge -p '{\"spec\":{\"schedulingGates\":null}}'\n",
			s.run.name, s.run.namespace, v1alpha1.AnnotationStartGate)
		return nil, func() error { return nil }
	}
	return registration.Question, func() error {
		return errors.Join(registration.Remove(ctx), webhook.Close())
	}
}

func (s *stepper) register(ctx context.Context, pod *v1alpha1.SimPod) (*hold.Registration, *hold.Webhook, error) {
	if host := s.run.config.Host; !onThisMachine(host) {
		return nil, nil, fmt.Errorf("%s is another machine", host)
	}
	admin, err := client.New(s.run.config, client.Options{Scheme: scheme.New(), FieldOwner: runUserAgent})
	if err != nil {
		return nil, nil, err
	}
	webhook, err := hold.Listen(ctx, s.run.io.Clock)
	if err != nil {
		return nil, nil, err
	}
	registration, err := hold.Register(ctx, admin, webhook, pod, hold.MaxTimeout)
	if err != nil {
		return nil, nil, errors.Join(err, webhook.Close())
	}
	return registration, webhook, nil
}

// onThisMachine says whether a URL is one of loopback.
func onThisMachine(host string) bool {
	address, err := url.Parse(host)
	if err != nil {
		return false
	}
	ip := net.ParseIP(address.Hostname())
	return address.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// storedNow is what etcd has of the pod now; the error says why it cannot be asked.
func (s *stepper) storedNow(ctx context.Context) (evidence.Etcd, error) {
	if s.observer == nil {
		return evidence.Etcd{}, s.noObserver
	}
	var entry evidence.Entry
	if err := s.observer.get(ctx, &entry, nil, "stored", followed.SimPods().Resource, s.run.namespace, s.run.name); err != nil {
		return evidence.Etcd{}, err
	}
	if entry.Etcd == nil {
		return evidence.Etcd{}, errors.New("the observer's answer says nothing of etcd")
	}
	return *entry.Etcd, nil
}

// etcdLines say what etcd has of the pod, in one line for its key and one for what
// is stored under it.
func etcdLines(stored evidence.Etcd) []string {
	if stored.CreateRevision == 0 {
		return []string{fmt.Sprintf("no key %s, at revision %d", stored.Key, stored.ReadRevision)}
	}
	states := "1 state"
	if stored.Version > 1 {
		states = fmt.Sprintf("%d states since revision %d", stored.Version, stored.CreateRevision)
	}
	lines := []string{fmt.Sprintf("%s at revision %d: %s, %d bytes", stored.Key, stored.ModRevision, states, stored.Bytes)}
	if stored.Unavailable != "" {
		return append(lines, stored.Unavailable)
	}
	return append(lines, storedFields(stored.Value)...)
}

// storedFields are the fields that change from stop to stop, as etcd has them.
func storedFields(value []byte) []string {
	pod, err := decodeSimPod(value)
	if err != nil {
		return []string{"not available: its fields, because its value cannot be read"}
	}
	var gates []string
	for _, gate := range pod.Spec.SchedulingGates {
		gates = append(gates, gate.Name)
	}
	fields := []string{
		"spec.nodeName " + cmp.Or(pod.Spec.NodeName, "<none>"),
		"spec.schedulingGates " + cmp.Or(strings.Join(gates, ", "), "<none>"),
		"start gate " + cmp.Or(pod.Annotations[v1alpha1.AnnotationStartGate], "<none>"),
		"status.phase " + cmp.Or(string(pod.Status.Phase), "<none>"),
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == v1alpha1.SimPodScheduled || c.Type == v1alpha1.SimPodReady {
			fields = append(fields, fmt.Sprintf("%s %s (%s)", c.Type, c.Status, c.Reason))
		}
		if c.Type == v1alpha1.SimPodScheduled && c.Status == metav1.ConditionFalse && pod.Spec.NodeName != "" {
			fields[len(fields)-1] += " until the kubelet reports, because the bind of a SimPod writes no status"
		}
	}
	return []string{strings.Join(fields, ", ")}
}
