// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package substrate

import (
	"io/fs"
	"os"
	"syscall"
)

// othersWrite are the permissions of group and others to write.
const othersWrite fs.FileMode = 0o022

// isPrivate reports whether the file is this user's and nobody else may write
// to it.
func isPrivate(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode()&othersWrite == 0
}
