// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-logr/logr"
)

// sweepTemporary cleans up the temporary data folders of killed instances.
// Anybody may put things into the folder that they are in, so a link, another
// user's folder and one that others may write to are left as they are.
func sweepTemporary(ctx context.Context, log logr.Logger) {
	temp, err := os.OpenRoot(os.TempDir())
	if err != nil {
		log.Error(err, "the folder for temporary files cannot be read, so what earlier runs left stays")
		return
	}
	defer temp.Close()
	found, _ := fs.Glob(temp.FS(), tempPrefix+"*")
	for _, name := range found {
		d := openLeft(temp, name)
		if d == nil {
			continue
		}
		if err := d.takeLock(); err != nil {
			_ = d.root.Close()
			continue
		}
		if err := d.cleanUp(ctx, log); err != nil {
			log.Error(err, "what an earlier run left cannot be removed", "dir", d.path)
			_ = d.lock.Close()
			_ = d.root.Close()
			continue
		}
		_ = d.release()
	}
}

// openLeft opens a temporary data folder that an instance of this user has left
// or still uses, and returns nil where name is anything else.
func openLeft(temp *os.Root, name string) *dataDir {
	seen, err := temp.Lstat(name)
	if err != nil || !seen.IsDir() || !isPrivate(seen) {
		return nil
	}
	root, err := temp.OpenRoot(name)
	if err != nil {
		return nil
	}
	// What was opened must be what was looked at, not what took its place. The
	// list of processes is written under the lock: where it is, an instance
	// that lives holds the lock.
	opened, err := root.Stat(".")
	if err != nil || !os.SameFile(seen, opened) || !isFile(root, lockName) || !isFile(root, processesFile) {
		_ = root.Close()
		return nil
	}
	return &dataDir{path: filepath.Join(temp.Name(), name), root: root, made: true}
}

// isFile reports whether the name is that of a file itself, not of a link to one.
func isFile(dir *os.Root, name string) bool {
	info, err := dir.Lstat(name)
	return err == nil && info.Mode().IsRegular()
}
