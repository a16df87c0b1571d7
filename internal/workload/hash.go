// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// safeAlphabet are the characters of generated names: no vowels, so that no words
// come out, and none that look alike. They are those of
// k8s.io/apimachinery/pkg/util/rand.
const safeAlphabet = "bcdfghjklmnpqrstvwxz2456789"

// TemplateHash returns what stands for a template in labels and names. It mirrors
// ComputeHash of k8s.io/kubernetes/pkg/controller, but hashes the template's JSON,
// which is the same whatever of a quantity has been computed already.
// collisionCount is how often a hash was found to stand for another template.
func TemplateHash(template *v1alpha1.SimPodTemplateSpec, collisionCount *int32) (string, error) {
	data, err := json.Marshal(template)
	if err != nil {
		return "", fmt.Errorf("encoding the template: %w", err)
	}
	if collisionCount != nil {
		data = binary.LittleEndian.AppendUint64(data, uint64(*collisionCount))
	}
	hash := fnv.New32a()
	_, _ = hash.Write(data) // never fails
	return SafeEncode(hash.Sum32()), nil
}

// SafeEncode writes a hash in at most ten characters, which may be a part of a name
// and the value of a label. It is SafeEncodeString of
// k8s.io/apimachinery/pkg/util/rand, which pure packages cannot import.
func SafeEncode(sum uint32) string {
	text := []byte(strconv.FormatUint(uint64(sum), 10))
	for i, c := range text {
		text[i] = safeAlphabet[int(c)%len(safeAlphabet)]
	}
	return string(text)
}
