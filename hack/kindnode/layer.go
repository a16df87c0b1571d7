// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// epoch is the time of all files that are put into a layer by this command, so
// that the same inputs give the same layer.
var epoch = time.Unix(0, 0)

// layer writes the tar archive of one layer of an image. Folders above an entry
// are added where they are missing, owned by root. The first error is kept and
// returned by close.
type layer struct {
	tar  *tar.Writer
	dirs map[string]bool
	err  error
}

func newLayer(w io.Writer) *layer {
	return &layer{tar: tar.NewWriter(w), dirs: map[string]bool{".": true}}
}

func (l *layer) close() error {
	return errors.Join(l.err, l.tar.Close())
}

// dir adds a folder that has another mode than 0755, or that is to be empty.
func (l *layer) dir(name string, mode fs.FileMode) {
	if l.dirs[name] {
		return
	}
	l.parents(name)
	l.dirs[name] = true
	l.add(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: tarMode(mode)}, nil)
}

func (l *layer) file(name string, mode fs.FileMode, data []byte) {
	l.parents(name)
	l.add(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: tarMode(mode), Size: int64(len(data))}, bytes.NewReader(data))
}

func (l *layer) symlink(name, target string) {
	l.parents(name)
	l.add(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}, nil)
}

// copyFile adds a file of this machine.
func (l *layer) copyFile(name string, mode fs.FileMode, source string) {
	if l.err != nil {
		return
	}
	file, err := os.Open(source)
	if err != nil {
		l.err = err
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		l.err = err
		return
	}
	l.parents(name)
	l.add(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: tarMode(mode), Size: info.Size()}, file)
}

// tree adds all files below a folder of this machine; mode gives each its mode.
func (l *layer) tree(name, source string, mode func(name string) fs.FileMode) {
	if l.err != nil {
		return
	}
	l.err = filepath.WalkDir(source, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, file)
		if err != nil {
			return err
		}
		inLayer := path.Join(name, filepath.ToSlash(rel))
		switch {
		case entry.IsDir():
			l.dir(inLayer, 0o755)
		case entry.Type().IsRegular():
			l.copyFile(inLayer, mode(inLayer), file)
		default:
			return fmt.Errorf("%s is neither a file nor a folder", file)
		}
		return l.err
	})
}

func (l *layer) parents(name string) {
	if dir := path.Dir(name); !l.dirs[dir] {
		l.dir(dir, 0o755)
	}
}

func (l *layer) add(header *tar.Header, data io.Reader) {
	if l.err != nil {
		return
	}
	header.ModTime = epoch
	if l.err = l.tar.WriteHeader(header); l.err != nil || data == nil {
		return
	}
	_, l.err = io.Copy(l.tar, data)
}

// tarMode converts the bits that a tar header has in other places.
func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// filterTar copies those entries of a tar archive that keep wants.
func filterTar(w io.Writer, r io.Reader, keep func(name string) bool) error {
	in, out := tar.NewReader(r), tar.NewWriter(w)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out.Close()
		}
		if err != nil {
			return err
		}
		if !keep(strings.TrimPrefix(path.Clean("/"+header.Name), "/")) {
			continue
		}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(out, in); err != nil {
			return err
		}
	}
}

// embedded adds all files that this command carries.
func (l *layer) embedded(files fs.FS, mode func(name string) fs.FileMode) {
	if l.err != nil {
		return
	}
	l.err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		l.file(name, mode(name), data)
		return l.err
	})
}
