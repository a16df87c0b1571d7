// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode"
)

// Where the projects publish what they release.
const (
	kubernetesReleases = "https://dl.k8s.io/release"
	etcdReleases       = "https://github.com/etcd-io/etcd/releases/download"
)

// asset is a published file that a binary is, or is in.
type asset struct {
	// url is the file's; sums that of its published SHA-256 checksum.
	url, sums string
	// member is the binary's path in an archive; empty where the file is the
	// binary itself.
	member string
}

// kubernetesAsset follows https://kubernetes.io/releases/download/#binaries.
func kubernetesAsset(base, version, name, goos, goarch string) asset {
	url := fmt.Sprintf("%s/%s/bin/%s/%s/%s", base, version, goos, goarch, name+exeSuffix(goos))
	return asset{url: url, sums: url + ".sha256"}
}

// etcdAsset follows scripts/build-release.sh in etcd-io/etcd.
func etcdAsset(base, version, goos, goarch string) asset {
	name := fmt.Sprintf("etcd-%s-%s-%s", version, goos, goarch)
	suffix := ".zip"
	if goos == "linux" {
		suffix = ".tar.gz"
	}
	folder := base + "/" + version + "/"
	return asset{url: folder + name + suffix, sums: folder + "SHA256SUMS", member: name + "/etcd" + exeSuffix(goos)}
}

// errNotReleased is the reason where a project publishes nothing for a platform.
var errNotReleased = errors.New("there is no release")

// parseSum finds the file's checksum in what is published: a checksum alone, or
// lines with a checksum and the name of a file each, as sha256sum prints them.
func parseSum(text, file string) ([]byte, error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || len(fields) > 1 && path.Base(strings.TrimPrefix(fields[1], "*")) != file {
			continue
		}
		sum, err := hex.DecodeString(fields[0])
		if err != nil || len(sum) != 32 {
			return nil, fmt.Errorf("the published checksum of %s is no SHA-256 checksum: %.80q", file, fields[0])
		}
		return sum, nil
	}
	return nil, errNotReleased
}

// failure is a binary that could not be downloaded, and why.
type failure struct {
	name string
	err  error
}

// failures is an error in one line.
type failures []failure

// Error groups the names by their reason.
func (f failures) Error() string {
	var reasons []string
	names := map[string][]string{}
	for _, one := range f {
		reason := oneLine(one.err.Error())
		if names[reason] == nil {
			reasons = append(reasons, reason)
		}
		names[reason] = append(names[reason], one.name)
	}
	parts := make([]string, 0, len(reasons))
	for _, reason := range reasons {
		parts = append(parts, fmt.Sprintf("%s (%s)", strings.Join(names[reason], ", "), reason))
	}
	return strings.Join(parts, "; ")
}

// maxReason bounds what is shown of a reason, in bytes.
const maxReason = 300

// oneLine joins lines and removes control characters: servers and programs may
// have written them.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

func (f failures) names() []string {
	names := make([]string, 0, len(f))
	for _, one := range f {
		names = append(names, one.name)
	}
	return names
}
