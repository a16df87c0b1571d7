// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/history"
)

// goneTimeout bounds the wait until what is deleted is gone.
const goneTimeout = 45 * time.Second

// cleanUp deletes what the run made, the newest first, and waits until it is gone.
func (r *run) cleanUp(ctx context.Context) error {
	if len(r.made) == 0 {
		return nil
	}
	r.opts.Tell("deleting what the experiment made")
	var errs []error
	for _, c := range slices.Backward(r.made) {
		if err := r.insist(ctx, c); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("deleting what the experiment made: %w", err)
	}
	return r.awaitGone(ctx)
}

// insist deletes an object, and tries again while the API server cannot answer: it
// may have been healed just now.
func (r *run) insist(ctx context.Context, c *call) error {
	ctx, cancel := context.WithTimeout(ctx, goneTimeout)
	defer cancel()
	for {
		a, err := r.sender.must(ctx, c, http.StatusNotFound)
		if err == nil || a.Code != 0 && a.Code != http.StatusTooManyRequests && a.Code < http.StatusInternalServerError {
			return err
		}
		if hold(ctx, watchPause) != nil {
			return err
		}
	}
}

// awaitGone waits until nothing of the run is left in etcd. Finalizers that the run's
// own objects were made with have nobody else who removes them.
func (r *run) awaitGone(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, goneTimeout, fmt.Errorf("not all was gone after %s", goneTimeout))
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if _, err := r.etcd.sync(ctx); err != nil {
			return err
		}
		left := r.left()
		if len(left) == 0 {
			return nil
		}
		for _, v := range left {
			if err := r.releaseOwn(ctx, v); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", context.Cause(ctx), keysOf(left))
		case <-ticker.C:
		}
	}
}

// left are the objects of the run that are still there.
func (r *run) left() []*history.Version {
	h, _ := r.etcd.view()
	ours := madeByRun(h, r.marker)
	left := h.Objects(h.Last(), func(history.Object) bool { return true })
	return slices.DeleteFunc(left, func(v *history.Version) bool { return v.Created <= h.Base || !ours[v.UID()] })
}

// madeByRun are the UIDs of what was made since the start and carries the label, marker, of a
// run, and of what controllers have made for that, such as the pods of a set. Others may
// make objects in the same cluster meanwhile.
func madeByRun(h *history.History, marker string) map[string]bool {
	ours := map[string]bool{}
	for _, v := range h.Changes() { // an owner comes before what it owns
		u := unstructured.Unstructured{Object: v.Value}
		if v.Deleted() || v.Undecoded {
			continue
		}
		owner := metav1.GetControllerOfNoCopy(&u)
		if u.GetLabels()[marker] != "" || v.Object.Group == v1alpha1.GroupName && owner != nil && ours[string(owner.UID)] {
			ours[v.UID()] = true
		}
	}
	return ours
}

// releaseOwn takes foreign finalizers off an object that is marked for deletion and
// that the run made itself.
func (r *run) releaseOwn(ctx context.Context, v *history.Version) error {
	u := unstructured.Unstructured{Object: v.Value}
	kept := slices.DeleteFunc(slices.Clone(u.GetFinalizers()), func(name string) bool { return !strings.HasPrefix(name, v1alpha1.GroupName+"/") })
	if u.GetDeletionTimestamp() == nil || len(kept) == len(u.GetFinalizers()) || u.GetLabels()[r.marker] == "" {
		return nil
	}
	mapping, err := r.sender.mappingOf(&u)
	if err != nil {
		return nil
	}
	c := r.sender.newCall(http.MethodPatch, mapping, u.GetNamespace(), u.GetName(), "")
	c.media, c.line = string(types.MergePatchType), "kubectl patch "+kindName(mapping)+" "+u.GetName()
	if c.body, err = json.Marshal(map[string]any{"metadata": map[string]any{"finalizers": kept, "resourceVersion": u.GetResourceVersion()}}); err != nil {
		return err
	}
	_, err = r.sender.must(ctx, c, http.StatusNotFound, http.StatusConflict)
	return err
}

// nothingLeft is the last invariant: it is checked when all was undone.
func (r *run) nothingLeft(ctx context.Context) experiment.CheckResult {
	const says = "Nothing is left: no fault, no object of the experiment"
	out := experiment.CheckResult{Says: says, Finding: experiment.Finding{Wanted: says}}
	if _, err := r.etcd.sync(ctx); err != nil {
		out.Unavailable = err.Error()
		return out
	}
	left := r.left()
	for _, each := range r.heals {
		out.Evidence = append(out.Evidence, "still broken: "+each.step)
	}
	for _, v := range left[:min(len(left), 20)] {
		out.Evidence = append(out.Evidence, fmt.Sprintf("%s@%d", v.Key, v.Revision))
	}
	out.Holds = len(left) == 0 && len(r.heals) == 0
	out.Found = fmt.Sprintf("%d of what the experiment made is left in etcd, %d is still broken", len(left), len(r.heals))
	return out
}

func keysOf(versions []*history.Version) string {
	keys := make([]string, 0, len(versions))
	for _, v := range versions[:min(len(versions), 5)] {
		keys = append(keys, v.Key)
	}
	return strings.Join(keys, ", ")
}

// deleteAndWait deletes an object and waits until the API server has it no more.
func (r *run) deleteAndWait(ctx context.Context, c *call) error {
	if _, err := r.sender.must(ctx, c, http.StatusNotFound); err != nil {
		return err
	}
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	get := *c
	get.method, get.body = http.MethodGet, nil
	for {
		if a := r.sender.send(ctx, &get, defaultTimeout, func(experiment.RequestResult) {}); a.Code == http.StatusNotFound {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: it is not gone: %w", c.line, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

// leftoverKinds are those that experiments make, in the order in which they are
// deleted: first what breaks and what makes others.
var leftoverKinds = []string{
	"validatingwebhookconfigurations.admissionregistration.k8s.io", "faults", "simdeployments", "simreplicasets", "simjobs", "simdaemonsets",
	"simstatefulsets", "poddisruptionbudgets.policy", "simpods", "simnodepools", "simnodes", "priorityclasses.scheduling.k8s.io",
}

// removeLeftovers deletes what a run that was killed has left in the cluster.
func (r *run) removeLeftovers(ctx context.Context) error {
	h, _ := r.etcd.view()
	left := map[string]bool{}
	for _, v := range h.Objects(h.Last(), func(history.Object) bool { return true }) {
		labels, _, _ := unstructured.NestedStringMap(v.Value, "metadata", "labels")
		if labels[r.marker] != "" {
			left[v.Object.Resource] = true
		}
	}
	for _, kind := range leftoverKinds {
		resource, _, _ := strings.Cut(kind, ".")
		if !left[resource] {
			continue
		}
		r.opts.Tell("deleting %s that a run which was killed has left", resource)
		if err := r.deleteLabelled(ctx, kind); err != nil {
			return fmt.Errorf("deleting what a run that was killed has left: %w", err)
		}
	}
	return nil
}

// deleteLabelled deletes the objects of a resource that carry the label of a run, in
// all namespaces, and waits until they are gone.
func (r *run) deleteLabelled(ctx context.Context, resource string) error {
	mapping, err := r.sender.mapping(resource)
	if err != nil {
		return nil // the API server does not serve it, so there are none
	}
	h, _ := r.etcd.view()
	for _, v := range h.Objects(h.Last(), func(o history.Object) bool { return o.Resource == mapping.Resource.Resource }) {
		u := unstructured.Unstructured{Object: v.Value}
		if u.GetLabels()[r.marker] == "" {
			continue
		}
		c := r.sender.newCall(http.MethodDelete, mapping, v.Object.Namespace, v.Object.Name, "")
		c.line = "kubectl delete " + kindName(mapping) + " " + v.Object.Name
		c.target.RawQuery = url.Values{"propagationPolicy": {"Background"}}.Encode()
		if _, err := r.sender.must(ctx, c, http.StatusNotFound); err != nil {
			return err
		}
		if err := r.releaseOwn(ctx, v); err != nil {
			return err
		}
		if err := r.deleteAndWait(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
