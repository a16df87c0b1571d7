// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

const (
	// ContextName names the context, and the cluster, in the kubeconfig.
	ContextName = "glassplane"
	// AdminUser is who the kubeconfig's user is.
	AdminUser = "glassplane-admin"
	// AdminGroup is the group that is bound to the ClusterRole cluster-admin.
	// It is used instead of system:masters so that RBAC decides, and the audit
	// log says so.
	AdminGroup = "glassplane:admins"
	// bootstrapUser acts before RBAC knows AdminGroup.
	bootstrapUser = "glassplane-bootstrap"
	// adminBinding names the ClusterRoleBinding of AdminGroup.
	adminBinding = "glassplane:admins"
)

// bootstrap makes the identities and gives the user the rights of an admin.
func (l *Local) bootstrap(ctx context.Context) (err error) {
	if l.admin, err = l.UserConfig(bootstrapUser, []string{user.SystemPrivilegedGroup}); err != nil {
		return err
	}
	if err := bindAdmins(ctx, l.admin); err != nil {
		return err
	}
	if err := l.healRestored(ctx); err != nil {
		return err
	}
	if err := l.WriteKubeconfig(l.KubeconfigPath()); err != nil {
		return err
	}
	if l.opts.Bootstrap == nil {
		return nil
	}
	return l.opts.Bootstrap(ctx, l.AdminConfig())
}

func bindAdmins(ctx context.Context, admin *rest.Config) error {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return err
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: adminBinding},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: AdminGroup}},
	}
	_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bind the group %s to cluster-admin: %w", AdminGroup, err)
	}
	return nil
}

// AdminConfig returns the bootstrap identity, which RBAC does not restrict. It
// is for installing what components need; people use UserKubeconfig.
func (l *Local) AdminConfig() *rest.Config { return rest.CopyConfig(l.admin) }

// UserConfig returns a client configuration for a user in the given groups,
// proved by a client certificate. It has no client-side rate limit.
func (l *Local) UserConfig(name string, groups []string) (*rest.Config, error) {
	l.mu.Lock() // envtest's authority counts its serial numbers without a lock
	defer l.mu.Unlock()
	added, err := l.plane.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: -1})
	if err != nil {
		return nil, fmt.Errorf("make a certificate for user %s: %w", name, err)
	}
	return added.Config(), nil
}

// ServiceAccountConfig returns a client configuration that authenticates as
// the ServiceAccount, so that RBAC bindings to it apply. The proof is a client
// certificate; the ServiceAccount need not exist.
func (l *Local) ServiceAccountConfig(namespace, name string) (*rest.Config, error) {
	return l.UserConfig(serviceaccount.MakeUsername(namespace, name), serviceaccount.MakeGroupNames(namespace))
}

// UserKubeconfig returns a kubeconfig with one context, ContextName, for
// AdminUser.
func (l *Local) UserKubeconfig() ([]byte, error) {
	config, err := l.UserConfig(AdminUser, []string{AdminGroup})
	if err != nil {
		return nil, err
	}
	return kubeconfigFor(config, AdminUser)
}

// WriteKubeconfig writes the user's kubeconfig in one step, readable by its
// owner only.
func (l *Local) WriteKubeconfig(path string) error {
	data, err := l.UserKubeconfig()
	if err != nil {
		return err
	}
	if err := writeFile(path, data); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	return nil
}

// KubeconfigPath returns the path of the user's kubeconfig in the data folder.
func (l *Local) KubeconfigPath() string { return l.data.file(kubeconfigFile) }

// kubeconfigFor renders a client configuration as a kubeconfig.
func kubeconfigFor(config *rest.Config, userName string) ([]byte, error) {
	out := clientcmdapi.NewConfig()
	out.Clusters[ContextName] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	out.AuthInfos[userName] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	out.Contexts[ContextName] = &clientcmdapi.Context{Cluster: ContextName, AuthInfo: userName}
	out.CurrentContext = ContextName
	data, err := clientcmd.Write(*out)
	if err != nil {
		return nil, fmt.Errorf("write the kubeconfig of %s: %w", userName, err)
	}
	return data, nil
}

// EtcdAccess issues a certificate under the given name, and returns it with what else
// a client of etcd needs.
func (l *Local) EtcdAccess(name string) (EtcdAccess, error) {
	pair, err := l.ca.issue(name)
	if err != nil {
		return EtcdAccess{}, err
	}
	ca, err := l.ca.certPEM()
	if err != nil {
		return EtcdAccess{}, err
	}
	return EtcdAccess{Endpoint: "https://" + hostPort(l.ports.etcd), CA: ca, Cert: pair.cert, Key: pair.key}, nil
}

// EtcdClientConfig returns the configuration of a client of etcd, with a client
// certificate of its own under the given name.
func (l *Local) EtcdClientConfig(name string) (clientv3.Config, error) {
	access, err := l.EtcdAccess(name)
	if err != nil {
		return clientv3.Config{}, err
	}
	return access.ClientConfig()
}

// EtcdMetricsURL returns the base of etcd's /metrics and /health.
func (l *Local) EtcdMetricsURL() string { return "http://" + hostPort(l.ports.etcdMetrics) }

// AuditLogPath returns the path of the audit log: JSON lines, rotated by
// renaming. It is empty if the audit log is off.
func (l *Local) AuditLogPath() string {
	if l.opts.AuditLevel == auditv1.LevelNone {
		return ""
	}
	return l.data.file(auditDir, auditLogFileName)
}
