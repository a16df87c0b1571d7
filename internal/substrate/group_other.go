// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package substrate

import "syscall"

// ownGroup has nothing to set where there are no process groups.
func ownGroup() *syscall.SysProcAttr { return nil }
