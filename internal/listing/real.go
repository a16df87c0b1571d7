// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

const (
	// pageSize is the limit of each request. The watch cache of the API server sends
	// a list as a whole; etcd, which answers where there is none, sends pages.
	pageSize = "500"
	// parallel is how many lists are read at once.
	parallel = 4
	// progressStep is how many objects are read before progress is told.
	progressStep = 1000
	accept       = "application/vnd.kubernetes.protobuf,application/json"
)

// Cluster reads a real cluster. Nothing is written to it.
type Cluster struct {
	client kubernetes.Interface
	rest   rest.Interface
	clock  clock.PassiveClock
	// progress is told how many objects of a resource were read so far.
	progress func(resource string, items int)
}

// NewCluster returns a reader of the cluster of a client. progress is told what
// was read so far, one call at a time; nil for nobody.
func NewCluster(client kubernetes.Interface, clock clock.PassiveClock, progress func(resource string, items int)) *Cluster {
	if progress == nil {
		progress = func(string, int) {}
	}
	return &Cluster{client: client, rest: client.CoreV1().RESTClient(), clock: clock, progress: progress}
}

// Read reads everything that a decision about pods of a namespace depends on.
// Each list's permission is asked for first. Where a list may not be read of all
// namespaces, it is read of the one that the pods are in; where not even that, it is
// noted, with what the answer may lack. It fails where nodes or pods cannot be
// read, and where the cluster does not answer.
func (c *Cluster) Read(ctx context.Context, namespace string) (whatif.Listing, error) {
	return c.read(ctx, namespace, nil)
}

// Snapshot reads the same, and returns what is kept of the objects.
func (c *Cluster) Snapshot(ctx context.Context, namespace string) (*Snapshot, error) {
	kept := keptObjects{}
	listed, err := c.read(ctx, namespace, kept)
	if err != nil {
		return nil, err
	}
	return newSnapshot(listed, kept), nil
}

func (c *Cluster) read(ctx context.Context, namespace string, kept keptObjects) (whatif.Listing, error) {
	out := whatif.Listing{ReadAt: c.clock.Now()}
	all := kinds(&out)
	out.Lists = make([]whatif.List, len(all))
	errs := make([]error, len(all))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		group sync.WaitGroup
		keep  sync.Mutex
		slots = make(chan struct{}, parallel)
	)
	for i, k := range all {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			reading := &reading{cluster: c, kind: k, keep: &keep, kept: kept}
			if out.Lists[i], errs[i] = reading.read(ctx, namespace); errs[i] != nil {
				cancel()
			}
		})
	}
	group.Wait()
	out.ReadUntil = c.clock.Now()
	return out, firstCause(errs)
}

// firstCause is the error for which the others were cancelled.
func firstCause(errs []error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

// reading is one list that is read.
type reading struct {
	cluster *Cluster
	kind    kind
	// keep is held while an object is kept.
	keep *sync.Mutex
	kept keptObjects
	list whatif.List
}

func (r *reading) read(ctx context.Context, namespace string) (whatif.List, error) {
	r.list = whatif.List{Resource: r.kind.resource, Affects: r.kind.affects}
	allowed, err := r.allowed(ctx, "")
	if err == nil && !allowed && r.kind.namespaced {
		if allowed, err = r.allowed(ctx, namespace); allowed {
			r.list.Namespace, r.list.Effect = namespace, r.kind.effect
		}
	}
	if err != nil {
		return r.list, err
	}
	if !allowed {
		return r.missing(errors.New("you may not list them"))
	}
	err = r.pages(ctx)
	switch {
	case err == nil:
		return r.list, nil
	case ctx.Err() == nil && (apierrors.IsForbidden(err) || apierrors.IsNotFound(err)):
		return r.missing(errors.New(strings.Join(strings.Fields(err.Error()), " ")))
	}
	return r.list, fmt.Errorf("listing %s: %w", r.kind.resource, err)
}

// missing notes that the list could not be read. It fails where there is no answer
// without it.
func (r *reading) missing(why error) (whatif.List, error) {
	if r.kind.required {
		return r.list, fmt.Errorf("listing %s: %w, and %s: ask for the ClusterRole in docs/install.md, or decide on a file with --from",
			r.kind.resource, why, r.kind.effect)
	}
	r.list.Error, r.list.Effect = why.Error(), r.kind.effect
	return r.list, nil
}

// allowed asks whether the user may list the resource, of all namespaces where
// the namespace is empty. Where nobody says, the list is tried.
func (r *reading) allowed(ctx context.Context, namespace string) (bool, error) {
	review, err := r.cluster.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: "list", Group: r.kind.group, Version: r.kind.version, Resource: r.kind.resource, Namespace: namespace,
		}},
	}, metav1.CreateOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("asking whether %s may be listed: %w", r.kind.resource, err)
	}
	return review.Status.Allowed, nil
}

// pages reads the list to its end.
func (r *reading) pages(ctx context.Context) error {
	for next := ""; ; {
		meta, err := r.page(ctx, next)
		if err != nil {
			return err
		}
		if r.list.ResourceVersion == "" {
			r.list.ResourceVersion = meta.ResourceVersion
		}
		if next = meta.Continue; next == "" {
			return nil
		}
	}
}

func (r *reading) page(ctx context.Context, next string) (metav1.ListMeta, error) {
	request := r.cluster.rest.Get().AbsPath(r.kind.path(r.list.Namespace)...).SetHeader("Accept", accept).Param("limit", pageSize)
	if next != "" {
		request = request.Param("continue", next)
	} else {
		// Any version will do, so that the watch cache may answer; kube-scheduler's
		// own view begins with the same list.
		request = request.Param("resourceVersion", "0")
	}
	if r.kind.fieldSelector != "" {
		request = request.Param("fieldSelector", r.kind.fieldSelector)
	}
	body, err := request.Stream(ctx)
	if err != nil {
		return metav1.ListMeta{}, err
	}
	defer func() { _ = body.Close() }()
	counted := &countingReader{in: body}
	meta, err := scan(counted, func(decode func(any) error) error {
		object, add, err := r.kind.read(decode)
		if err != nil {
			return err
		}
		r.keep.Lock()
		defer r.keep.Unlock()
		add()
		r.kept.add(r.kind, object)
		if r.list.Items++; r.list.Items%progressStep == 0 {
			r.cluster.progress(r.kind.resource, r.list.Items)
		}
		return nil
	})
	r.list.Bytes += counted.n
	return meta, err
}

// countingReader counts what is read.
type countingReader struct {
	in io.Reader
	n  int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}
