// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/convert"
	"github.com/glassplane/glassplane/internal/manifest"
	"github.com/glassplane/glassplane/internal/podtemplate"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// maxManifestBytes is more than the API server accepts for one object.
const maxManifestBytes = 3 << 20

// explainManifest predicts the decision about the pod of --filename.
func (c *explainCommand) explainManifest(ctx context.Context) (explanation.Explanation, error) {
	data, err := readManifestFile(c.filename, c.io.In)
	if err != nil {
		return explanation.Explanation{}, err
	}
	// What is wrong with it is said by who reads it.
	if object, err := manifest.One(data); err == nil {
		if podtemplate.IsReal(object) && !c.simulated {
			if _, err := c.readTemplate(object); err != nil {
				return explanation.Explanation{}, err
			}
		}
		if real, err := c.asksReal(ctx, object); err != nil {
			return explanation.Explanation{}, err
		} else if real {
			return c.explainTemplate(ctx, object)
		}
	}
	pod, notes, err := c.readManifest(data)
	if err != nil {
		return explanation.Explanation{}, err
	}
	if _, err := c.profile(pod.Spec.SchedulerName); err != nil {
		return explanation.Explanation{}, fmt.Errorf("%s: %w", c.filename, err)
	}
	reader, err := c.reader()
	if err != nil {
		return explanation.Explanation{}, err
	}
	listed, err := c.list(ctx, reader)
	if err != nil {
		return explanation.Explanation{}, err
	}
	prediction, err := c.predict(listed, pod)
	if err != nil {
		return explanation.Explanation{}, fmt.Errorf("%s: %w", c.filename, err)
	}
	notes = append(notes, doubts(pod, listed)...)
	return explanation.Explanation{
		Pod: pod.Namespace + "/" + pod.Name, Prediction: prediction, Notes: notes,
		Priority: explanation.PriorityOf(pod, prediction.Decision.Priority),
	}, nil
}

// doubts are reasons why the pod could not be created as it is.
func doubts(pod *v1alpha1.SimPod, listed whatif.Listing) []string {
	var out []string
	objects := listed.Objects
	if slices.ContainsFunc(objects.Pods, func(p *corev1.Pod) bool { return p.Namespace == pod.Namespace && p.Name == pod.Name }) {
		out = append(out, fmt.Sprintf("simpod/%s exists in namespace %s: the prediction is for one more pod like it.", pod.Name, pod.Namespace))
	}
	known := slices.ContainsFunc(listed.Lists, func(l whatif.List) bool { return l.Resource == "namespaces" && l.Error == "" })
	if known && !slices.ContainsFunc(objects.Namespaces, func(n corev1.Namespace) bool { return n.Name == pod.Namespace }) {
		out = append(out, fmt.Sprintf("Namespace %s does not exist: the API server would refuse the pod.", pod.Namespace))
	}
	return out
}

// readManifest reads the pod, and says what of it has no effect.
func (c *explainCommand) readManifest(data []byte) (*v1alpha1.SimPod, []string, error) {
	pod, notes, err := decodePod(data)
	if err == nil {
		err = c.completePod(pod)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.file(), err)
	}
	return pod, notes, nil
}

// file is what errors call the manifest's file.
func (c *explainCommand) file() string { return manifestName(c.filename) }

func manifestName(filename string) string {
	if filename == "-" {
		return "stdin"
	}
	return filename
}

// readManifestFile reads the file of --filename, or stdin.
func readManifestFile(filename string, in io.Reader) ([]byte, error) {
	if filename != "-" {
		file, err := os.Open(filename)
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("the file %q does not exist: give -f the path of a manifest, or - for stdin", filename)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the manifest: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxManifestBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the manifest: %w", err)
	case len(data) > maxManifestBytes:
		return nil, fmt.Errorf("%s is larger than %d bytes: it must hold one pod", filename, maxManifestBytes)
	}
	return data, nil
}

// completePod gives the pod what the API server would give it.
func (c *explainCommand) completePod(pod *v1alpha1.SimPod) error {
	explicit := *c.clients.flags.Namespace
	if explicit != "" && pod.Namespace != "" && pod.Namespace != explicit {
		return fmt.Errorf("metadata.namespace is %q, but --namespace is %q: give one of them", pod.Namespace, explicit)
	}
	pod.Namespace = cmp.Or(pod.Namespace, c.namespace)
	if pod.Name == "" && pod.GenerateName != "" {
		pod.Name = pod.GenerateName + "*"
	}
	pod.Spec.SchedulerName = cmp.Or(pod.Spec.SchedulerName, v1alpha1.DefaultSchedulerName)
	// What only the API server sets would make this another pod's decision.
	pod.UID, pod.ResourceVersion, pod.DeletionTimestamp, pod.Status = "", "", nil, v1alpha1.SimPodStatus{}
	return checkPod(pod)
}

// checkPod says what the API server would refuse and a decision would not show.
func checkPod(pod *v1alpha1.SimPod) error {
	switch {
	case pod.Name == "":
		return errors.New("metadata.name is missing: give the pod a name")
	case pod.Spec.NodeName != "":
		return fmt.Errorf("spec.nodeName is %q: such a pod is not scheduled; remove the field", pod.Spec.NodeName)
	case len(pod.Spec.Containers) == 0:
		return errors.New("spec.containers is empty: a pod has at least one container")
	}
	for i, container := range pod.Spec.Containers {
		if container.Name == "" {
			return fmt.Errorf("spec.containers[%d].name is missing: give each container a name", i)
		}
	}
	return nil
}

// decodePod reads one SimPod, or a Pod as a SimPod. It is strict: a field that
// is not known may be one that matters, misspelt.
func decodePod(data []byte) (*v1alpha1.SimPod, []string, error) {
	object, err := manifest.One(data)
	if err != nil {
		return nil, nil, err
	}
	pod, differences, err := convert.ReadPod(object, convert.Options{KeepNodes: true})
	if err != nil {
		return nil, nil, err
	}
	left := map[convert.Effect][]string{}
	for _, d := range differences {
		if d.LeftOut {
			left[d.Effect] = append(left[d.Effect], d.Field)
		}
	}
	if unknown := left[convert.EffectUnknown]; len(unknown) > 0 {
		return nil, nil, fmt.Errorf("unknown field %q: correct or remove it", strings.Join(unknown, ", "))
	}
	if object.GetKind() == "SimPod" {
		return pod, nil, nil
	}
	return pod, notesOf(pod, left), nil
}

// notesOf say what of a Pod is not in the SimPod as which it is read.
func notesOf(pod *v1alpha1.SimPod, left map[convert.Effect][]string) []string {
	notes := []string{"The Pod is read as a SimPod."}
	if pod.Spec.SchedulerName == v1alpha1.DefaultSchedulerName {
		notes = []string{"The Pod is read as a SimPod of " + v1alpha1.DefaultSchedulerName + "."}
	}
	if fields := left[convert.EffectPlacement]; len(fields) > 0 {
		notes = append(notes, "Left out, for a simulated pod does not have it, although it matters where a pod may run: "+strings.Join(fields, ", ")+
			". kube-scheduler may decide otherwise.")
	}
	if fields := slices.Concat(left[convert.EffectLifecycle], left[convert.EffectNone]); len(fields) > 0 {
		notes = append(notes, "Left out, for a simulated pod does not have it and it does not matter where a pod may run: "+strings.Join(fields, ", ")+".")
	}
	return notes
}
