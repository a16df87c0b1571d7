// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllerkit

import (
	"errors"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// Notices remember what was said last of each object, so that what fails again
// and again is logged once per change and not once per try. The zero value is
// ready for use. An object has an entry only while something is wrong with it.
type Notices struct {
	mu   sync.Mutex
	last map[types.NamespacedName]string
}

// Changed notes what is wrong with the object now, and says whether that differs
// from what was wrong before.
func (n *Notices) Changed(key types.NamespacedName, wrong string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last == nil {
		n.last = make(map[types.NamespacedName]string)
	}
	before, known := n.last[key]
	n.last[key] = wrong
	return !known || before != wrong
}

// Forget notes that nothing is wrong with the object, or that it is gone, and
// says whether something was wrong.
func (n *Notices) Forget(key types.NamespacedName) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, known := n.last[key]
	delete(n.last, key)
	return known
}

// Refusal returns the message of an error without the name of the object that
// was refused, which differs from try to try where the API server completes it.
func Refusal(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || status.Status().Details.Name == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), status.Status().Details.Name, "…")
}
