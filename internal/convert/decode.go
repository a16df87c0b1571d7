// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	kjson "sigs.k8s.io/json"
)

// decode fills a typed object. Fields that it does not have are left out.
func decode(from, into any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("encoding the object: %w", err)
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, into); err != nil {
		return fmt.Errorf("decoding the object: %w", err)
	}
	return nil
}

// read fills a typed object, after it has checked what the decoder has no good
// words for.
func read(from map[string]any, into any) error {
	if err := checkQuantities("", from, reflect.TypeOf(into)); err != nil {
		return err
	}
	return decode(from, into)
}

// absent lists the paths of what a value has and a type has no field for, in the
// order of their names. Nulls say nothing and are passed over; everything else
// counts, false and empty ones, too.
func absent(path string, value any, t reflect.Type) []string {
	var out []string
	descend(path, value, t, func(path string, value any, t reflect.Type) bool {
		if t == nil {
			out = append(out, path)
		}
		return t != nil
	})
	return out
}

// checkQuantities names the quantity that is not one, or is negative.
func checkQuantities(path string, value any, t reflect.Type) error {
	var found error
	descend(path, value, t, func(path string, value any, t reflect.Type) bool {
		if found != nil || t != reflect.TypeFor[resource.Quantity]() {
			return found == nil && t != nil
		}
		text := fmt.Sprint(value)
		switch quantity, err := resource.ParseQuantity(text); {
		case err != nil:
			found = fmt.Errorf("%s is %q: must be a quantity such as 500m or 2Gi", path, text)
		case quantity.Sign() < 0:
			found = fmt.Errorf("%s is %s: quantities must not be negative", path, text)
		}
		return false
	})
	return found
}

// descend visits a value and what is in it, each with its path and the type that
// it is decoded into; that is nil where there is no field for it. It goes into
// what visit returns true for.
func descend(path string, value any, t reflect.Type, visit func(string, any, reflect.Type) bool) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if value == nil || !visit(path, value, t) || decodesItself(t) {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if inner, ok := typeOf(t, key); ok {
				descend(strings.TrimPrefix(path+"."+key, "."), value[key], inner, visit)
			}
		}
	case []any:
		if t.Kind() != reflect.Slice {
			return
		}
		for i, v := range value {
			descend(fmt.Sprintf("%s[%d]", path, i), v, t.Elem(), visit)
		}
	}
}

// decodesItself is true for types whose JSON is not that of their fields, such
// as quantities and times.
func decodesItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// typeOf returns the type of what a map or a struct has under a key: nil where
// it is a struct that has no such field. It is false for other types.
func typeOf(t reflect.Type, key string) (reflect.Type, bool) {
	switch t.Kind() {
	case reflect.Map:
		return t.Elem(), true
	case reflect.Struct:
		return fieldOf(t, key), true
	}
	return nil, false
}

func fieldOf(t reflect.Type, key string) reflect.Type {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == key && name != "-":
			return field.Type
		case name == "" && (options == "inline" || field.Anonymous):
			if inner := fieldOf(field.Type, key); inner != nil {
				return inner
			}
		}
	}
	return nil
}
