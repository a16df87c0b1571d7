// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

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
		"URL of the observer; by default that of the running local control plane, or $"+observerEnv)
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

// observerURL returns the observer that the flag or the environment names, else
// that of the running local control plane.
func (c *clients) observerURL() (*url.URL, error) {
	address := c.observer
	if address == "" {
		address = c.io.Env(observerEnv)
	}
	if address == "" {
		instance, err := c.instance()
		if errors.Is(err, substrate.ErrNoInstance) {
			return nil, fmt.Errorf("no observer is known: start a local control plane with \"glassplane up\", or name one with --observer or $%s", observerEnv)
		}
		if err != nil {
			return nil, err
		}
		address = instance.ObserverURL
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, fmt.Errorf("invalid observer %q: must be a URL such as http://127.0.0.1:8080", address)
	}
	return parsed, nil
}

// subject is what a command is asked about: an object, a request by audit ID,
// or both. A request that authorization refused does not have the object's name.
type subject struct {
	resource, namespace, name string
	auditID                   string
}

// query names the object of a request.
func (s subject) query() string {
	if s.name == "" {
		return ""
	}
	return url.Values{"resource": {s.resource}, "namespace": {s.namespace}, "name": {s.name}}.Encode()
}

// resources are the kinds that can be explained, with the names that kubectl
// accepts for them.
var resources = map[string][]string{
	"simpods": {"simpod", "simpods", "sp", "simpods.sim.glassplane.dev", "simpod.sim.glassplane.dev"},
}

// parseSubject reads TYPE/NAME or TYPE NAME, as kubectl does.
func parseSubject(args []string, namespace string) (subject, error) {
	kind, name, found := "", "", false
	switch len(args) {
	case 1:
		kind, name, found = strings.Cut(args[0], "/")
	case 2:
		kind, name, found = args[0], args[1], true
	}
	if !found || kind == "" || name == "" {
		return subject{}, fmt.Errorf("expected TYPE/NAME, such as simpod/web, or request/AUDIT-ID; got %q", strings.Join(args, " "))
	}
	if kind == "request" {
		return subject{auditID: name}, nil
	}
	for resource, names := range resources {
		if slices.Contains(names, strings.ToLower(kind)) {
			return subject{resource: resource, namespace: namespace, name: name}, nil
		}
	}
	return subject{}, fmt.Errorf("cannot follow a %q: the type must be simpod, or request with an audit ID", kind)
}

func (s subject) String() string {
	if s.name == "" {
		return "request/" + s.auditID
	}
	return strings.TrimSuffix(s.resource, "s") + "/" + s.name
}
