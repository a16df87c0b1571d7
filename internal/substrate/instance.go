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
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// Instance describes a running local control plane to other commands.
type Instance struct {
	// PID is the process that runs it; WriteInstance sets it to its own.
	PID int `json:"pid"`
	// Created is that process' start time in milliseconds since 1970, which
	// tells it from a later process with the same pid; WriteInstance sets it.
	Created int64 `json:"created"`
	// StartedAt is when the control plane became ready.
	StartedAt time.Time `json:"startedAt,omitzero"`
	// Kubeconfig is the path of the user's kubeconfig.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// ObserverURL is where the observer serves its API.
	ObserverURL string `json:"observerURL,omitempty"`
	// AuditLog is the path of the API server's audit log.
	AuditLog string `json:"auditLog,omitempty"`
	// Extra holds whatever else the writer wants to tell.
	Extra map[string]string `json:"extra,omitempty"`
}

// ErrNoInstance is wrapped by the error of ReadInstance when no control plane
// runs on the data folder.
var ErrNoInstance = errors.New("no control plane is running")

// WriteInstance writes the description into the data folder, in one step and
// readable by its owner only. Local.Stop removes it.
func WriteInstance(dir string, instance Instance) error {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return fmt.Errorf("look up this process: %w", err)
	}
	if instance.Created, err = self.CreateTime(); err != nil {
		return fmt.Errorf("look up this process' start time: %w", err)
	}
	instance.PID = os.Getpid()
	data, err := json.MarshalIndent(instance, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, instanceFile), data); err != nil {
		return fmt.Errorf("write the description of the instance: %w", err)
	}
	return nil
}

// ReadInstance reads the description from the data folder. Its error wraps
// ErrNoInstance if there is none, or if its process does not live anymore.
func ReadInstance(dir string) (Instance, error) {
	path := filepath.Join(dir, instanceFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Instance{}, fmt.Errorf("%w on data folder %s", ErrNoInstance, dir)
	}
	if err != nil {
		return Instance{}, fmt.Errorf("read the description of the instance: %w", err)
	}
	var instance Instance
	if err := json.Unmarshal(data, &instance); err != nil {
		return Instance{}, fmt.Errorf("parse %s: %w", path, err)
	}
	if !aliveSince(instance.PID, instance.Created) {
		return Instance{}, fmt.Errorf("%w on data folder %s: the one there (pid %d) was killed", ErrNoInstance, dir, instance.PID)
	}
	return instance, nil
}

// RemoveInstance removes the description; it is no error if there is none.
func RemoveInstance(dir string) error {
	if err := os.Remove(filepath.Join(dir, instanceFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the description of the instance: %w", err)
	}
	return nil
}
