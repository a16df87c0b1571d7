// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package structure holds the dependency rules of CONTRIBUTING.md that a linter,
// which sees one package at a time, cannot hold.
package structure

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/glassplane/glassplane/"

// allowed are the modules, or parts of them, that a pure package may need,
// through others too: data, and functions of it.
var allowed = []string{
	"github.com/fxamacker/cbor/v2",
	"github.com/go-logr/logr",
	"github.com/json-iterator/go",
	"github.com/modern-go/concurrent",
	"github.com/modern-go/reflect2",
	"github.com/x448/float16",
	"go.yaml.in/yaml/v2",
	"golang.org/x/net", // apimachinery's util/net, which validation of quantities and names needs
	"golang.org/x/text",
	"gopkg.in/inf.v0",
	"k8s.io/api",
	"k8s.io/apimachinery",
	"k8s.io/component-helpers/resource",
	"k8s.io/component-helpers/scheduling/corev1",
	"k8s.io/component-helpers/storage/ephemeral",
	"k8s.io/csi-translation-lib",
	"k8s.io/klog/v2",
	"k8s.io/kube-openapi/pkg/util",
	"k8s.io/utils",
	"sigs.k8s.io/json",
	"sigs.k8s.io/randfill",
	"sigs.k8s.io/structured-merge-diff/v6",
	"sigs.k8s.io/yaml",
	module + "api",
}

// TestPurePackages checks that a pure package reaches, directly or through any
// other, only pure packages and those that are allowed.
func TestPurePackages(t *testing.T) {
	pure := purePackages(t)
	args := []string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}
	for _, p := range pure {
		args = append(args, "./internal/"+p+"/...")
	}
	for _, dependency := range strings.Fields(run(t, "go", args...)) {
		if !isAllowed(dependency, pure) {
			t.Errorf("pure packages depend on %s; %s", dependency, importers(t, dependency, args))
		}
	}
}

func isAllowed(dependency string, pure []string) bool {
	below := func(root string) bool { return dependency == root || strings.HasPrefix(dependency, root+"/") }
	return slices.ContainsFunc(allowed, below) ||
		slices.ContainsFunc(pure, func(p string) bool { return below(module + "internal/" + p) })
}

// importers says which package of ours imports a dependency.
func importers(t *testing.T, dependency string, list []string) string {
	list = slices.Clone(list)
	list[3] = `{{$p := .ImportPath}}{{range .Imports}}{{if eq . "` + dependency + `"}}{{$p}} imports it {{end}}{{end}}`
	return strings.TrimSpace(run(t, "go", list...))
}

// TestLinterKnowsPurePackages checks that the linter holds its rules for just the
// packages that the Makefile calls pure.
func TestLinterKnowsPurePackages(t *testing.T) {
	config := read(t, ".golangci.yml")
	pure := purePackages(t)

	files := regexp.MustCompile(`(?s)\n {8}pure:\n {10}list-mode: \w+\n {10}files:\n(.*?)\n {10}allow:`).FindStringSubmatch(config)
	if files == nil {
		t.Fatal(".golangci.yml has no rule called pure with files and an allow-list")
	}
	var guarded []string
	for _, match := range regexp.MustCompile(`"\*\*/internal/([^"*]+)/\*\*"`).FindAllStringSubmatch(files[1], -1) {
		guarded = append(guarded, match[1])
	}
	compare(t, "depguard's rule pure", guarded, pure)

	except := regexp.MustCompile(`path-except: \^internal/\(([^)]*)\)/`).FindStringSubmatch(config)
	if except == nil {
		t.Fatal(".golangci.yml does not say where forbidigo's rules for pure packages hold")
	}
	compare(t, "forbidigo's path-except", strings.Split(except[1], "|"), pure)
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	got = slices.Sorted(slices.Values(got))
	if !slices.Equal(got, want) {
		t.Errorf("%s has %v, and the Makefile's PURE %v", what, got, want)
	}
}

// purePackages reads the Makefile's PURE, in order.
func purePackages(t *testing.T) []string {
	t.Helper()
	match := regexp.MustCompile(`(?m)^PURE := ((?:.*\\\n)*.*)$`).FindStringSubmatch(read(t, "Makefile"))
	if match == nil {
		t.Fatal("the Makefile has no PURE")
	}
	pure := strings.Fields(strings.ReplaceAll(match[1], "\\\n", " "))
	if len(pure) < 5 {
		t.Fatalf("the Makefile's PURE has only %v", pure)
	}
	return slices.Sorted(slices.Values(pure))
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = filepath.Join("..", "..")
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return string(output)
}
