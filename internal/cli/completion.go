// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/followed"
)

const (
	// completionProgram is how kubectl calls what completes a plugin's arguments:
	// an executable of this name, with the words typed so far.
	completionProgram = "kubectl_complete-glassplane"

	// completionTimeout and maxCompletions bound what a press of the tab key costs.
	completionTimeout = 3 * time.Second
	maxCompletions    = 500
)

// completeSubject completes TYPE/NAME, or TYPE NAME, of the resources given and
// of further types that have no names to list. Where names cannot be listed there
// are none: a shell has no place for errors.
func (c *clients) completeSubject(resources []followed.Resource, more ...string) cobra.CompletionFunc {
	return func(command *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		typed, name, found := strings.Cut(toComplete, "/")
		switch {
		case len(args) == 1 && !strings.Contains(args[0], "/"):
			return c.names(command.Context(), resources, args[0], "", toComplete), cobra.ShellCompDirectiveNoFileComp
		case len(args) > 0:
			return nil, cobra.ShellCompDirectiveNoFileComp
		case found:
			return c.names(command.Context(), resources, typed, typed+"/", name), cobra.ShellCompDirectiveNoFileComp
		}
		var types []string
		for _, r := range resources {
			types = append(types, r.Singular())
		}
		var completions []cobra.Completion
		for _, kind := range append(types, more...) {
			if strings.HasPrefix(kind, typed) {
				completions = append(completions, kind+"/")
			}
		}
		return completions, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// names returns the names of objects of a type that begin as typed, after a prefix.
func (c *clients) names(ctx context.Context, of []followed.Resource, kind, prefix, typed string) []cobra.Completion {
	resource, ok := followed.ByName(kind)
	if !ok || !slices.ContainsFunc(of, func(r followed.Resource) bool { return r.GroupVersionResource == resource.GroupVersionResource }) {
		return nil
	}
	namespace, err := c.namespace()
	if err != nil {
		return nil
	}
	return c.list(ctx, resource.GroupVersionResource, namespace, prefix, typed)
}

// list returns the names of at most maxCompletions objects.
func (c *clients) list(ctx context.Context, resource schema.GroupVersionResource, namespace, prefix, typed string) []cobra.Completion {
	config, err := c.restConfig("glassplane-completion")
	if err != nil {
		return nil
	}
	config.Timeout = completionTimeout
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	objects, err := client.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: maxCompletions})
	if err != nil {
		return nil
	}
	var completions []cobra.Completion
	for _, object := range objects.Items {
		if strings.HasPrefix(object.Name, typed) {
			completions = append(completions, prefix+object.Name)
		}
	}
	return completions
}

// completeNodes completes the name of a simulated node.
func (c *clients) completeNodes(command *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	nodes := v1alpha1.GroupVersion.WithResource("simnodes")
	return c.list(command.Context(), nodes, "", "", toComplete), cobra.ShellCompDirectiveNoFileComp
}

// completeNamespaces completes --namespace.
func (c *clients) completeNamespaces(command *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	namespaces := corev1.SchemeGroupVersion.WithResource("namespaces")
	return c.list(command.Context(), namespaces, "", "", toComplete), cobra.ShellCompDirectiveNoFileComp
}

// completeContexts completes --context.
func (c *clients) completeContexts(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	config, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var completions []cobra.Completion
	for name := range config.Contexts {
		if strings.HasPrefix(name, toComplete) {
			completions = append(completions, name)
		}
	}
	slices.Sort(completions)
	return completions, cobra.ShellCompDirectiveNoFileComp
}

// completeFlags says how the values of a command's flags are completed. A flag
// that the command does not have is a mistake of ours.
func completeFlags(command *cobra.Command, functions map[string]cobra.CompletionFunc) {
	for flag, complete := range functions {
		if err := command.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(err)
		}
	}
}

// oneOf completes one of a few values.
func oneOf(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}
