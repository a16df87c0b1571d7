// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// errMember is the reason where an archive lacks the file that is looked for.
var errMember = errors.New("the archive has no such file")

// extract writes one regular file of a .tar.gz or .zip archive to target, as an
// executable. Nothing else of the archive is written anywhere, and one with a
// path that leads out of it is refused.
func extract(archive, member, target string) error {
	if strings.HasSuffix(archive, ".zip") {
		return extractZip(archive, member, target)
	}
	return extractTar(archive, member, target)
}

func extractTar(archive, member, target string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("it is no gzip archive: %w", err)
	}
	found := false
	for entries := tar.NewReader(unzipped); ; {
		entry, err := entries.Next()
		switch {
		case errors.Is(err, io.EOF) && !found:
			return fmt.Errorf("%w: %s", errMember, member)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := checkLocal(entry.Name); err != nil {
			return err
		}
		if entry.Name != member || entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := writeExecutable(target, entries); err != nil {
			return err
		}
		found = true
	}
}

func extractZip(archive, member, target string) error {
	entries, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer entries.Close()
	var wanted *zip.File
	for _, entry := range entries.File {
		if err := checkLocal(entry.Name); err != nil {
			return err
		}
		if entry.Name == member && entry.Mode().IsRegular() {
			wanted = entry
		}
	}
	if wanted == nil {
		return fmt.Errorf("%w: %s", errMember, member)
	}
	content, err := wanted.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return writeExecutable(target, content)
}

func checkLocal(name string) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("the archive has a path that leads out of it: %q", name)
	}
	return nil
}

func writeExecutable(target string, content io.Reader) error {
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	defer out.Close()
	written, err := io.Copy(out, io.LimitReader(content, maxAsset+1))
	if err != nil {
		return err
	}
	if written > maxAsset {
		return fmt.Errorf("%s has more than the %d bytes that are expected", filepath.Base(target), int64(maxAsset))
	}
	return out.Close()
}
