// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/version"
)

const observerEnv = "GLASSPLANE_OBSERVER"

// clients finds the cluster and the observer that a command talks to.
type clients struct {
	io       IO
	flags    *genericclioptions.ConfigFlags
	observer string
}

func newClients(io IO) *clients {
	flags := genericclioptions.NewConfigFlags(true)
	// Of kubectl's many connection flags, those that one needs every day.
	return &clients{io: io, flags: &genericclioptions.ConfigFlags{
		KubeConfig: flags.KubeConfig, Context: flags.Context, Namespace: flags.Namespace,
		Impersonate: flags.Impersonate, ImpersonateGroup: flags.ImpersonateGroup, Timeout: flags.Timeout,
	}}
}

func (c *clients) addFlags(flags *pflag.FlagSet) {
	c.flags.AddFlags(flags)
	flags.StringVar(&c.observer, "observer", "",
		"URL of the observer; by default $"+observerEnv+", else that of the running local control plane, else the one in the cluster, by port-forward")
}

// restConfig returns the configuration of the cluster: the one that flags or
// KUBECONFIG name, else the running local control plane, else kubectl's default.
func (c *clients) restConfig(userAgent string) (*rest.Config, error) {
	c.preferInstance()
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster (is one running? start one with: glassplane up): %w", err)
	}
	config = rest.CopyConfig(config)
	config.UserAgent = version.UserAgent(userAgent)
	config.QPS = -1
	return config, nil
}

// preferInstance takes the kubeconfig of the running local control plane, unless
// the user names one.
func (c *clients) preferInstance() {
	if c.isExplicit() {
		return
	}
	if instance, err := c.instance(); err == nil {
		c.flags.KubeConfig = &instance.Kubeconfig
	}
}

func (c *clients) isExplicit() bool {
	return *c.flags.KubeConfig != "" || *c.flags.Context != "" || c.io.Env("KUBECONFIG") != ""
}

// namespace returns the namespace of flags or context.
func (c *clients) namespace() (string, error) {
	c.preferInstance()
	namespace, _, err := c.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("reading the namespace of the kubeconfig: %w", err)
	}
	return namespace, nil
}

// instance returns the running local control plane.
func (c *clients) instance() (substrate.Instance, error) {
	dir, err := substrate.DefaultDir(c.io.Env)
	if err != nil {
		return substrate.Instance{}, err
	}
	return substrate.ReadInstance(dir)
}

// connectObserver connects to the observer that the flag or the environment
// names, else to that of the local control plane where that is the cluster, else
// by port-forward to that in the cluster. The caller closes it.
func (c *clients) connectObserver(ctx context.Context) (*observer, error) {
	address := cmp.Or(c.observer, c.io.Env(observerEnv))
	if address == "" {
		if instance, err := c.localInstance(); err == nil {
			address = instance.ObserverURL
		}
	}
	if address != "" {
		parsed, err := url.Parse(address)
		if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
			return nil, fmt.Errorf("invalid observer %q: must be a URL such as http://127.0.0.1:8080", address)
		}
		return newObserver(parsed), nil
	}
	config, err := c.restConfig(observerUserAgent)
	if err != nil {
		return nil, noObserver(err)
	}
	forward, err := forwardToObserver(ctx, config)
	if utilnet.IsConnectionRefused(err) {
		return nil, noObserver(err)
	}
	if err != nil {
		return nil, err
	}
	return newForwardedObserver(forward), nil
}

// noObserver is the error where there is no cluster to look for an observer in.
func noObserver(err error) error {
	return &hintError{
		fmt.Errorf("no observer is known: %w", err),
		"Start a local control plane with \"glassplane up\", name a cluster with --context or --kubeconfig, or an observer with --observer or $" + observerEnv + ".",
	}
}

// unreachable adds to an error of a cluster that is not there what to do.
func unreachable(err error) error {
	if utilnet.IsConnectionRefused(err) {
		return fmt.Errorf("the API server cannot be reached; start one with: glassplane up, or name one with --kubeconfig: %w", err)
	}
	return err
}

// localInstance returns the running local control plane if commands use it: by
// themselves, or because the user named its kubeconfig.
func (c *clients) localInstance() (substrate.Instance, error) {
	if !c.isExplicit() {
		return c.instance()
	}
	server, err := c.flags.ToRESTConfig()
	if err != nil {
		return substrate.Instance{}, err
	}
	return c.instanceAt(server.Host)
}

// instanceAt returns the running local control plane whose API server is at a URL.
func (c *clients) instanceAt(server string) (substrate.Instance, error) {
	instance, err := c.instance()
	if err != nil || !servesAt(instance, server) {
		// One that was started with --data-dir is beside its kubeconfig.
		instance, err = substrate.ReadInstance(filepath.Dir(cmp.Or(*c.flags.KubeConfig, c.io.Env("KUBECONFIG"))))
	}
	if err == nil && !servesAt(instance, server) {
		err = fmt.Errorf("%w at %s", substrate.ErrNoInstance, server)
	}
	return instance, err
}

// servesAt is true if the API server of the local control plane is that of a
// URL: while it lives, its port on loopback is nobody else's.
func servesAt(instance substrate.Instance, server string) bool {
	config, err := clientcmd.BuildConfigFromFlags("", instance.Kubeconfig)
	return err == nil && config.Host == server
}

// subject is what a command is asked about: an object, a request by audit ID,
// or both. A request that authorization refused does not have the object's name.
type subject struct {
	resource, namespace, name string
	auditID                   string
}

// query names the object of a request; empty where only the request is asked about.
func (s subject) query() url.Values {
	if s.auditID == "" || s.name == "" {
		return url.Values{}
	}
	return url.Values{"resource": {s.resource}, "namespace": {s.namespace}, "name": {s.name}}
}

const requestKind = "request"

// parseSubject reads TYPE/NAME or TYPE NAME, as kubectl does.
func parseSubject(args []string, namespace string) (subject, error) {
	kind, name, found := "", "", false
	switch len(args) {
	case 1:
		kind, name, found = strings.Cut(args[0], "/")
	case 2:
		kind, name, found = args[0], args[1], true
	}
	if !found || kind == "" || name == "" || strings.Contains(name, "/") {
		return subject{}, fmt.Errorf("expected TYPE/NAME, such as simpod/web or pod/web, or request/AUDIT-ID; got %q", strings.Join(args, " "))
	}
	if kind == requestKind {
		return subject{auditID: name}, nil
	}
	if r, ok := followed.ByName(kind); ok {
		return subject{resource: r.Resource, namespace: namespace, name: name}, nil
	}
	return subject{}, fmt.Errorf("cannot follow a %q: TYPE must be %s, or request with an audit ID", kind, strings.Join(types(), ", "))
}

// types are the types that can be followed, as in "simpod (sp)".
func types() []string {
	var types []string
	for _, r := range followed.Resources() {
		types = append(types, fmt.Sprintf("%s (%s)", r.Singular(), strings.Join(r.ShortNames, ", ")))
	}
	return types
}

func (s subject) String() string {
	if s.name == "" {
		return "request/" + s.auditID
	}
	return strings.TrimSuffix(s.resource, "s") + "/" + s.name
}
