// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheme"
)

// relistInterval is how often the API server is asked again while it does not
// answer: what heals meanwhile has healed within it after it is back.
const relistInterval = time.Second

// newFaultClient returns a client for Faults and for nothing else, so that it
// needs no discovery.
func newFaultClient(config *rest.Config) (client.WithWatch, error) {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{v1alpha1.GroupVersion})
	mapper.Add(v1alpha1.GroupVersion.WithKind("Fault"), meta.RESTScopeRoot)
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme.New(), Mapper: mapper})
	if err != nil {
		return nil, fmt.Errorf("creating a client for Faults: %w", err)
	}
	return c, nil
}

// faultWatch follows all Faults with one watch, whatever the component does that
// it is for. It is the store of a Reflector.
type faultWatch struct {
	client client.WithWatch
	log    logr.Logger
	// changed gets a value when there is something new.
	changed chan struct{}

	mu     sync.Mutex
	faults map[string]v1alpha1.Fault
	known  bool
	refuse string
	// failed is why they could not be read last; nil where they could.
	failed error
}

var _ toolscache.ReflectorStore = (*faultWatch)(nil)

func newFaultWatch(c client.WithWatch, log logr.Logger) *faultWatch {
	return &faultWatch{client: c, log: log, changed: make(chan struct{}, 1), faults: make(map[string]v1alpha1.Fault)}
}

// run follows until ctx ends.
func (w *faultWatch) run(ctx context.Context) {
	toolscache.NewReflectorWithOptions(&toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list := &v1alpha1.FaultList{}
			err := w.client.List(ctx, list, &client.ListOptions{Raw: &options})
			return list, w.refused(err)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			events, err := w.client.Watch(ctx, &v1alpha1.FaultList{}, &client.ListOptions{Raw: &options})
			return events, w.refused(err)
		},
	}, &v1alpha1.Fault{}, w, toolscache.ReflectorOptions{
		Name: "faults", Backoff: &wait.Backoff{Duration: relistInterval, Factor: 1, Steps: 1, Cap: relistInterval},
	}).RunWithContext(ctx)
}

// refused notes that the API server has no Faults, or shows none to this
// component, because its manifests are older: then nothing is broken. It is tried
// again all the same.
func (w *faultWatch) refused(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = err
	if !apierrors.IsForbidden(err) && !apierrors.IsNotFound(err) {
		return err
	}
	if w.refuse != err.Error() {
		w.refuse = err.Error()
		w.log.Error(err, "Faults cannot be read and have no effect here: apply the manifests of this version (kubectl apply -k config/default)")
	}
	w.knows()
	return err
}

// knows notes that what is known is all, or that there is something new. The lock
// must be held.
func (w *faultWatch) knows() {
	w.known = true
	select {
	case w.changed <- struct{}{}:
	default: // nobody has looked since
	}
}

// ask asks the API server once, and returns an error where it does not answer.
func (w *faultWatch) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, relistInterval)
	defer cancel()
	err := w.client.List(ctx, &v1alpha1.FaultList{}, client.Limit(1))
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// unknown says why nobody knows the Faults; nil where somebody does.
func (w *faultWatch) unknown() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.known:
		return nil
	case w.failed != nil:
		return w.failed
	}
	return errors.New("the API server has not answered yet")
}

// all returns the Faults, and false as long as nobody knows them.
func (w *faultWatch) all() ([]v1alpha1.Fault, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]v1alpha1.Fault, 0, len(w.faults))
	for _, f := range w.faults {
		out = append(out, f)
	}
	return out, w.known
}

// Add implements ReflectorStore.
func (w *faultWatch) Add(object any) error { return w.Update(object) }

// Update implements ReflectorStore.
func (w *faultWatch) Update(object any) error {
	f, ok := object.(*v1alpha1.Fault)
	if !ok {
		return fmt.Errorf("a watch of Faults delivered a %T", object)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[f.Name] = *f
	w.knows()
	return nil
}

// Delete implements ReflectorStore.
func (w *faultWatch) Delete(object any) error {
	f, ok := object.(*v1alpha1.Fault)
	if !ok {
		return fmt.Errorf("a watch of Faults delivered a %T", object)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.faults, f.Name)
	w.knows()
	return nil
}

// Replace implements ReflectorStore.
func (w *faultWatch) Replace(objects []any, _ string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = make(map[string]v1alpha1.Fault, len(objects))
	for _, object := range objects {
		if f, ok := object.(*v1alpha1.Fault); ok {
			w.faults[f.Name] = *f
		}
	}
	w.refuse = ""
	w.knows()
	return nil
}

// Resync implements ReflectorStore.
func (*faultWatch) Resync() error { return nil }
