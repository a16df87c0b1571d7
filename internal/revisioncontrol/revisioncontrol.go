// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package revisioncontrol stores the templates that workloads had as apps/v1
// ControllerRevisions, adopts those that have lost their owner, and deletes the
// oldest. Which to write is said by internal/workload/history.
package revisioncontrol

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/internal/workload/history"
)

// maxCollisions bounds the names that one pass tries for a revision.
const maxCollisions = 10

// Control stores the revisions of the workloads of one kind.
type Control struct {
	kind   string
	client client.Client
	live   client.Reader
}

// New returns the control of a kind, such as SimDaemonSet.
func New(mgr ctrl.Manager, kind string) *Control {
	return &Control{kind: kind, client: mgr.GetClient(), live: mgr.GetAPIReader()}
}

// Subject is the workload whose templates are kept.
type Subject struct {
	client.Object
	// Selector of the workload: an orphan that matches it is adopted.
	Selector labels.Selector
	// Template is the present one.
	Template *v1alpha1.SimPodTemplateSpec
	// Collisions is how often a revision's name was taken, as the status has it.
	Collisions *int32
}

// History is what is stored of a workload's templates.
type History struct {
	// Update is the revision of the present template.
	Update *appsv1.ControllerRevision
	// Sorted are all revisions, the oldest first; Update may not be among them yet.
	Sorted []*appsv1.ControllerRevision
	// Collisions is for the status. It is nil as long as there were none.
	Collisions *int32
}

// Find returns the revision of that name, nil where there is none.
func (h *History) Find(name string) *appsv1.ControllerRevision {
	if h.Update.Name == name {
		return h.Update
	}
	for _, revision := range h.Sorted {
		if revision.Name == name {
			return revision
		}
	}
	return nil
}

// Sync makes sure that the present template is stored as the newest revision.
func (c *Control) Sync(ctx context.Context, s Subject) (*History, error) {
	sorted, err := c.owned(ctx, s)
	if err != nil {
		return nil, err
	}
	h := &History{Sorted: sorted, Collisions: s.Collisions}
	present, err := history.New(s, c.kind, s.Template, history.NextNumber(sorted), collisions(s.Collisions))
	if err != nil {
		return nil, err
	}
	step := history.Next(sorted, present)
	switch {
	case step.Create:
		err = c.create(ctx, s, h, present.Revision)
	case step.Number > 0:
		h.Update = step.Revision.DeepCopy()
		h.Update.Revision = step.Number
		err = controllerkit.Patch(ctx, c.client, h.Update, step.Revision)
	default:
		h.Update = step.Revision
	}
	if err != nil {
		return nil, fmt.Errorf("storing the template: %w", err)
	}
	return h, nil
}

// owned are the revisions of the workload, sorted, with the orphans that it adopts.
func (c *Control) owned(ctx context.Context, s Subject) ([]*appsv1.ControllerRevision, error) {
	var list appsv1.ControllerRevisionList
	// Only those of simulated workloads are cached at all; their labels are those of
	// the templates, which the selector matches.
	err := c.client.List(ctx, &list, client.InNamespace(s.GetNamespace()),
		client.MatchingLabelsSelector{Selector: s.Selector}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing revisions: %w", err)
	}
	var owned []*appsv1.ControllerRevision
	for i := range list.Items {
		revision := &list.Items[i]
		switch controller := metav1.GetControllerOfNoCopy(revision); {
		case revision.Labels[v1alpha1.LabelWorkload] != c.kind:
		case controller != nil && controller.UID == s.GetUID():
			owned = append(owned, revision)
		case controller == nil && revision.DeletionTimestamp == nil:
			adopted, err := c.adopt(ctx, s, revision)
			if err != nil {
				return nil, err
			}
			owned = append(owned, adopted)
		}
	}
	history.Sort(owned)
	return owned, nil
}

func (c *Control) adopt(ctx context.Context, s Subject, revision *appsv1.ControllerRevision) (*appsv1.ControllerRevision, error) {
	if err := controllerkit.MayAdopt(ctx, c.live, s, v1alpha1.GroupVersion.WithKind(c.kind)); err != nil {
		return nil, err
	}
	adopted := revision.DeepCopy()
	adopted.OwnerReferences = append(adopted.OwnerReferences, workload.OwnerReference(s, c.kind))
	if err := controllerkit.Patch(ctx, c.client, adopted, revision); err != nil {
		return nil, fmt.Errorf("adopting revision %s: %w", revision.Name, err)
	}
	return adopted, nil
}

// create stores the present template under the first name that is free, or finds
// that it is stored already: the cache may be behind. It is CreateControllerRevision
// of k8s.io/kubernetes/pkg/controller/history.
func (c *Control) create(ctx context.Context, s Subject, h *History, number int64) error {
	for range maxCollisions {
		revision, err := history.New(s, c.kind, s.Template, number, collisions(h.Collisions))
		if err != nil {
			return err
		}
		err = c.client.Create(ctx, revision)
		if err == nil {
			h.Update = revision
			return nil
		}
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		stored := &appsv1.ControllerRevision{}
		err = c.live.Get(ctx, client.ObjectKeyFromObject(revision), stored)
		if apierrors.IsNotFound(err) { // deleted meanwhile: the name is free
			continue
		}
		if err != nil {
			return err
		}
		if history.Equal(stored, revision) {
			h.Update = stored
			return nil
		}
		h.Collisions = new(collisions(h.Collisions) + 1)
	}
	return fmt.Errorf("%d names were taken by other templates", maxCollisions)
}

func collisions(count *int32) int32 {
	if count == nil {
		return 0
	}
	return *count
}

// Truncate deletes the oldest revisions that are not live, so that no more than
// limit remain of them.
func (c *Control) Truncate(ctx context.Context, h *History, live func(*appsv1.ControllerRevision) bool, limit *int32) error {
	var errs []error
	for _, revision := range history.Surplus(h.Sorted, live, limitOf(limit)) {
		err := c.client.Delete(ctx, revision.DeepCopy(), client.Preconditions{UID: &revision.UID})
		if client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("deleting revision %s: %w", revision.Name, err))
		}
	}
	return errors.Join(errs...)
}

// defaultLimit is that of the schema.
const defaultLimit = 10

func limitOf(limit *int32) int {
	if limit == nil {
		return defaultLimit
	}
	return int(*limit)
}
