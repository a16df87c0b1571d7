// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hold holds the request that creates a simulated pod at up to three
// places of its way, each by something that Kubernetes or the simulation really
// waits for:
//
//   - before the write, the API server asks a validating webhook about the object,
//     and the webhook takes its time to answer;
//   - before the scheduler, the pod has a scheduling gate;
//   - before the kubelet, the pod has a start gate.
//
// Both gates are in the object that is sent, so they are seen in etcd and in the
// audit log, and their removal is a write of the client.
package hold

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// SchedulingGate is the gate that holds a pod before the scheduler.
const SchedulingGate = "sim.glassplane.dev/step"

// cleanupTimeout bounds how long is tried to leave nothing behind.
const cleanupTimeout = 10 * time.Second

// Place is where a request is held.
type Place string

// The places, in the order in which a request comes to them.
const (
	// BeforeWrite is within the API server: it has decided on the request, and has
	// not written anything to etcd.
	BeforeWrite Place = "write"
	// BeforeScheduler is once the pod is stored, before any node is looked for.
	BeforeScheduler Place = "schedule"
	// BeforeKubelet is once the pod is bound, before the kubelet accepts it.
	BeforeKubelet Place = "start"
)

// Stop is one time at which the request is held.
type Stop struct {
	Place Place
	// Since is when the stop began.
	Since time.Time
	// Until is when the API server goes on by itself; zero where nothing does.
	Until time.Time
	// Pod is the object: as it is sent, or as it was stored last.
	Pod *v1alpha1.SimPod
}

// Decision says how a stop ends.
type Decision string

const (
	// GoOn goes on to the next place.
	GoOn Decision = "go on"
	// LetGo goes on and is held nowhere else.
	LetGo Decision = "let go"
)

// ErrLetGo is returned by Run where the pod was let go before the last stop.
var ErrLetGo = errors.New("the pod was let go")

// errRanOut is why a stop ended that nobody ended.
var errRanOut = errors.New("the API server has waited as long as it waits for a webhook, and goes on by itself")

// Audience decides how long each stop lasts.
type Audience interface {
	// Pause is told of a stop, and returns once it is to end. The context ends
	// before that where the stop ends by itself: RanOut says whether it did, and
	// what is returned counts for nothing then but LetGo.
	Pause(ctx context.Context, stop Stop) Decision
	// Stored is told of each state of the pod that was stored.
	Stored(pod *v1alpha1.SimPod)
}

// RanOut says whether the context of a stop has ended because the API server has
// gone on by itself.
func RanOut(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errRanOut) }

// Options of a hold.
type Options struct {
	// Client takes the gates off and watches the pod, with the rights of who sends
	// the request.
	Client client.WithWatch
	Clock  clock.PassiveClock
	// Question holds the request before the write; nil where nothing can.
	Question *Question
	// Patience bounds how long is waited from one stop to the next, while nobody
	// holds anything.
	Patience time.Duration
}

// Hold is one request that is held.
type Hold struct {
	Options
	id  string
	pod *v1alpha1.SimPod
	// gated is set as long as a gate may be stored.
	gated bool
}

// NewID returns what tells a hold from all others, after who holds: it is the
// value of the pod's start gate.
func NewID(who string) string { return who + "-" + strings.ToLower(rand.Text()[:8]) }

// Gate adds the gates to a pod that is about to be created.
func Gate(pod *v1alpha1.SimPod, id string) {
	pod.Spec.SchedulingGates = append(pod.Spec.SchedulingGates, corev1.PodSchedulingGate{Name: SchedulingGate})
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[v1alpha1.AnnotationStartGate] = id
}

// New returns a hold on the create of a pod that has the gates.
func New(pod *v1alpha1.SimPod, o Options) *Hold {
	return &Hold{Options: o, id: pod.Annotations[v1alpha1.AnnotationStartGate], pod: pod}
}

// Pod is the pod as it was stored last or, before the create, as it is sent.
func (h *Hold) Pod() *v1alpha1.SimPod { return h.pod }

// Run carries out the create, which fills the pod with the answer, and holds it at
// each place until the audience ends the stop. It returns once the pod is held
// nowhere any more: nil after the last stop, ErrLetGo, the error of the create, or
// why it was given up. Whatever it returns, and also where the context ends, no
// gate is left: what could not be taken off is in the error.
func (h *Hold) Run(ctx context.Context, create func(context.Context) error, to Audience) error {
	err := h.run(ctx, create, to)
	if !h.gated {
		return err
	}
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return errors.Join(err, h.ungate(cleanup, true, true))
}

func (h *Hold) run(ctx context.Context, create func(context.Context) error, to Audience) error {
	if err := h.create(ctx, create, to); err != nil {
		return err
	}
	to.Stored(h.pod)
	if err := h.gate(ctx, BeforeScheduler, to); err != nil {
		return err
	}
	if err := h.ungate(ctx, true, false); err != nil {
		return err
	}
	if err := h.awaitBind(ctx, to); err != nil {
		return err
	}
	if err := h.gate(ctx, BeforeKubelet, to); err != nil {
		return err
	}
	return h.ungate(ctx, false, true)
}

// gate is a stop that lasts until the audience ends it.
func (h *Hold) gate(ctx context.Context, at Place, to Audience) error {
	decision := to.Pause(ctx, Stop{Place: at, Since: h.Clock.Now(), Pod: h.pod.DeepCopy()})
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if decision == LetGo {
		return ErrLetGo
	}
	return nil
}

// create sends the request, and holds it as long as the API server waits. The
// request is not cut off where the context ends: it would not be known what became
// of it. It is refused, as far as it is held, and its answer is waited for.
func (h *Hold) create(ctx context.Context, create func(context.Context) error, to Audience) error {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	answered := make(chan error, 1)
	go func() { answered <- create(sending) }()
	decision := GoOn
	if h.Question != nil {
		decision = h.hold(ctx, answered, to)
	}
	var err error
	select {
	case err = <-answered:
	case <-ctx.Done():
		select {
		case err = <-answered:
		case <-time.After(cleanupTimeout):
			cancel()
			err = <-answered
		}
	}
	// Where there was no answer, the pod may be stored all the same.
	h.gated = err == nil || apierrors.ReasonForError(err) == "" || ctx.Err() != nil
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case decision == LetGo:
		return ErrLetGo
	}
	return nil
}

// hold waits until the API server asks the webhook, and lets it wait for the
// answer until the audience ends the stop, the API server waits no longer, or the
// context ends; then it refuses the request.
func (h *Hold) hold(ctx context.Context, answered chan error, to Audience) Decision {
	select {
	case <-h.Question.asked:
	case err := <-answered: // it never came so far
		answered <- err
		return GoOn
	case <-ctx.Done():
		h.Question.refuse()
		return LetGo
	}
	pausing, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		select {
		case <-h.Question.over:
			end(errRanOut)
		case <-pausing.Done():
		}
	}()
	now := h.Clock.Now()
	decision := to.Pause(pausing, Stop{Place: BeforeWrite, Since: now, Until: now.Add(h.Question.Timeout()), Pod: h.pod.DeepCopy()})
	if ctx.Err() != nil {
		h.Question.refuse()
	} else {
		h.Question.allow()
	}
	return decision
}

// awaitBind waits until the pod has a node, for as long as its patience lasts.
func (h *Hold) awaitBind(ctx context.Context, to Audience) error {
	if h.pod.Spec.NodeName != "" {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, h.Patience, fmt.Errorf("simpod/%s was not bound within %s", h.pod.Name, h.Patience))
	defer cancel()
	return Follow(ctx, h.Client, h.pod, func(pod *v1alpha1.SimPod) bool {
		h.pod = pod
		to.Stored(pod)
		return pod.Spec.NodeName != ""
	})
}

// ungate takes gates off the stored pod; that of a pod which is gone, or which
// another one has the name of, is none. It may be repeated.
func (h *Hold) ungate(ctx context.Context, scheduling, start bool) error {
	of := holder{id: h.id, uid: h.pod.UID}
	pod, err := of.ungate(ctx, h.Client, client.ObjectKeyFromObject(h.pod), scheduling, start)
	if err != nil {
		return fmt.Errorf("taking the gates of simpod/%s off, which stays held until somebody does: %w", h.pod.Name, err)
	}
	if start {
		h.gated = false
	}
	if pod != nil {
		h.pod = pod
	}
	return nil
}

// holder tells the pod of a hold from others of its name: by the start gate or,
// where it is known, by the UID.
type holder struct {
	id  string
	uid types.UID
}

// ungate takes gates off. It returns nil where the pod is gone.
func (o holder) ungate(ctx context.Context, c client.Client, key client.ObjectKey, scheduling, start bool) (*v1alpha1.SimPod, error) {
	pod := &v1alpha1.SimPod{}
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := c.Get(ctx, key, pod); err != nil {
			return err
		}
		if pod.Annotations[v1alpha1.AnnotationStartGate] != o.id && (o.uid == "" || pod.UID != o.uid) {
			return nil
		}
		base := pod.DeepCopy()
		if scheduling {
			pod.Spec.SchedulingGates = slices.DeleteFunc(pod.Spec.SchedulingGates, func(g corev1.PodSchedulingGate) bool { return g.Name == SchedulingGate })
		}
		if start {
			delete(pod.Annotations, v1alpha1.AnnotationStartGate)
		}
		if equality.Semantic.DeepEqual(base, pod) {
			return nil
		}
		return c.Patch(ctx, pod, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
	})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return pod, nil
}
