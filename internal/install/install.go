// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package install applies the manifests that a cluster needs before the
// components can run, and waits until the API server acts on them.
package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/config"
)

const (
	fieldOwner = client.FieldOwner("glassplane-install")
	// pollInterval and timeout bound the wait for CRDs and policies. An API
	// server takes about a second to act on a new admission policy.
	pollInterval = 50 * time.Millisecond
	timeout      = 30 * time.Second
)

// folders are applied in this order: a namespace before what is in it, a CRD
// before a policy about its kind.
var folders = []string{"namespace", "crd/bases", "rbac", "endpoints", "policy"}

// pageWrites has what the page needs to send requests.
const pageWrites = "page-writes"

// writeConflicts is applied where Faults may touch objects.
const writeConflicts = "write-conflicts"

// Apply applies the manifests of package config, server-side, and returns once
// the CRDs are served. It may be repeated.
func Apply(ctx context.Context, cfg *rest.Config) error {
	c, err := newClient(cfg)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := applyFolder(ctx, c, folder); err != nil {
			return err
		}
	}
	return waitForCRDs(ctx, c)
}

// AllowPageWrites applies the identity under which the page sends requests, and
// what it may do. It may be repeated.
func AllowPageWrites(ctx context.Context, cfg *rest.Config) error {
	c, err := newClient(cfg)
	if err != nil {
		return err
	}
	return applyFolder(ctx, c, pageWrites)
}

// AllowWriteConflicts applies the identity under which Faults touch objects, and what
// it may do. It may be repeated.
func AllowWriteConflicts(ctx context.Context, cfg *rest.Config) error {
	c, err := newClient(cfg)
	if err != nil {
		return err
	}
	return applyFolder(ctx, c, writeConflicts)
}

func newClient(cfg *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("creating a client to install the manifests: %w", err)
	}
	return c, nil
}

func applyFolder(ctx context.Context, c client.Client, folder string) error {
	objects, err := read(config.FS, folder)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), fieldOwner, client.ForceOwnership); err != nil {
			return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// read returns every object of every file of a folder.
func read(files fs.FS, folder string) ([]*unstructured.Unstructured, error) {
	names, err := fs.Glob(files, folder+"/*.yaml")
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, name := range names {
		more, err := readFile(files, name)
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// readFile returns every object of a file.
func readFile(files fs.FS, name string) ([]*unstructured.Unstructured, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("reading manifest %s: %w", name, err)
	}
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), len(content))
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, fmt.Errorf("decoding manifest %s: %w", name, err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

func waitForCRDs(ctx context.Context, c client.Client) error {
	objects, err := read(config.FS, "crd/bases")
	if err != nil {
		return err
	}
	for _, object := range objects {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		err := wait.PollUntilContextTimeout(ctx, pollInterval, timeout, true, func(ctx context.Context) (bool, error) {
			if err := c.Get(ctx, client.ObjectKey{Name: object.GetName()}, crd); err != nil {
				return false, err
			}
			return isEstablished(crd), nil
		})
		if err != nil {
			return fmt.Errorf("waiting for the API server to serve %s: %w", object.GetName(), err)
		}
	}
	return nil
}

func isEstablished(crd *apiextensionsv1.CustomResourceDefinition) bool {
	for _, condition := range crd.Status.Conditions {
		if condition.Type == apiextensionsv1.Established {
			return condition.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}

// WaitForPolicy returns once the API server enforces the admission policies. It
// asks, in a dry run, for what the policy simpod-binding refuses to everybody
// but a scheduler, with the configuration of a component that is not one.
func WaitForPolicy(ctx context.Context, notAScheduler *rest.Config) error {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return err
	}
	c, err := client.New(notAScheduler, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("creating a client to probe the admission policies: %w", err)
	}
	err = wait.PollUntilContextTimeout(ctx, pollInterval, timeout, true, func(ctx context.Context) (bool, error) {
		probe := &v1alpha1.SimPod{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "policy-probe-", Namespace: v1alpha1.SystemNamespace},
			Spec: v1alpha1.SimPodSpec{
				NodeName:   "no-such-node",
				Containers: []v1alpha1.Container{{Name: "probe", Image: "none"}},
			},
		}
		switch err := c.Create(ctx, probe, client.DryRunAll); {
		case err == nil, apierrors.IsNotFound(err):
			return false, nil // not enforced yet, or the kind is not served yet
		case apierrors.IsForbidden(err):
			return isPolicyRefusal(err), nil
		default:
			return false, err
		}
	})
	if err != nil {
		return fmt.Errorf("waiting for the API server to enforce the admission policies: %w", err)
	}
	return nil
}

// isPolicyRefusal tells the refusal of the policy from that of RBAC, whose
// rules may be as new as the policy.
func isPolicyRefusal(err error) bool {
	return strings.Contains(err.Error(), "simpods/binding")
}
