// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// maxFileBytes bounds a file after it is uncompressed: some 100,000 pods in YAML.
const maxFileBytes = 2 << 30

// ReadFile reads what "kubectl get nodes,pods,… -A -o yaml" or -o json printed of
// a cluster, also compressed by gzip, with several documents or lists in it; - is
// stdin. It fails where that is not what the file holds, or has no nodes.
func ReadFile(name string, stdin io.Reader) (whatif.Listing, error) {
	in := stdin
	if name != "-" {
		file, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return whatif.Listing{}, fmt.Errorf("the file %q does not exist: make one with \"kubectl get nodes,pods -A -o yaml > %s\"", name, name)
		}
		if err != nil {
			return whatif.Listing{}, fmt.Errorf("reading the cluster's state: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	listed, err := readFile(in)
	listed.Source = name
	if err != nil {
		return listed, fmt.Errorf("%s: %w", name, err)
	}
	return listed, nil
}

func readFile(in io.Reader) (whatif.Listing, error) {
	data, err := uncompressed(in)
	if err != nil {
		return whatif.Listing{}, err
	}
	f := &fileReader{counts: map[string]int{}}
	f.kinds = kinds(&f.listed)
	if err := f.documents(data); err != nil {
		return f.listed, err
	}
	for _, k := range f.kinds {
		list := whatif.List{Resource: k.resource, Items: f.counts[k.resource], Affects: k.affects}
		if list.Items == 0 {
			if k.required {
				return f.listed, fmt.Errorf("it has no %s, and %s: make it with \"kubectl get nodes,pods,namespaces,priorityclasses,… -A -o yaml\"", k.resource, k.effect)
			}
			list.Error, list.Effect = "none are in the file", k.effect
		}
		f.listed.Lists = append(f.listed.Lists, list)
	}
	return f.listed, nil
}

// uncompressed reads all, compressed or not.
func uncompressed(in io.Reader) ([]byte, error) {
	buffered := bufio.NewReader(in)
	var reader io.Reader = buffered
	if start, _ := buffered.Peek(2); bytes.Equal(start, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("it is not what gzip writes: %w", err)
		}
		reader = unzipped
	}
	data, err := io.ReadAll(io.LimitReader(reader, maxFileBytes+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it is cut off: gzip's end is missing; copy it again")
	case err != nil:
		return nil, err
	case len(data) > maxFileBytes:
		return nil, fmt.Errorf("it has more than %d bytes", int64(maxFileBytes))
	}
	return data, nil
}

// fileReader adds objects to a listing by their kind.
type fileReader struct {
	listed whatif.Listing
	kinds  []kind
	// counts are the objects of each resource.
	counts map[string]int
}

func (f *fileReader) documents(data []byte) error {
	if start := bytes.TrimLeft(data, " \t\r\n"); bytes.HasPrefix(start, []byte("{")) {
		return f.object(start)
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			document, err = yaml.YAMLToJSON(document)
		}
		if err != nil {
			return fmt.Errorf("not YAML or JSON, or cut off: %s", strings.Join(strings.Fields(err.Error()), " "))
		}
		if string(document) == "null" {
			continue
		}
		if err := f.object(document); err != nil {
			return err
		}
	}
}

// object adds an object in JSON, or all those of a list.
func (f *fileReader) object(data []byte) error {
	var object struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Items      []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return fmt.Errorf("not YAML or JSON of objects, or cut off: %w", err)
	}
	if object.APIVersion == "" || object.Kind == "" {
		return errors.New("it has an object without apiVersion and kind: it must be what \"kubectl get … -o yaml\" prints")
	}
	if base, isList := strings.CutSuffix(object.Kind, "List"); isList {
		for _, item := range object.Items {
			if err := f.item(object.APIVersion, base, item); err != nil {
				return err
			}
		}
		return nil
	}
	return f.one(object.APIVersion, object.Kind, data)
}

// item adds an object of a list. Those of a typed list may not say what they are.
func (f *fileReader) item(apiVersion, kind string, data []byte) error {
	if kind == "" {
		return f.object(data)
	}
	return f.one(apiVersion, kind, data)
}

// one adds an object; none of a kind that no decision looks at.
func (f *fileReader) one(apiVersion, kind string, data []byte) error {
	for _, k := range f.kinds {
		if k.kind != kind || k.apiVersion() != apiVersion {
			continue
		}
		add, err := k.read(func(into any) error { return kjson.UnmarshalCaseSensitivePreserveInts(data, into) })
		if err != nil {
			return fmt.Errorf("%s %d: %w", kind, f.counts[k.resource]+1, err)
		}
		add()
		f.counts[k.resource]++
		return nil
	}
	return nil
}

// withUID gives a pod that was written by hand a UID, by which pods are told apart.
func withUID(p *corev1.Pod) *corev1.Pod {
	if p.UID == "" {
		p.UID = types.UID(p.Namespace + "/" + p.Name)
	}
	return p
}
