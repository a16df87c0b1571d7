// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/config"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// realProfile returns the configuration of the scheduler that a real pod names,
// and what of it is not built in.
func realProfile(file string, pod *corev1.Pod) (*framework.Profile, []explanation.NotEvaluated, error) {
	profiles, err := realProfiles(file)
	if err != nil {
		return nil, nil, err
	}
	name := cmp.Or(pod.Spec.SchedulerName, corev1.DefaultSchedulerName)
	var names []string
	for _, p := range profiles {
		if p.SchedulerName != name {
			names = append(names, p.SchedulerName)
			continue
		}
		var missing []explanation.NotEvaluated
		for _, m := range p.NotBuiltIn {
			missing = append(missing, explanation.NotEvaluated{What: m.What, Why: m.Why, Effect: "nodes may fit or not for it, and be preferred otherwise"})
		}
		return p.Profile, missing, nil
	}
	return nil, nil, fmt.Errorf("pod %s/%s is one of scheduler %q, whose configuration is not known: known is %s; give its KubeSchedulerConfiguration with --scheduler-config",
		pod.Namespace, pod.Name, name, strings.Join(names, " and "))
}

func realProfiles(file string) ([]config.KubeProfile, error) {
	if file == "" {
		profile, err := config.DefaultKube()
		return []config.KubeProfile{profile}, err
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the file %q does not exist: give --scheduler-config the path of a KubeSchedulerConfiguration", file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the scheduler's configuration: %w", err)
	}
	profiles, err := config.ParseKube(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", file, strings.Join(strings.Fields(err.Error()), " "))
	}
	return profiles, nil
}
