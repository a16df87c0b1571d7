// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/internal/render"
)

// isFile tells the path of a data file, of an experiment or a lesson, from the name
// of one that ships.
func isFile(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
}

// validateFiles reads data files, and says of each that it is valid; the error says
// all that is wrong with the others. read returns the name of what is in a file.
func validateFiles(io IO, what string, files []string, read func(file string) (name string, err error)) error {
	var errs []error
	for _, file := range files {
		name, err := read(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(io.Out, "%s: %s %s is valid\n", file, what, name)
	}
	return errors.Join(errs...)
}

func textOrJSON(output string) error {
	if output != string(render.FormatText) && output != string(render.FormatJSON) {
		return fmt.Errorf("invalid --output %q: must be text or json", output)
	}
	return nil
}
