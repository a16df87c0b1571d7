// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheme"
)

// maxManifestBytes is more than the API server accepts for one object.
const maxManifestBytes = 3 << 20

// explainManifest predicts the decision about the pod of --filename.
func (c *explainCommand) explainManifest(ctx context.Context) (render.Explanation, error) {
	pod, notes, err := c.readManifest()
	if err != nil {
		return render.Explanation{}, err
	}
	if _, err := c.profile(pod.Spec.SchedulerName); err != nil {
		return render.Explanation{}, fmt.Errorf("%s: %w", c.filename, err)
	}
	reader, err := c.reader()
	if err != nil {
		return render.Explanation{}, err
	}
	listed, err := list(ctx, reader, c.io.Clock)
	if err != nil {
		return render.Explanation{}, err
	}
	prediction, err := c.predict(listed, pod)
	if err != nil {
		return render.Explanation{}, fmt.Errorf("%s: %w", c.filename, err)
	}
	notes = append(notes, doubts(pod, listed)...)
	return render.Explanation{Pod: pod.Namespace + "/" + pod.Name, Prediction: prediction, Notes: notes}, nil
}

// doubts are reasons why the pod could not be created as it is.
func doubts(pod *v1alpha1.SimPod, listed listing) []string {
	var out []string
	objects := listed.objects
	if slices.ContainsFunc(objects.Pods, func(p v1alpha1.SimPod) bool { return p.Namespace == pod.Namespace && p.Name == pod.Name }) {
		out = append(out, fmt.Sprintf("simpod/%s exists in namespace %s: the prediction is for one more pod like it.", pod.Name, pod.Namespace))
	}
	known := slices.ContainsFunc(listed.lists, func(l render.List) bool { return l.Resource == "namespaces" && l.Error == "" })
	if known && !slices.ContainsFunc(objects.Namespaces, func(n corev1.Namespace) bool { return n.Name == pod.Namespace }) {
		out = append(out, fmt.Sprintf("Namespace %s does not exist: the API server would refuse the pod.", pod.Namespace))
	}
	return out
}

// readManifest reads the pod, and says what of it has no effect.
func (c *explainCommand) readManifest() (*v1alpha1.SimPod, []string, error) {
	data, err := c.readFile()
	if err != nil {
		return nil, nil, err
	}
	pod, notes, err := decodePod(data)
	if err == nil {
		err = c.completePod(pod)
	}
	if err != nil {
		name := c.filename
		if name == "-" {
			name = "stdin"
		}
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return pod, notes, nil
}

func (c *explainCommand) readFile() ([]byte, error) {
	in := c.io.In
	if c.filename != "-" {
		file, err := os.Open(c.filename)
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("the file %q does not exist: give -f the path of a manifest, or - for stdin", c.filename)
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
		return nil, fmt.Errorf("%s is larger than %d bytes: it must hold one pod", c.filename, maxManifestBytes)
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
	document, err := onlyDocument(data)
	if err != nil {
		return nil, nil, err
	}
	raw := map[string]any{}
	if err := yaml.Unmarshal(document, &raw); err != nil {
		return nil, nil, fmt.Errorf("not a manifest in YAML or JSON: %w", err)
	}
	if err := checkKind(raw); err != nil {
		return nil, nil, err
	}
	if err := checkQuantities(raw); err != nil {
		return nil, nil, err
	}
	object, _, err := serializer.NewCodecFactory(scheme.New(), serializer.EnableStrict).UniversalDeserializer().Decode(document, nil, nil)
	if err != nil {
		what := strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "strict decoding error: ")), " ")
		return nil, nil, fmt.Errorf("%s; correct or remove what is named", what)
	}
	switch pod := object.(type) {
	case *v1alpha1.SimPod:
		return pod, nil, nil
	case *corev1.Pod:
		return convertPod(pod, raw)
	}
	return nil, nil, fmt.Errorf("kind %s decodes to %T, which is not a pod", raw["kind"], object)
}

// onlyDocument returns the one document of a stream that is not empty.
func onlyDocument(data []byte) ([]byte, error) {
	var found [][]byte
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("not a manifest in YAML or JSON: %w", err)
		}
		var content any
		if err := yaml.Unmarshal(document, &content); err != nil {
			return nil, fmt.Errorf("not a manifest in YAML or JSON: %w", err)
		}
		if content != nil {
			found = append(found, document)
		}
	}
	switch len(found) {
	case 0:
		return nil, errors.New("no manifest in it: it must hold one SimPod")
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("it holds %d documents, must hold one: give each pod in a file of its own", len(found))
}

// checkKind says which kinds can be read.
func checkKind(raw map[string]any) error {
	apiVersion, _ := raw["apiVersion"].(string)
	kind, _ := raw["kind"].(string)
	simPod := metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "SimPod"}
	const wanted = "apiVersion: %s and kind: SimPod, or apiVersion: v1 and kind: Pod"
	switch (metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}) {
	case simPod, metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}:
		return nil
	case metav1.TypeMeta{}:
		return fmt.Errorf("apiVersion and kind are missing: set "+wanted, simPod.APIVersion)
	}
	spec, _ := raw["spec"].(map[string]any)
	if _, ok := spec["template"]; ok {
		return fmt.Errorf("kind is %s (%s), which makes pods from spec.template: put the template into a manifest with "+wanted,
			kind, apiVersion, simPod.APIVersion)
	}
	return fmt.Errorf("kind is %q and apiVersion %q, which is not a pod: must be "+wanted, kind, apiVersion, simPod.APIVersion)
}

// checkQuantities names the quantity that is not one, which the decoder does not.
func checkQuantities(raw map[string]any) error {
	spec, _ := raw["spec"].(map[string]any)
	if err := checkResources("spec.overhead", spec["overhead"]); err != nil {
		return err
	}
	for _, field := range []string{"initContainers", "containers"} {
		containers, _ := spec[field].([]any)
		for i, c := range containers {
			container, _ := c.(map[string]any)
			resources, _ := container["resources"].(map[string]any)
			for _, which := range []string{"requests", "limits"} {
				path := fmt.Sprintf("spec.%s[%d].resources.%s", field, i, which)
				if err := checkResources(path, resources[which]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkResources(path string, list any) error {
	resources, _ := list.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		text := fmt.Sprint(resources[name])
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			return fmt.Errorf("%s.%s is %q: must be a quantity such as 500m or 2Gi", path, name, text)
		}
		if quantity.Sign() < 0 {
			return fmt.Errorf("%s.%s is %s: quantities must not be negative", path, name, text)
		}
	}
	return nil
}
