// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Command release packs what was built (make release) into the files of a
// release: an archive of the command line per platform, the manifest by which
// krew installs it as kubectl plugin, and the checksums of all. The same
// binaries give the same bytes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/version"
)

const (
	repository = "https://github.com/glassplane/glassplane"
	program    = "glassplane"
	checksums  = "checksums.txt"
)

// platform is one that the command line is released for, in Go's words.
type platform struct{ os, arch string }

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	r, err := parse(args)
	if err != nil {
		return err
	}
	return r.write()
}

// release is what there is to pack, and where it goes.
type release struct {
	version   string // with its v
	platforms []platform
	binaries  string // folder with <os>_<arch>/glassplane
	license   string
	out       string
	date      time.Time // of each file in the archives
}

func parse(args []string) (release, error) {
	var r release
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.StringVar(&r.version, "version", "", "semantic version that is released, such as v1.2.3")
	platforms := flags.String("platforms", "", "platforms of the command line, such as linux/amd64,darwin/arm64")
	flags.StringVar(&r.binaries, "binaries", "bin", "folder with <os>_<arch>/glassplane")
	flags.StringVar(&r.license, "license", "LICENSE", "licence that is put into each archive")
	flags.StringVar(&r.out, "out", "dist", "folder that the files are written to; what else is in it gets a checksum too")
	seconds := flags.Int64("date", 0, "SOURCE_DATE_EPOCH: the time of the files in the archives, in seconds since 1970")
	if err := flags.Parse(args); err != nil {
		return release{}, err
	}
	if len(flags.Args()) > 0 {
		return release{}, fmt.Errorf("unexpected argument %q: release takes flags only", flags.Arg(0))
	}
	r.date = time.Unix(*seconds, 0).UTC()
	var err error
	if r.platforms, err = parsePlatforms(*platforms); err != nil {
		return release{}, err
	}
	return r, checkVersion(r.version)
}

// checkVersion refuses what krew and Go modules would not take for a version.
func checkVersion(v string) error {
	number, ok := strings.CutPrefix(v, "v")
	if _, err := version.ParseSemantic(number); !ok || err != nil {
		return fmt.Errorf("invalid --version %q: must be a semantic version, such as v1.2.3 (make release VERSION=v1.2.3)", v)
	}
	return nil
}

func parsePlatforms(list string) ([]platform, error) {
	var platforms []platform
	for name := range strings.SplitSeq(list, ",") {
		goos, goarch, ok := strings.Cut(name, "/")
		if !ok || goos == "" || goarch == "" {
			return nil, fmt.Errorf("invalid --platforms %q: must be os/arch, such as linux/amd64, separated by commas", name)
		}
		platforms = append(platforms, platform{goos, goarch})
	}
	return platforms, nil
}

// write writes the archives, then the manifest and the checksums that name them.
func (r release) write() error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	manifest := newPlugin(r.version)
	for _, p := range r.platforms {
		name := r.archiveName(p)
		if err := r.writeArchive(p, filepath.Join(r.out, name)); err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
		sum, err := sha256File(filepath.Join(r.out, name))
		if err != nil {
			return err
		}
		manifest.add(p, r.version, name, sum)
	}
	if err := manifest.write(filepath.Join(r.out, "krew.yaml")); err != nil {
		return err
	}
	return r.writeChecksums()
}

// writeChecksums lists every file of the release as sha256sum --check reads it.
func (r release) writeChecksums() error {
	entries, err := os.ReadDir(r.out) // sorted by name
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, entry := range entries {
		if !entry.Type().IsRegular() || entry.Name() == checksums {
			continue
		}
		sum, err := sha256File(filepath.Join(r.out, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s  %s\n", sum, entry.Name())
	}
	return os.WriteFile(filepath.Join(r.out, checksums), []byte(list.String()), 0o644)
}
