// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// writeFile writes the file in one step, readable by its owner only: a reader
// sees the old content or the new one.
func writeFile(path string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if _, err := temp.Write(data); err != nil {
		temp.Close()
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// writeList replaces a list of the data folder: what runs, or what is disrupted.
func writeList[T any](dir, name string, list []T) error {
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, name), data)
}

// readList returns a list that an earlier instance has left; none where there is no
// such file.
func readList[T any](dir *os.Root, name string) ([]T, error) {
	data, err := dir.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []T
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("parse %s: %w", filepath.Join(dir.Name(), name), err)
	}
	return list, nil
}

const (
	// maxLogSize bounds a log file, in bytes; one older file is kept beside it.
	maxLogSize = 32 << 20
	// logTailLines is how many lines of its log an error about a process shows.
	logTailLines = 12
	// logTailBytes bounds what is read to find them.
	logTailBytes = 16 << 10
)

// logFile takes the output of a process and rotates at maxLogSize.
type logFile struct {
	path string

	mu   sync.Mutex
	file *os.File
	size int
}

func openLog(path string) (*logFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return &logFile{path: path, file: file}, nil
}

// Write implements io.Writer.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+len(p) > maxLogSize {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(p)
	l.size += n
	return n, err
}

func (l *logFile) rotate() error {
	if err := l.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		return err
	}
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	l.file, l.size = file, 0
	return nil
}

// Close implements io.Closer.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// tail returns the last lines, indented, ready to be appended to an error;
// empty where there is none.
func (l *logFile) tail() string {
	file, err := os.Open(l.path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > logTailBytes {
		if _, err := file.Seek(-logTailBytes, io.SeekEnd); err != nil {
			return ""
		}
	}
	data, err := io.ReadAll(io.LimitReader(file, logTailBytes))
	if err != nil {
		return ""
	}
	return indentTail(data)
}

func indentTail(data []byte) string {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return ""
	}
	lines := strings.Split(string(data), "\n")
	lines = lines[max(0, len(lines)-logTailLines):]
	return "\n  " + strings.Join(lines, "\n  ")
}
