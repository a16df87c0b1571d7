// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// archiveName is the name of the platform's archive: a zip where people expect
// one, that is on Windows.
func (r release) archiveName(p platform) string {
	extension := "tar.gz"
	if p.os == "windows" {
		extension = "zip"
	}
	return fmt.Sprintf("%s_%s_%s_%s.%s", program, r.version, p.os, p.arch, extension)
}

// binName is the name of the command line in the platform's archive.
func binName(p platform) string {
	if p.os == "windows" {
		return program + ".exe"
	}
	return program
}

// archive takes files one after the other. Names, order, times, owners and modes
// are given, so that nothing of the machine gets into it.
type archive interface {
	add(name string, mode os.FileMode, content []byte) error
	Close() error
}

func (r release) writeArchive(p platform, path string) (err error) {
	binary, binErr := os.ReadFile(filepath.Join(r.binaries, p.os+"_"+p.arch, program))
	license, licenseErr := os.ReadFile(r.license)
	if err := errors.Join(binErr, licenseErr); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	a := newArchive(p, file, r.date)
	return errors.Join(
		a.add("LICENSE", 0o644, license),
		a.add(binName(p), 0o755, binary),
		a.Close(),
	)
}

func newArchive(p platform, w io.Writer, date time.Time) archive {
	if p.os == "windows" {
		return &zipArchive{Writer: zip.NewWriter(w), date: date}
	}
	compressed := gzip.NewWriter(w)
	return &tarArchive{Writer: tar.NewWriter(compressed), compressed: compressed, date: date}
}

type tarArchive struct {
	*tar.Writer
	compressed *gzip.Writer
	date       time.Time
}

func (a *tarArchive) add(name string, mode os.FileMode, content []byte) error {
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: int64(mode), Size: int64(len(content)), ModTime: a.date, Format: tar.FormatUSTAR,
	}
	if err := a.WriteHeader(header); err != nil {
		return err
	}
	_, err := a.Write(content)
	return err
}

func (a *tarArchive) Close() error {
	return errors.Join(a.Writer.Close(), a.compressed.Close())
}

type zipArchive struct {
	*zip.Writer
	date time.Time
}

func (a *zipArchive) add(name string, mode os.FileMode, content []byte) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.date}
	header.SetMode(mode)
	w, err := a.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

func sha256File(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
