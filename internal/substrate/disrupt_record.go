// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// writeDisruptions replaces the list of disruptions in the data folder.
func writeDisruptions(dir string, list []Disrupted) error {
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, disruptionsFile), data)
}

// readDisruptions returns what an instance has disrupted; none where there is no
// list.
func readDisruptions(dir *os.Root) ([]Disrupted, error) {
	data, err := dir.ReadFile(disruptionsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Disrupted
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("parse %s: %w", filepath.Join(dir.Name(), disruptionsFile), err)
	}
	return list, nil
}
