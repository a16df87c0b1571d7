// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package env gives tests a real API server and etcd with everything installed
// that the components need: CRDs, RBAC and admission policies.
package env

import (
	"context"
	"errors"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/install"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/substrate"
)

// Environment is a running API server with its etcd.
type Environment struct {
	// Config is an administrator's.
	Config *rest.Config
	// Client is an administrator's, without a cache, strict about unknown fields.
	Client client.Client
	// Scheme knows core Kubernetes and the sim API.
	Scheme *runtime.Scheme

	testEnv *envtest.Environment
}

// Start starts an API server and etcd and installs what the components need.
// Each configure may change the API server before it starts. The caller stops it
// with Stop.
func Start(ctx context.Context, configure ...func(*envtest.APIServer)) (_ *Environment, err error) {
	assets, err := substrate.FindAssets(os.Getenv)
	if err != nil {
		return nil, err
	}
	e := &Environment{
		Scheme:  scheme.New(),
		testEnv: &envtest.Environment{BinaryAssetsDirectory: assets.Dir},
	}
	for _, change := range configure {
		change(e.testEnv.ControlPlane.GetAPIServer())
	}
	if e.Config, err = e.testEnv.Start(); err != nil {
		return nil, fmt.Errorf("starting the API server: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Stop())
		}
	}()
	if err := install.Apply(ctx, e.Config); err != nil {
		return nil, err
	}
	component, err := e.ServiceAccount("glassplane-controller-manager")
	if err != nil {
		return nil, err
	}
	if err := install.WaitForPolicy(ctx, component); err != nil {
		return nil, err
	}
	e.Client, err = client.New(e.Config, client.Options{Scheme: e.Scheme, FieldValidation: "Strict"})
	return e, err
}

// Stop stops the API server and etcd.
func (e *Environment) Stop() error { return e.testEnv.Stop() }

// ServiceAccount returns the configuration of a component: a client that the API
// server takes for the ServiceAccount of that name in the system namespace.
func (e *Environment) ServiceAccount(name string) (*rest.Config, error) {
	return e.User("system:serviceaccount:"+v1alpha1.SystemNamespace+":"+name,
		"system:serviceaccounts", "system:serviceaccounts:"+v1alpha1.SystemNamespace)
}

// User returns the configuration of a client that the API server takes for the
// user of that name in the groups given.
func (e *Environment) User(name string, groups ...string) (*rest.Config, error) {
	user, err := e.testEnv.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: -1, UserAgent: name})
	if err != nil {
		return nil, fmt.Errorf("adding user %s: %w", name, err)
	}
	return user.Config(), nil
}
