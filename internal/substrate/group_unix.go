// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package substrate

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from the child: it is stopped in order.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
