// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lesson

import "testing"

func TestCatalog(t *testing.T) { _ = All() }
