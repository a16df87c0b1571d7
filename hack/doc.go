// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package hack holds the tests of the scripts in this folder.
package hack
