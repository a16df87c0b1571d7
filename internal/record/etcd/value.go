// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"bytes"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
)

var (
	// protobufPrefix begins each value of a built-in kind, as
	// k8s.io/apimachinery/pkg/runtime/serializer/protobuf writes it.
	protobufPrefix = []byte("k8s\x00")
	// encryptedPrefix begins each value that the API server encrypted
	// (k8s.io/apiserver/pkg/server/options/encryptionconfig).
	encryptedPrefix = []byte("k8s:enc:")
)

// decodeValue returns a stored value as JSON. Custom resources are stored as
// JSON, built-in kinds as protobuf, which is decoded with client-go's scheme.
// unavailable says why a value cannot be shown.
func decodeValue(value []byte) (object json.RawMessage, unavailable string) {
	switch {
	case bytes.HasPrefix(value, encryptedPrefix):
		return nil, "not available: encrypted at rest"
	case bytes.HasPrefix(value, protobufPrefix):
		decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(value, nil, nil)
		if err != nil {
			return nil, fmt.Sprintf("not available: stored as protobuf that this version cannot decode: %v", err)
		}
		object, err = json.Marshal(decoded)
		if err != nil {
			return nil, fmt.Sprintf("not available: stored as protobuf that has no JSON form: %v", err)
		}
		return object, ""
	case json.Valid(value):
		// The API server's encoder ends each value with a newline.
		return bytes.TrimSpace(value), ""
	}
	return nil, "not available: stored in an unknown encoding"
}

// metadataOf reads who an object is and whom it belongs to; nothing where it
// cannot be read.
func metadataOf(object json.RawMessage) metav1.ObjectMeta {
	var partial struct {
		Metadata struct {
			UID             types.UID               `json:"uid"`
			OwnerReferences []metav1.OwnerReference `json:"ownerReferences"`
		} `json:"metadata"`
	}
	if json.Unmarshal(object, &partial) != nil {
		return metav1.ObjectMeta{}
	}
	return metav1.ObjectMeta{UID: partial.Metadata.UID, OwnerReferences: partial.Metadata.OwnerReferences}
}
