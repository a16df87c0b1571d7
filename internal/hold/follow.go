// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// ErrDeleted is returned by Follow where the pod is gone.
var ErrDeleted = errors.New("the pod was deleted")

// Follow watches a pod from a state on, and returns once a later one is the last
// that is wanted, the pod is gone, or the context ends.
func Follow(ctx context.Context, c client.WithWatch, pod *v1alpha1.SimPod, last func(*v1alpha1.SimPod) bool) error {
	watcher, err := c.Watch(ctx, &v1alpha1.SimPodList{}, client.InNamespace(pod.Namespace), &client.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", pod.Name),
		Raw:           &metav1.ListOptions{ResourceVersion: pod.ResourceVersion},
	})
	if err != nil {
		return fmt.Errorf("following simpod/%s: %w", pod.Name, err)
	}
	defer watcher.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case event, open := <-watcher.ResultChan():
			if !open {
				return fmt.Errorf("following simpod/%s: the API server ended the watch", pod.Name)
			}
			next, err := podOf(event)
			if err != nil {
				return fmt.Errorf("following simpod/%s: %w", pod.Name, err)
			}
			if last(next) {
				return nil
			}
		}
	}
}

func podOf(event watch.Event) (*v1alpha1.SimPod, error) {
	switch event.Type {
	case watch.Added, watch.Modified:
		return event.Object.(*v1alpha1.SimPod), nil
	case watch.Deleted:
		return nil, ErrDeleted
	default:
		return nil, fmt.Errorf("the API server sent %s: %v", event.Type, event.Object)
	}
}
