// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// owners are the kinds whose pods are explained together, by the names that
// kubectl accepts.
var owners = map[string][]string{
	"Deployment":            {"deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"},
	"ReplicaSet":            {"replicaset", "replicasets", "rs", "replicaset.apps", "replicasets.apps"},
	"StatefulSet":           {"statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps"},
	"DaemonSet":             {"daemonset", "daemonsets", "ds", "daemonset.apps", "daemonsets.apps"},
	"Job":                   {"job", "jobs", "job.batch", "jobs.batch"},
	"ReplicationController": {"replicationcontroller", "replicationcontrollers", "rc"},
}

// parseOwner reads TYPE/NAME or TYPE NAME of a kind that owns pods.
func parseOwner(args []string) (kind, name string, ok bool) {
	given := strings.Join(args, "/")
	typed, name, found := strings.Cut(given, "/")
	if !found || name == "" || strings.Contains(name, "/") {
		return "", "", false
	}
	for kind, names := range owners {
		if slices.Contains(names, strings.ToLower(typed)) {
			return kind, name, true
		}
	}
	return "", "", false
}

// explainOwner groups the pods of a real owner by reason.
func (c *explainCommand) explainOwner(ctx context.Context) error {
	source, err := c.clients.realSource(c.from)
	if err != nil {
		return err
	}
	listed, err := source.list(ctx, c.namespace)
	if err != nil {
		return err
	}
	of := podsOf(listed, c.ownerKind, c.namespace, c.ownerName)
	if !slices.ContainsFunc(slices.Concat(listed.Objects.Pods, listed.Ended), of) {
		return fmt.Errorf("%s/%s has no pods in namespace %s: it does not exist, wants none, or what makes them could not; see \"kubectl describe %[1]s %[2]s -n %[3]s\"",
			strings.ToLower(c.ownerKind), c.ownerName, c.namespace)
	}
	about := fmt.Sprintf("%s/%s", strings.ToLower(c.ownerKind), c.ownerName)
	pending := pendingOf(listed, realFlags{from: c.from, schedulerConfig: c.schedulerConfig}, about, of, c.suggestions)
	output := c.output
	if output == "wide" {
		output = "text"
	}
	if err := printPending(c.io.Out, pending, output, render.Options{Width: c.io.width, Theme: c.color.theme(c.io)}); err != nil {
		return err
	}
	return (&pendingCommand{exitCode: c.exitCode}).code(pending)
}

// podsOf is true for the pods that an owner controls, by itself or by its sets.
func podsOf(listed whatif.Listing, kind, namespace, name string) func(*corev1.Pod) bool {
	is := func(ref *metav1.OwnerReference) bool { return ref != nil && ref.Kind == kind && ref.Name == name }
	sets := map[string]bool{}
	for _, c := range listed.Controllers {
		if c.Namespace == namespace && is(c.Owner) {
			sets[string(c.UID)] = true
		}
	}
	return func(p *corev1.Pod) bool {
		ref := metav1.GetControllerOfNoCopy(p)
		return p.Namespace == namespace && ref != nil && (is(ref) || sets[string(ref.UID)])
	}
}
