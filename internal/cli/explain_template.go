// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apitypes "k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/admission"
	"github.com/glassplane/glassplane/internal/podtemplate"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// asksReal is true where a manifest is one for the real nodes: of a Pod or a real
// workload, where there is a file of a real cluster or the cluster has real nodes.
// Who may not list nodes is asked to get that right, and not told about simulated
// ones.
func (c *explainCommand) asksReal(ctx context.Context, object *unstructured.Unstructured) (bool, error) {
	switch {
	case !podtemplate.IsReal(object) || c.simulated:
		if c.from != "" {
			return false, fmt.Errorf("%s: kind is %q and apiVersion %q: a file of a real cluster takes a Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet or Job",
				c.file(), object.GetKind(), object.GetAPIVersion())
		}
		return false, nil
	case c.from != "":
		return true, nil
	}
	client, err := c.clients.kubernetes(explainUserAgent)
	if err != nil {
		return false, err
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 1})
	switch {
	case apierrors.IsForbidden(err):
		return true, nil
	case err != nil:
		return false, unreachable(fmt.Errorf("looking for real nodes: %w", err))
	}
	return len(nodes.Items) > 0, nil
}

// explainTemplate predicts where the pods of a real manifest would go: one after the
// other, each as if those before it were there.
func (c *explainCommand) explainTemplate(ctx context.Context, object *unstructured.Unstructured) (explanation.Explanation, error) {
	template, err := c.readTemplate(object)
	if err != nil {
		return explanation.Explanation{}, err
	}
	source, err := c.clients.realSource(c.from)
	if err != nil {
		return explanation.Explanation{}, err
	}
	listed, err := source.list(ctx, template.Namespace)
	if err != nil {
		return explanation.Explanation{}, err
	}
	e := explanation.Explanation{Pod: template.Namespace + "/" + template.Name, Real: true}
	profile, missing, err := realProfile(c.schedulerConfig, template.Pod)
	if err != nil {
		return e, fmt.Errorf("%s: %w", c.file(), err)
	}
	e.Admission = admit(template.Pod, listed)
	what, err := whatif.NewCluster(listed.Objects).Case(template.Pod, profile)
	if err != nil {
		return e, fmt.Errorf("%s: spec.priorityClassName: %w, so that the API server would refuse the pod: create the class, or name another", c.file(), err)
	}
	if template.Replicas != 1 {
		what, e.Replicas = placed(template, what)
	}
	e.Prediction = c.predictCase(listed, what)
	if e.Replicas != nil && template.Replicas == 0 {
		e.Replicas.Placed = e.Prediction.Decision.NodesFeasible
		e.Replicas.Wanted = e.Replicas.Placed
	}
	e.Priority = explanation.RealPriorityOf(template.Pod, e.Prediction.Decision.Priority)
	e.NotEvaluated = slices.Concat(missing, explanation.NotEvaluatedFor(template.Pod, profile, listed.Lists))
	e.Notes = append(e.Notes, templateNotes(template, listed)...)
	return e, nil
}

func (c *explainCommand) readTemplate(object *unstructured.Unstructured) (podtemplate.Template, error) {
	template, err := c.clients.readTemplate(object, c.namespace, c.file())
	if err == nil && object.GetKind() != "Pod" && template.Replicas == 0 && object.GetKind() != "DaemonSet" {
		err = errors.New("it asks for no pods: set replicas, or parallelism, to 1 or more")
		err = fmt.Errorf("%s: %w", c.file(), err)
	}
	return template, err
}

// readTemplate reads a real manifest for a namespace, unless it names one itself.
func (c *clients) readTemplate(object *unstructured.Unstructured, namespace, file string) (podtemplate.Template, error) {
	explicit, own := *c.flags.Namespace, object.GetNamespace()
	if explicit != "" && own != "" && own != explicit {
		return podtemplate.Template{}, fmt.Errorf("%s: metadata.namespace is %q, but --namespace is %q: give one of them", file, own, explicit)
	}
	template, err := podtemplate.Read(object, namespace)
	if err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return template, err
}

// placed places the replicas, and returns what to ask about the first one that has
// no node, or else about the first one.
func placed(template podtemplate.Template, what whatif.Case) (whatif.Case, *explanation.Replicas) {
	out := &explanation.Replicas{Kind: template.Kind, Wanted: template.Replicas}
	if template.Replicas == 0 {
		return what, out
	}
	cases := make([]whatif.Case, template.Replicas)
	for i := range cases {
		pod := *what.Pod
		pod.UID, pod.Name = apitypes.UID(fmt.Sprint(i)), fmt.Sprintf("%s-%d", pod.Name, i)
		cases[i] = what
		cases[i].Pod = &pod
	}
	nodes, after := whatif.Place(cases)
	counts := map[string]int{}
	for _, node := range nodes {
		if node != "" {
			out.Placed++
			counts[node]++
		}
	}
	for _, node := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) }) {
		out.Nodes = append(out.Nodes, explanation.NodeCount{Node: node, Pods: counts[node]})
	}
	if out.Placed < out.Wanted {
		what.Snapshot = after
	}
	return what, out
}

// admit changes the pod as admission would, and says what it would refuse.
func admit(pod *corev1.Pod, listed whatif.Listing) *explanation.Admission {
	class := pod.Spec.RuntimeClassName
	if slices.ContainsFunc(listed.Lists, func(l whatif.List) bool { return l.Resource == "runtimeclasses" && l.Error != "" }) {
		pod.Spec.RuntimeClassName = nil // whether it exists is not known
	}
	outcome := admission.Admit(pod, admission.Objects{
		RuntimeClasses: listed.RuntimeClasses, LimitRanges: listed.LimitRanges, ResourceQuotas: listed.ResourceQuotas,
	})
	*pod = *outcome.Pod
	pod.Spec.RuntimeClassName = class
	if len(outcome.Additions)+len(outcome.Refusals) == 0 {
		return nil
	}
	return &explanation.Admission{Additions: outcome.Additions, Refusals: outcome.Refusals}
}

// templateNotes say what a prediction for a manifest leaves out.
func templateNotes(template podtemplate.Template, listed whatif.Listing) []string {
	return append(missingNamespace(template, listed), "Of admission, RuntimeClasses, LimitRanges and ResourceQuotas are asked, the latter about one pod; webhooks and policies may change or refuse it. "+
		"What the kubelet itself checks is no part of this either.")
}

// missingNamespace says that the namespace does not exist.
func missingNamespace(template podtemplate.Template, listed whatif.Listing) []string {
	known := slices.ContainsFunc(listed.Lists, func(l whatif.List) bool { return l.Resource == "namespaces" && l.Error == "" })
	if known && !slices.ContainsFunc(listed.Objects.Namespaces, func(n corev1.Namespace) bool { return n.Name == template.Namespace }) {
		return []string{fmt.Sprintf("Namespace %s does not exist: the API server would refuse the pod.", template.Namespace)}
	}
	return nil
}
