// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

const (
	// SnapshotVersion is the apiVersion of a snapshot's header. Fields may be added to
	// it; one that goes, or means something else, makes a new one.
	SnapshotVersion = "glassplane.dev/cluster-snapshot/v1"
	// SnapshotKind is the kind of a snapshot's header.
	SnapshotKind = "ClusterSnapshot"
)

// SnapshotHeader is the first object of a snapshot.
type SnapshotHeader struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// ReadAt is when the first list was asked for, and ReadUntil when the last one was
	// answered; neither where the snapshot was made of what kubectl printed.
	ReadAt    time.Time `json:"readAt,omitzero"`
	ReadUntil time.Time `json:"readUntil,omitzero"`
	// Lists that were read, and those that could not be and why.
	Lists []whatif.List `json:"lists"`
	// LeftOut says what of the objects is not in the snapshot.
	LeftOut []string `json:"leftOut"`
	// HasImageNames is true where images have their own names.
	HasImageNames bool `json:"hasImageNames"`
	// Anonymized is true where others stand for all names.
	Anonymized bool `json:"anonymized"`
}

// leftOut is what no snapshot has.
var leftOut = []string{
	"every kind but those in lists",
	"every field that no decision reads: environment, arguments, probes and mounts of containers, Secrets and references to them, parameters of classes and drivers, managedFields",
	"annotations, but for those by which volumes are bound and the one of static pods",
}

// keptObjects are objects by their resource, in the order in which they were
// read. Nil keeps none.
type keptObjects map[string][]runtime.Object

func (k keptObjects) add(of kind, object runtime.Object) {
	if k == nil {
		return
	}
	object.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{Group: of.group, Version: of.version, Kind: of.kind})
	k[of.resource] = append(k[of.resource], object)
}

// Snapshot is what a decision depends on of a cluster, to be written.
type Snapshot struct {
	Header  SnapshotHeader
	objects []runtime.Object
}

func newSnapshot(listed whatif.Listing, kept keptObjects) *Snapshot {
	s := &Snapshot{Header: SnapshotHeader{
		APIVersion: SnapshotVersion, Kind: SnapshotKind, ReadAt: listed.ReadAt, ReadUntil: listed.ReadUntil, Lists: listed.Lists,
		LeftOut: leftOut, HasImageNames: true,
	}}
	for _, list := range listed.Lists {
		s.objects = append(s.objects, kept[list.Resource]...)
	}
	return s
}

// HideImages puts others in place of the names of images, the same one for the
// same image: so a decision stays what it is.
func (s *Snapshot) HideImages() {
	if !s.Header.HasImageNames {
		return
	}
	s.Header.HasImageNames = false
	s.Header.LeftOut = append(s.Header.LeftOut[:len(s.Header.LeftOut):len(s.Header.LeftOut)], "names of images: image-1 and so on stand for them")
	names := imageNames{}
	for _, object := range s.objects {
		switch o := object.(type) {
		case *corev1.Node:
			names.node(o)
		case *corev1.Pod:
			names.pod(o)
		}
	}
}

// Write writes the header and a List of the objects, two documents of YAML, each
// in JSON, with one object a line.
func (s *Snapshot) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	header, err := json.MarshalIndent(s.Header, "", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n---\n{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[", header)
	for i, object := range s.objects {
		line, err := json.Marshal(object)
		if err != nil {
			return err
		}
		if i > 0 {
			_ = out.WriteByte(',')
		}
		_ = out.WriteByte('\n')
		_, _ = out.Write(line)
	}
	_, _ = out.WriteString("\n]}\n")
	return out.Flush()
}

// readHeader takes over what the header of a snapshot says.
func (f *fileReader) readHeader(data []byte) error {
	var header SnapshotHeader
	var version struct {
		APIVersion string `json:"apiVersion"`
	}
	switch err := json.Unmarshal(data, &version); {
	case err != nil:
		return fmt.Errorf("reading the header: %w", err)
	case version.APIVersion != SnapshotVersion:
		return fmt.Errorf("it is a %s of version %q, and this glassplane reads %q: read it with the glassplane that made it, or make it again",
			SnapshotKind, version.APIVersion, SnapshotVersion)
	case f.header != nil:
		return fmt.Errorf("it has two headers of kind %s: give one snapshot at a time", SnapshotKind)
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return fmt.Errorf("reading the header: %w", err)
	}
	f.header = &header
	f.listed.ReadAt, f.listed.ReadUntil = header.ReadAt, header.ReadUntil
	return nil
}

// list adds to what was counted of a kind what the header says of it. It fails
// where that is not as many.
func (h *SnapshotHeader) list(counted whatif.List, k kind) (whatif.List, error) {
	for _, list := range h.Lists {
		if list.Resource != k.resource {
			continue
		}
		if list.Items != counted.Items {
			return counted, fmt.Errorf("it has %d %s where its header counts %d: it is cut off or was changed; copy it again",
				counted.Items, k.resource, list.Items)
		}
		counted.ResourceVersion, counted.Namespace, counted.Bytes, counted.Error = list.ResourceVersion, list.Namespace, list.Bytes, list.Error
		if list.Error != "" || list.Namespace != "" {
			counted.Effect = k.effect
		}
		return counted, h.required(counted, k)
	}
	counted.Error, counted.Effect = "the snapshot does not have them", k.effect
	return counted, h.required(counted, k)
}

func (h *SnapshotHeader) required(list whatif.List, k kind) error {
	if k.required && list.Error != "" {
		return fmt.Errorf("it has no %s (%s), and %s", k.resource, list.Error, k.effect)
	}
	return nil
}
