// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kindcluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"
)

const (
	// modulePath is the module whose folder holds hack/kindnode.
	modulePath = "github.com/glassplane/glassplane"
	// hostEnv names the environment variable with the daemon's address.
	hostEnv = "DOCKER_HOST"
	// networkName is the Docker network of kind's nodes.
	networkName = "kind"
	// answerTimeout bounds how long a daemon may take to say that it is there.
	answerTimeout = 10 * time.Second
	// pullTimeout bounds how long a registry may take to start an answer.
	pullTimeout = 10 * time.Second
)

// docker is a Docker daemon.
type docker struct {
	// host is its address; empty means that of the docker command's context.
	host string
}

// dockerOf is the daemon that the environment names. One of our own that it may
// still name, as after "kind env", does not count.
func dockerOf(options Options, s state) docker {
	host := options.Env(hostEnv)
	if strings.HasPrefix(host, "unix://"+filepath.Dir(s.dir)+string(filepath.Separator)) {
		host = ""
	}
	return docker{host: host}
}

func (d docker) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), hostEnv+"="+d.host)
	return cmd
}

// answers asks the daemon for its version.
func (d docker) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := d.command(ctx, "version", "--format", "{{.Server.Version}}").Output()
	return explain(err)
}

// findDocker finds the daemon of a cluster that exists.
func findDocker(ctx context.Context, options Options, s state) (docker, error) {
	d := dockerOf(options, s)
	if s.Daemon == noDaemon {
		return d, errors.New("it was not started")
	}
	if s.Daemon == ownDaemon {
		d.host = s.socket()
		if !daemonRuns(s) {
			return d, errors.New("its Docker daemon does not run")
		}
	}
	if err := d.answers(ctx); err != nil {
		return d, fmt.Errorf("no answer from Docker: %w", err)
	}
	return d, nil
}

// startDocker finds the daemon for a new cluster, or starts one where none runs
// and none was asked for.
func startDocker(ctx context.Context, options Options, s *state) (docker, error) {
	d := dockerOf(options, *s)
	err := d.answers(ctx)
	if err == nil {
		s.Daemon = otherDaemon
		s.MadeNetwork = d.command(ctx, "network", "inspect", networkName).Run() != nil
		return d, s.write()
	}
	if d.host != "" {
		return d, fmt.Errorf("no answer from Docker at %s=%s: %w", hostEnv, d.host, err)
	}
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return d, fmt.Errorf("no answer from Docker: start it, or run this on Linux as root so that a daemon is started: %w", err)
	}
	if err := buildHelper(ctx, *s); err != nil {
		return d, err
	}
	if err := s.runHelper(ctx, options.Out, nil, "install", "docker", "dockerd", "iptables"); err != nil {
		return d, err
	}
	s.Daemon = ownDaemon
	if err := s.write(); err != nil {
		return d, err
	}
	fmt.Fprintln(options.Out, "kind: no Docker daemon runs, starting one for this cluster")
	d.host = s.socket()
	return d, startDaemon(ctx, *s, d)
}

func (s state) socket() string {
	return "unix://" + filepath.Join(s.dockerDir(), "docker.sock")
}

// removeMade removes from a daemon what kind leaves there. What others use by now
// stays, so errors mean nothing.
func (d docker) removeMade(ctx context.Context, s state) {
	if s.MadeNetwork {
		_ = d.command(ctx, "network", "rm", networkName).Run()
	}
	if s.LoadedImage != "" && s.Daemon == otherDaemon {
		_ = d.command(ctx, "image", "rm", s.LoadedImage).Run()
	}
}

// buildHelper builds hack/kindnode from this clone.
func buildHelper(ctx context.Context, s state) error {
	if _, err := os.Stat(s.helper()); err == nil {
		return nil
	}
	dir, err := helperSource(ctx)
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "-C", dir, "build", "-trimpath", "-buildvcs=false",
		"-tags=no_aufs no_zfs no_btrfs no_devmapper", "-o", s.helper(), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build hack/kindnode: %w\n%s", err, out)
	}
	return nil
}

func helperSource(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", modulePath).Output()
	if err != nil {
		return "", fmt.Errorf("find this clone of %s (run this in it): %w", modulePath, explain(err))
	}
	return filepath.Join(strings.TrimSpace(string(out)), "hack", "kindnode"), nil
}

// runHelper runs hack/kindnode in its folder.
func (s state) runHelper(ctx context.Context, stderr, stdout io.Writer, args ...string) error {
	dir, err := helperSource(ctx)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, s.helper(), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, stdout, stderr
	cmd.Env = append(os.Environ(), "PATH="+searchPath(os.Getenv("PATH")))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("hack/kindnode %s: %w", args[0], err)
	}
	return nil
}

// searchPath adds the folders of a system's daemons, which are not in every
// user's path.
func searchPath(path string) string {
	return strings.TrimPrefix(path+":/usr/local/sbin:/usr/sbin:/sbin", ":")
}

// nodeImage returns an image that the daemon has: the one that ImageEnv names,
// or kind's default if it can be had, or one that is composed here.
func (d docker) nodeImage(ctx context.Context, options Options, s *state) (string, error) {
	if image := options.Env(ImageEnv); image != "" {
		if d.has(ctx, image) || d.pull(ctx, options.Out, image) == nil {
			return image, nil
		}
		return "", fmt.Errorf("%s=%s is not in Docker and cannot be pulled", ImageEnv, image)
	}
	if d.has(ctx, defaults.Image) {
		return defaults.Image, nil
	}
	// A daemon of our own has no network to pull from.
	if s.Daemon != ownDaemon {
		fmt.Fprintf(options.Out, "kind: trying to pull %s\n", defaults.Image)
		err := d.pull(ctx, options.Out, defaults.Image)
		if err == nil {
			return defaults.Image, nil
		}
		fmt.Fprintf(options.Out, "kind: it cannot be pulled (%v), so a node image is composed\n", err)
	}
	return d.composedImage(ctx, options, s)
}

func (d docker) has(ctx context.Context, image string) bool {
	return d.command(ctx, "image", "inspect", image).Run() == nil
}

// pull pulls an image. It gives up soon where the registry does not answer; an
// answer starts with a line, and may then take as long as it does.
func (d docker) pull(ctx context.Context, out io.Writer, image string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(pullTimeout, func() { cancel(fmt.Errorf("no answer for %s", pullTimeout)) })
	defer timer.Stop()
	cmd := d.command(ctx, "pull", image)
	lines, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		return err
	}
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		timer.Stop()
		fmt.Fprintf(out, "docker pull: %s\n", scanner.Text())
	}
	if err := cmd.Wait(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(complaints.String()))
	}
	return nil
}

// composedImage has hack/kindnode compose an image and loads it.
func (d docker) composedImage(ctx context.Context, options Options, s *state) (string, error) {
	if err := buildHelper(ctx, *s); err != nil {
		return "", err
	}
	var name strings.Builder
	if err := s.runHelper(ctx, options.Out, &name, "image"); err != nil {
		return "", err
	}
	image := strings.TrimSpace(name.String())
	if d.has(ctx, image) {
		return image, nil
	}
	s.LoadedImage = image
	if err := s.write(); err != nil {
		return "", err
	}
	return image, d.load(ctx, func(archive io.Writer) error { return s.runHelper(ctx, options.Out, archive, "archive") })
}

// load loads the image whose archive write writes.
func (d docker) load(ctx context.Context, write func(archive io.Writer) error) error {
	load := d.command(ctx, "load", "--quiet")
	in, err := load.StdinPipe()
	if err != nil {
		return err
	}
	var out strings.Builder
	load.Stdout, load.Stderr = &out, &out
	if err := load.Start(); err != nil {
		return err
	}
	writeErr := write(in)
	_ = in.Close()
	if err := errors.Join(load.Wait(), writeErr); err != nil {
		return fmt.Errorf("load the image: %w\n%s", err, out.String())
	}
	return nil
}
