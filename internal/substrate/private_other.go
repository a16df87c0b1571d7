// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package substrate

import "io/fs"

// isPrivate reports true where files have no owner's number and each user has a
// folder for temporary files of their own.
func isPrivate(fs.FileInfo) bool { return true }
