// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/utils/clock"
)

// Document reads what the component that leads now says of its present state: a
// document, and no list of what happened. It is not safe for use by several
// goroutines.
type Document[T any] struct{ client *client }

// NewDocument returns a reader that has read nothing.
func NewDocument[T any](options Options, clock clock.PassiveClock) *Document[T] {
	return &Document[T]{client: newClient(options, clock)}
}

// Read asks for the document. The error says why it cannot be had.
func (d *Document[T]) Read(ctx context.Context) (T, error) {
	var document T
	if err := d.client.resolve(ctx); err != nil {
		return document, err
	}
	body, err := d.client.get(ctx, nil)
	if err != nil {
		return document, err
	}
	if err := json.Unmarshal(body, &document); err != nil {
		return document, fmt.Errorf("parse the answer of %s: %w", d.client.url(), err)
	}
	return document, nil
}
