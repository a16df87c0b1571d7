// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-logr/logr"
	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

// Names in the data folder. All of them, and nothing else, are removed when the
// control plane stops.
const (
	lockName        = "lock"
	processesFile   = "processes.json"
	disruptionsFile = "disruptions.json"
	instanceFile    = "instance.json"
	snapshotFile    = "snapshot.db"
	kubeconfigFile  = "kubeconfig"
	etcdDir         = "etcd"
	apiServerDir    = "apiserver"
	pkiDir          = "pki"
	auditDir        = "audit"
	logsDir         = "logs"
	componentsDir   = "components"
)

var (
	subfolders = []string{etcdDir, apiServerDir, pkiDir, auditDir, logsDir, componentsDir}
	ownedFiles = []string{processesFile, disruptionsFile, instanceFile, snapshotFile, kubeconfigFile}
)

// tempPrefix starts the names of temporary data folders.
const tempPrefix = "glassplane-"

// HomeEnv names the environment variable with the default data folder.
const HomeEnv = "GLASSPLANE_HOME"

// DefaultDir is the data folder that commands use where none is given: the
// one that HomeEnv names, else glassplane/local in os.UserCacheDir.
func DefaultDir(env func(string) string) (string, error) {
	if home := env(HomeEnv); home != "" {
		return filepath.Abs(home)
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the data folder (--%s or %s sets another one): %w", FlagDataDir, HomeEnv, err)
	}
	return filepath.Join(user, "glassplane", "local"), nil
}

// ComponentsDirOf returns the folder in a data folder that Local.ComponentsDir
// returns. Only its owner can enter it, whatever the data folder's permissions.
func ComponentsDirOf(dir string) string { return filepath.Join(dir, componentsDir) }

// dataDir is a data folder that this process owns.
type dataDir struct {
	path string
	// root is the open folder. What is removed is removed through it, so that
	// nothing outside is, whatever path has become a link to.
	root *os.Root
	// made says that the folder was not there before.
	made bool
	lock *fileutil.LockedFile
}

// claimDir makes the folder where it is missing and locks it. An empty path
// means a temporary folder. A folder that holds what is not ours is refused,
// so that nothing of the user's can be removed with it.
func claimDir(path string) (*dataDir, error) {
	d, err := makeDir(path)
	if err != nil {
		return nil, err
	}
	if d.root, err = os.OpenRoot(d.path); err != nil {
		d.removeIfMade()
		return nil, dirError(d.path, err)
	}
	if err := d.checkContent(); err != nil {
		d.root.Close()
		return nil, err
	}
	if err := d.takeLock(); err != nil {
		d.root.Close()
		d.removeIfMade()
		return nil, err
	}
	return d, nil
}

func makeDir(path string) (*dataDir, error) {
	if path == "" {
		temp, err := os.MkdirTemp("", tempPrefix)
		if err != nil {
			return nil, fmt.Errorf("make a temporary data folder: %w", err)
		}
		return &dataDir{path: temp, made: true}, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return nil, fmt.Errorf("data folder %s is not a folder; choose another one with --%s", path, FlagDataDir)
	case err == nil:
		return &dataDir{path: path}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, dirError(path, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, dirError(path, err)
	}
	return &dataDir{path: path, made: true}, nil
}

func dirError(path string, err error) error {
	return fmt.Errorf("data folder %s cannot be used; choose another one with --%s: %w", path, FlagDataDir, err)
}

func (d *dataDir) checkContent() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return dirError(d.path, err)
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Stat(d.file(lockName)); err != nil {
		return fmt.Errorf("data folder %s is not empty and no control plane's; choose another one with --%s", d.path, FlagDataDir)
	}
	return nil
}

// lockTries is how often the lock is tried where another instance removes it at
// that moment.
const lockTries = 100

// takeLock takes the lock that keeps a second instance out.
func (d *dataDir) takeLock() error {
	for range lockTries {
		lock, err := fileutil.TryLockFile(d.file(lockName), os.O_RDWR|os.O_CREATE, 0o600)
		if errors.Is(err, fileutil.ErrLocked) {
			return d.inUseError()
		}
		if err != nil {
			return dirError(d.path, err)
		}
		// Who stops removes the file: a lock on a removed file locks nothing.
		mine, errMine := lock.Stat()
		there, errThere := d.root.Stat(lockName)
		if errMine == nil && errThere == nil && os.SameFile(mine, there) {
			d.lock = lock
			return nil
		}
		lock.Close()
		if err := errors.Join(errMine, errThere); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return dirError(d.path, err)
		}
	}
	return dirError(d.path, fmt.Errorf("its file %s is another one each time it is locked", lockName))
}

// ErrInUse is wrapped by the error of Start when another instance runs on the
// same data folder.
var ErrInUse = errors.New("a control plane already runs on this data folder")

func (d *dataDir) inUseError() error {
	who := ""
	if instance, err := ReadInstance(d.path); err == nil {
		who = fmt.Sprintf(" (pid %d)", instance.PID)
	}
	return fmt.Errorf("%w: %s%s; stop it first, or choose another folder with --%s", ErrInUse, d.path, who, FlagDataDir)
}

// cleanUp stops the processes of an instance that was killed on this data
// folder, those that it had paused too, and removes its files. So nothing of what it
// had disrupted is left. The lock says that it is not alive.
func (d *dataDir) cleanUp(ctx context.Context, log logr.Logger) error {
	disrupted, err := readList[Disrupted](d.root, disruptionsFile)
	if err != nil {
		log.Error(err, "the list of what an earlier run had disrupted cannot be read; its processes are stopped")
	}
	for _, left := range disrupted {
		log.Info("undoing what an earlier run had disrupted", "target", left.Target, "kind", left.Kind, "since", left.Since)
	}
	records, err := readList[processRecord](d.root, processesFile)
	if err != nil {
		// Without the list nothing can be told from other people's processes.
		log.Error(err, "the list of processes that an earlier run left cannot be read")
	}
	for _, record := range slices.Backward(records) {
		if _, alive := record.orphan(d.path); !alive {
			continue
		}
		log.Info("stopping a process left by an earlier run", "process", record.Name, "pid", record.PID)
		if err := stopOrphan(ctx, record, d.path); err != nil {
			return err
		}
	}
	if err := d.clear(); err != nil {
		return dirError(d.path, err)
	}
	return nil
}

func (d *dataDir) file(names ...string) string {
	return filepath.Join(append([]string{d.path}, names...)...)
}

// clear removes what an instance keeps in the folder, but for the lock.
func (d *dataDir) clear() error {
	var errs []error
	for _, name := range append(append([]string{}, subfolders...), ownedFiles...) {
		errs = append(errs, d.root.RemoveAll(name))
	}
	return errors.Join(errs...)
}

// release removes all that is ours, gives the lock back, and removes the folder
// if it was made by claimDir and nobody else has put anything into it.
func (d *dataDir) release() error {
	if d.lock == nil {
		return nil
	}
	err := errors.Join(d.clear(), d.root.Remove(lockName), d.lock.Close(), d.root.Close())
	d.lock = nil
	d.removeIfMade()
	return err
}

func (d *dataDir) removeIfMade() {
	if d.made {
		_ = os.Remove(d.path)
	}
}
