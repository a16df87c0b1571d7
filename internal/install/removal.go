// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	pageSize = 500
	// workers bounds how many objects are deleted or patched at the same time.
	workers = 16
	// roundInterval is between two looks at what is left.
	roundInterval = 250 * time.Millisecond
	// settleTime is how long the API server and others at least get for what
	// they do by themselves before it counts as stuck.
	settleTime = 5 * time.Second
	// progressInterval is between two lines about one phase.
	progressInterval = 5 * time.Second
)

// set is objects of one resource that are removed together.
type set struct {
	resource schema.GroupVersionResource
	// namespace is empty for all.
	namespace string
	// match, if set, is true for those that belong to Glassplane.
	match func(*metav1.PartialObjectMetadata) bool
	// system is true where Kubernetes itself ends the objects, after what is in them.
	system bool
}

// each lists the objects of a set, in pages. There are none of a resource that
// is not served.
func (u *Uninstaller) each(ctx context.Context, s set, do func(*metav1.PartialObjectMetadata)) error {
	options := metav1.ListOptions{Limit: pageSize}
	for {
		page, err := u.objects.Resource(s.resource).Namespace(s.namespace).List(ctx, options)
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case apierrors.IsResourceExpired(err) && options.Continue != "":
			return nil // too much happened meanwhile; the next round lists anew
		case err != nil:
			return fmt.Errorf("listing %s: %w", s.resource.Resource, err)
		}
		for i := range page.Items {
			if s.match == nil || s.match(&page.Items[i]) {
				do(&page.Items[i])
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			return nil
		}
	}
}

// removal deletes the objects of sets and waits until they are gone.
type removal struct {
	u *Uninstaller
	// title names the sets to the user.
	title string
	sets  []set
	// force takes our finalizers off at once, rather than after the grace.
	force bool
	// waits is true if objects that others keep are known, which system objects
	// may have to wait for.
	waits bool
	// held are, in the end, the objects that others keep.
	held []Kept

	started, moved, told time.Time
	// most is how many objects there were at most.
	most int
}

// round is what one look at the objects found.
type round struct {
	mu sync.Mutex
	// left is how many objects there are, of which system are ended by
	// Kubernetes itself, deleted were told to go only now, and ours keep
	// finalizers of Glassplane.
	left, system, deleted, ours int
	// held are those that have only finalizers of others.
	held []Kept
	// examples are the names of some that are left.
	examples []string
}

// run returns once the objects are gone, or those left are held by others.
func (r *removal) run(ctx context.Context) error {
	r.started = time.Now()
	r.moved, r.told = r.started, r.started
	last := &round{}
	ticker := time.NewTicker(roundInterval)
	defer ticker.Stop()
	for {
		now, err := r.round(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil {
			r.judge(last, now)
			last = now
			if now.left == 0 {
				if r.most > 0 {
					r.u.Progress("%s: %d removed", r.title, r.most)
				}
				return nil
			}
			if r.isStuck(now) {
				r.held = now.held
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return r.timedOut(ctx, last)
		case <-ticker.C:
		}
	}
}

// judge notes whether anything moves, and tells how far it is.
func (r *removal) judge(last, now *round) {
	at := time.Now()
	if now.deleted > 0 || now.left < last.left {
		r.moved = at
	}
	if now.left > 0 && at.Sub(r.told) > progressInterval {
		r.u.Progress("%s: %d left, such as %s", r.title, now.left, strings.Join(now.examples, ", "))
		r.told = at
	}
	r.most = max(r.most, now.left)
	if !r.force && now.ours > 0 && at.Sub(r.moved) >= r.u.Grace {
		r.force = true
		r.u.Progress("%s: %d do not end by themselves; their finalizers are removed", r.title, now.ours)
	}
}

// isStuck is true if what is left waits for somebody else.
func (r *removal) isStuck(now *round) bool {
	return now.left-now.system == len(now.held) && (len(now.held) > 0 || r.waits) &&
		time.Since(r.moved) >= max(r.u.Grace, settleTime)
}

// round looks at every object once: it deletes it, or takes our finalizers off.
func (r *removal) round(ctx context.Context) (*round, error) {
	result := &round{}
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.SetLimit(workers)
	var listErr error
	for _, s := range r.sets {
		listErr = r.u.each(ctx, s, func(object *metav1.PartialObjectMetadata) {
			tasks.Go(func() error { return r.step(ctx, s, object, result) })
		})
		if listErr != nil {
			break
		}
	}
	return result, cmp.Or(tasks.Wait(), listErr)
}

// step does what brings one object nearer to its end.
func (r *removal) step(ctx context.Context, s set, object *metav1.PartialObjectMetadata, result *round) error {
	r.count(s, object, result)
	objects := r.u.objects.Resource(s.resource).Namespace(object.Namespace)
	var err error
	switch {
	case object.DeletionTimestamp == nil:
		err = objects.Delete(ctx, object.Name, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &object.UID}, PropagationPolicy: new(metav1.DeletePropagationBackground),
		})
	case r.force && slices.ContainsFunc(object.Finalizers, isOurs):
		var patch []byte
		if patch, err = withoutOurs(object); err == nil {
			_, err = objects.Patch(ctx, object.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: string(fieldOwner)})
		}
	}
	// It is gone, or somebody else was faster: the next round sees it as it is.
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return fmt.Errorf("removing %s %s: %w", s.resource.Resource, nameOf(object.Namespace, object.Name), err)
}

// count adds an object to what the round found. A round over thousands of
// objects takes long, so it tells how far it is.
func (r *removal) count(s set, object *metav1.PartialObjectMetadata, found *round) {
	const examples = 3
	found.mu.Lock()
	defer found.mu.Unlock()
	found.left++
	if len(found.examples) < examples {
		found.examples = append(found.examples, s.resource.Resource+" "+nameOf(object.Namespace, object.Name))
	}
	foreign := slices.DeleteFunc(slices.Clone(object.Finalizers), isOurs)
	switch {
	case object.DeletionTimestamp == nil:
		found.deleted++
		if at := time.Now(); at.Sub(r.told) > progressInterval {
			r.u.Progress("%s: %d told to end", r.title, found.deleted)
			r.told = at
		}
	case s.system:
		found.system++
	case len(foreign) < len(object.Finalizers):
		found.ours++
	case len(foreign) > 0:
		found.held = append(found.held, Kept{s.resource.GroupResource(), object.Namespace, object.Name, foreign})
	}
}

// isOurs is true for the finalizers of Glassplane.
func isOurs(finalizer string) bool { return strings.HasPrefix(finalizer, v1alpha1.GroupName+"/") }

// withoutOurs returns a merge patch that takes our finalizers off the object as
// it was read: the resourceVersion lets no finalizer be lost that somebody adds.
func withoutOurs(object *metav1.PartialObjectMetadata) ([]byte, error) {
	return json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": object.ResourceVersion,
		"finalizers":      slices.DeleteFunc(slices.Clone(object.Finalizers), isOurs),
	}})
}

// timedOut says what the removal still waited for.
func (r *removal) timedOut(ctx context.Context, last *round) error {
	if last.left == 0 { // stopped before the first look
		return fmt.Errorf("removing %s: %w", r.title, context.Cause(ctx))
	}
	err := fmt.Errorf("removing %s: %d left, such as %s: %w",
		r.title, last.left, strings.Join(last.examples, ", "), context.Cause(ctx))
	if errors.Is(err, context.Canceled) {
		return err
	}
	return errors.Join(err, r.namespaceConditions(context.WithoutCancel(ctx)))
}

// namespaceConditions says what namespaces that are left still wait for.
func (r *removal) namespaceConditions(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	var problems []error
	for _, s := range r.sets {
		if s.resource.Resource != "namespaces" {
			continue
		}
		err := r.u.each(ctx, s, func(object *metav1.PartialObjectMetadata) {
			var namespace corev1.Namespace
			if r.u.client.Get(ctx, client.ObjectKey{Name: object.Name}, &namespace) != nil {
				return
			}
			for _, condition := range namespace.Status.Conditions {
				if condition.Status == corev1.ConditionTrue {
					problems = append(problems, fmt.Errorf("namespace %s: %s", namespace.Name, condition.Message))
				}
			}
		})
		if err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func nameOf(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// Kept is an object that finalizers of others keep.
type Kept struct {
	// Resource is the plural of its kind.
	Resource schema.GroupResource
	// Namespace is empty for an object of the cluster.
	Namespace, Name string
	// Finalizers are those that are not ours.
	Finalizers []string
}

// KeptError says what could not be removed, because somebody else has still to
// do something about it.
type KeptError struct {
	// Objects has at least one object, and none twice.
	Objects []Kept
}

// keptError returns an error if anything is kept. A phase may have met what an
// earlier one has met.
func keptError(kept []Kept) error {
	key := func(k Kept) string { return k.Resource.String() + "/" + nameOf(k.Namespace, k.Name) }
	slices.SortFunc(kept, func(a, b Kept) int { return strings.Compare(key(a), key(b)) })
	kept = slices.CompactFunc(kept, func(a, b Kept) bool { return key(a) == key(b) })
	if len(kept) == 0 {
		return nil
	}
	return &KeptError{kept}
}

func (e *KeptError) Error() string {
	const shown = 10
	lines := []string{fmt.Sprintf("everything is removed but what finalizers keep that are not Glassplane's (%d):", len(e.Objects))}
	for i, object := range e.Objects {
		if i == shown {
			lines = append(lines, fmt.Sprintf("  and %d more", len(e.Objects)-shown))
			break
		}
		lines = append(lines, fmt.Sprintf("  %s %s: %s", object.Resource, nameOf(object.Namespace, object.Name), strings.Join(object.Finalizers, ", ")))
	}
	return strings.Join(lines, "\n")
}
