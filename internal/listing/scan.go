// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// protobufMagic begins what the API server encodes as protobuf
// (k8s.io/apimachinery/pkg/runtime/serializer/protobuf).
var protobufMagic = []byte("k8s\x00")

const (
	// maxObjectBytes is more than etcd stores of one object.
	maxObjectBytes = 16 << 20
	// The fields of runtime.Unknown and of every list, by their numbers.
	fieldRaw, fieldListMeta, fieldItems = 2, 1, 2
	wireVarint, wireBytes               = 0, 2
)

// unmarshaler is what all types of k8s.io/api are.
type unmarshaler interface{ Unmarshal([]byte) error }

// scan reads a list and hands on its objects one by one, so that never more than
// one of them is in memory as it was sent. The body is protobuf or JSON.
func scan(r io.Reader, item func(decode func(into any) error) error) (metav1.ListMeta, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	start, err := in.Peek(len(protobufMagic))
	if err != nil {
		return metav1.ListMeta{}, fmt.Errorf("reading a list: %w", unexpected(err))
	}
	if !bytes.Equal(start, protobufMagic) {
		return scanJSON(in, item)
	}
	if _, err := in.Discard(len(protobufMagic)); err != nil {
		return metav1.ListMeta{}, err
	}
	var meta metav1.ListMeta
	buffer := make([]byte, 0, 16<<10)
	err = fields(in, -1, func(number, size int) error {
		if number != fieldRaw {
			return skip(in, size)
		}
		return fields(in, size, func(number, size int) error {
			if number != fieldListMeta && number != fieldItems {
				return skip(in, size)
			}
			var err error
			if buffer, err = read(in, buffer, size); err != nil {
				return err
			}
			if number == fieldListMeta {
				return meta.Unmarshal(buffer)
			}
			return item(func(into any) error { return into.(unmarshaler).Unmarshal(buffer) })
		})
	})
	if err != nil {
		return meta, fmt.Errorf("reading a list: %w", err)
	}
	return meta, nil
}

// fields hands on the number and the size of each field of a message of so many
// bytes; -1 for one that ends with the input. Numbers are left out.
func fields(in *bufio.Reader, size int, field func(number, size int) error) error {
	counted := &counter{in: in}
	for size < 0 || counted.n < size {
		tag, err := binary.ReadUvarint(counted)
		if errors.Is(err, io.EOF) && size < 0 {
			return nil
		}
		if err != nil {
			return unexpected(err)
		}
		value, err := binary.ReadUvarint(counted)
		if err != nil {
			return unexpected(err)
		}
		switch tag & 7 {
		case wireVarint:
			continue
		case wireBytes:
		default:
			return fmt.Errorf("it has a field of wire type %d, which lists do not have", tag&7)
		}
		if value > 1<<40 || size >= 0 && int(value) > size-counted.n {
			return fmt.Errorf("a field of %d bytes is larger than what holds it", value)
		}
		counted.n += int(value)
		if err := field(int(tag>>3), int(value)); err != nil {
			return err
		}
	}
	return nil
}

// counter counts the bytes that are read one by one.
type counter struct {
	in *bufio.Reader
	n  int
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func skip(in *bufio.Reader, size int) error {
	_, err := io.CopyN(io.Discard, in, int64(size))
	return unexpected(err)
}

func read(in *bufio.Reader, buffer []byte, size int) ([]byte, error) {
	if size > maxObjectBytes {
		return buffer, fmt.Errorf("an object has %d bytes, more than any can have", size)
	}
	if cap(buffer) < size {
		buffer = make([]byte, size)
	}
	buffer = buffer[:size]
	_, err := io.ReadFull(in, buffer)
	return buffer, unexpected(err)
}

// unexpected says of an input that ends in the middle that it does.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it was cut off: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// scanJSON reads a list of an API server that does not know protobuf.
func scanJSON(in io.Reader, item func(decode func(into any) error) error) (metav1.ListMeta, error) {
	var list struct {
		Metadata metav1.ListMeta   `json:"metadata"`
		Items    []json.RawMessage `json:"items"`
	}
	if err := json.NewDecoder(in).Decode(&list); err != nil {
		return metav1.ListMeta{}, fmt.Errorf("reading a list: it is neither protobuf nor JSON: %w", unexpected(err))
	}
	for _, raw := range list.Items {
		if err := item(func(into any) error { return kjson.UnmarshalCaseSensitivePreserveInts(raw, into) }); err != nil {
			return list.Metadata, fmt.Errorf("reading a list: %w", err)
		}
	}
	return list.Metadata, nil
}
