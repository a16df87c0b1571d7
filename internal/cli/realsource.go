// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/glassplane/glassplane/internal/listing"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// realSource is where the state of a real cluster comes from.
type realSource interface {
	// list reads what decisions about pods of a namespace depend on.
	list(ctx context.Context, namespace string) (whatif.Listing, error)
	// pod reads one pod; the error says where there is none.
	pod(ctx context.Context, namespace, name string) (*corev1.Pod, error)
}

// realSource returns the file that is named, else the cluster of flags and kubeconfig.
func (c *clients) realSource(file string) (realSource, error) {
	if file != "" {
		return &fileSource{io: c.io, name: file}, nil
	}
	client, err := c.kubernetes(explainUserAgent)
	if err != nil {
		return nil, err
	}
	return &clusterSource{io: c.io, client: client}, nil
}

// kubernetes returns a client of core Kubernetes.
func (c *clients) kubernetes(userAgent string) (kubernetes.Interface, error) {
	config, err := c.restConfig(userAgent)
	if err != nil {
		return nil, err
	}
	config.ContentType, config.AcceptContentTypes = "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, err)
	}
	return client, nil
}

// clusterSource is a cluster that answers.
type clusterSource struct {
	io     IO
	client kubernetes.Interface
}

func (s *clusterSource) list(ctx context.Context, namespace string) (whatif.Listing, error) {
	listed, err := listing.NewCluster(s.client, s.io.Clock, s.progress()).Read(ctx, namespace)
	return listed, unreachable(err)
}

// progress tells people once a second what was read, and nobody else.
func (s *clusterSource) progress() func(resource string, items int) {
	if !s.io.errTerminal {
		return nil
	}
	told, last := newProgress(s.io), s.io.Clock.Now()
	return func(resource string, items int) {
		if s.io.Clock.Since(last) >= time.Second {
			last = s.io.Clock.Now()
			told.tell("reading %s: %d", resource, items)
		}
	}
}

func (s *clusterSource) pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	pod, err := s.client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("pod %s does not exist in namespace %s: it was never created, or is gone", name, namespace)
	case err != nil:
		return nil, unreachable(fmt.Errorf("reading pod %s of namespace %s: %w", name, namespace, err))
	}
	return pod, nil
}

// fileSource is a file that was made of a cluster. It is read once.
type fileSource struct {
	io     IO
	name   string
	listed *whatif.Listing
}

func (s *fileSource) list(context.Context, string) (whatif.Listing, error) {
	if s.listed == nil {
		listed, err := listing.ReadFile(s.name, s.io.In)
		if err != nil {
			return whatif.Listing{}, err
		}
		s.listed = &listed
	}
	return *s.listed, nil
}

func (s *fileSource) pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	listed, err := s.list(ctx, namespace)
	if err != nil {
		return nil, err
	}
	for _, list := range [][]*corev1.Pod{listed.Objects.Pods, listed.Ended} {
		for _, pod := range list {
			if pod.Namespace == namespace && pod.Name == name {
				return pod, nil
			}
		}
	}
	return nil, fmt.Errorf("%s: %w", s.name, errors.New("it has no pod "+name+" in namespace "+namespace+"; -n names another namespace"))
}
