// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"
	"strconv"

	"k8s.io/apimachinery/pkg/types"
)

// PodIP returns an address for a pod out of 10.0.0.0/8. It depends on the UID
// only. Two pods can come upon the same one; the caller then asks for that of
// the next attempt. The first attempt is 0.
func PodIP(uid types.UID, attempt int) netip.Addr {
	return address(netip.AddrFrom4([4]byte{10}), 24, string(uid), attempt)
}

// NodeIP returns an address for a node out of 172.16.0.0/12, as PodIP does for
// pods.
func NodeIP(name string, attempt int) netip.Addr {
	return address(netip.AddrFrom4([4]byte{172, 16}), 20, name, attempt)
}

// address returns one of the addresses of a network with the given number of
// host bits, but never its first and last, which no host may have.
func address(network netip.Addr, hostBits int, key string, attempt int) netip.Addr {
	h := fnv.New64a()
	h.Write([]byte(key + "\x00" + strconv.Itoa(attempt)))
	hosts := uint64(1)<<hostBits - 2
	base := network.As4()
	var out [4]byte
	binary.BigEndian.PutUint32(out[:], binary.BigEndian.Uint32(base[:])+uint32(1+mix(h.Sum64())%hosts))
	return netip.AddrFrom4(out)
}
