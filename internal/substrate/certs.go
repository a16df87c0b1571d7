// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// certValidity is longer than any local control plane lives.
const certValidity = 365 * 24 * time.Hour

// authority signs the certificates with which etcd, its clients and
// kube-controller-manager prove themselves. The API server's users have another
// one, which envtest keeps; so no user of the API server can reach etcd.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// keyPair is a PEM-encoded certificate and its private key.
type keyPair struct {
	cert, key []byte
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the certificate authority's key: %w", err)
	}
	ca, err := cert.NewSelfSignedCACert(cert.Config{CommonName: "glassplane-etcd-ca"}, key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate authority: %w", err)
	}
	return &authority{cert: ca, key: key}, nil
}

// certPEM is what those who check the authority's certificates need.
func (a *authority) certPEM() ([]byte, error) {
	return cert.EncodeCertificates(a.cert)
}

// issue signs a certificate that is good for clients and, on loopback, for
// servers: etcd needs both, because it also is its own peer and gateway client.
func (a *authority) issue(commonName string) (keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keyPair{}, fmt.Errorf("make a key for %s: %w", commonName, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return keyPair{}, fmt.Errorf("make a serial number for %s: %w", commonName, err)
	}
	now := time.Now()
	template := x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.ParseIP(loopback)},
		NotBefore:    now.Add(-time.Minute),
		NotAfter:     now.Add(certValidity),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, a.cert, key.Public(), a.key)
	if err != nil {
		return keyPair{}, fmt.Errorf("sign the certificate of %s: %w", commonName, err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		return keyPair{}, err
	}
	var pair keyPair
	if pair.cert, err = cert.EncodeCertificates(signed); err != nil {
		return keyPair{}, err
	}
	if pair.key, err = keyutil.MarshalPrivateKeyToPEM(key); err != nil {
		return keyPair{}, fmt.Errorf("encode the key of %s: %w", commonName, err)
	}
	return pair, nil
}
