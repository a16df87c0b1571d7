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
//
// A file that "glassplane snapshot cluster" made begins with what was read and
// when, which then counts.
func ReadFile(name string, stdin io.Reader) (whatif.Listing, error) {
	f, err := openFile(name, stdin)
	return f.listed, err
}

// SnapshotOfFile reads the same, and returns what is kept of the objects.
func SnapshotOfFile(name string, stdin io.Reader) (*Snapshot, error) {
	f, err := openFile(name, stdin)
	if err != nil {
		return nil, err
	}
	out := newSnapshot(f.listed, f.kept)
	if f.header != nil {
		out.Header.LeftOut = f.header.LeftOut
		out.Header.HasImageNames, out.Header.Anonymized = f.header.HasImageNames, f.header.Anonymized
	}
	return out, nil
}

func openFile(name string, stdin io.Reader) (*fileReader, error) {
	in := stdin
	if name != "-" {
		file, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return &fileReader{}, fmt.Errorf("the file %q does not exist: make one with \"glassplane snapshot cluster %s\"", name, name)
		}
		if err != nil {
			return &fileReader{}, fmt.Errorf("reading the cluster's state: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	f := &fileReader{counts: map[string]int{}, kept: keptObjects{}}
	f.kinds = kinds(&f.listed)
	if err := f.read(in); err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	f.listed.Source = name
	return f, nil
}

func (f *fileReader) read(in io.Reader) error {
	data, err := uncompressed(in)
	if err != nil {
		return err
	}
	if err := f.documents(data); err != nil {
		return err
	}
	for _, k := range f.kinds {
		list, err := f.list(k)
		if err != nil {
			return err
		}
		f.listed.Lists = append(f.listed.Lists, list)
	}
	return nil
}

// list says what there is of a kind.
func (f *fileReader) list(k kind) (whatif.List, error) {
	list := whatif.List{Resource: k.resource, Items: f.counts[k.resource], Affects: k.affects}
	if f.header != nil {
		return f.header.list(list, k)
	}
	if list.Items == 0 {
		if k.required {
			return list, fmt.Errorf("it has no %s, and %s: make it with \"glassplane snapshot cluster\", or with \"kubectl get nodes,pods,namespaces,priorityclasses,… -A -o yaml\"", k.resource, k.effect)
		}
		list.Error, list.Effect = "none are in the file", k.effect
	}
	return list, nil
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
	kept   keptObjects
	// header is that of a snapshot; nil for what kubectl printed.
	header *SnapshotHeader
}

func (f *fileReader) documents(data []byte) error {
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return f.jsonDocuments(data)
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

// jsonDocuments reads JSON, of which the reader of YAML would make much work.
func (f *fileReader) jsonDocuments(data []byte) error {
	for {
		data = bytes.TrimLeft(data, " \t\r\n")
		data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("---")), " \t\r\n")
		if len(data) == 0 {
			return nil
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		var document json.RawMessage
		if err := decoder.Decode(&document); err != nil {
			return fmt.Errorf("not YAML or JSON of objects, or cut off: %w", err)
		}
		if err := f.object(document); err != nil {
			return err
		}
		data = data[decoder.InputOffset():]
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
	if object.Kind == SnapshotKind {
		return f.readHeader(data)
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
		object, add, err := k.read(func(into any) error { return kjson.UnmarshalCaseSensitivePreserveInts(data, into) })
		if err != nil {
			return fmt.Errorf("%s %d: %w", kind, f.counts[k.resource]+1, err)
		}
		add()
		f.kept.add(k, object)
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
