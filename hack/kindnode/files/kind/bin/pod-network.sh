#!/bin/bash
# Connects the pods of this node, in place of kindnet, whose image would have to
# be pulled. The node's addresses for pods come from its podCIDR. Nodes share
# one network, so each answers ARP for its own pods (proxy_arp), and looks for
# all others there; kind's pod subnet is the /16 around each podCIDR.
set -o errexit -o nounset -o pipefail

cidr="$(kubectl --kubeconfig=/etc/kubernetes/kubelet.conf get node "$(hostname)" --output='jsonpath={.spec.podCIDR}')"
[[ -n ${cidr} ]]

# A pod that connects to a service before kube-proxy has its rules waits until
# that connection times out, for half a minute. So pods wait for the rules.
for _ in {1..60}; do
    ! iptables-nft --table=nat --list=KUBE-SERVICES --numeric 2>/dev/null | grep --quiet KUBE-SVC || break
    sleep 0.5
done

echo 1 >/proc/sys/net/ipv4/conf/eth0/proxy_arp
ip route replace "$(cut --delimiter=. --fields=1,2 <<<"${cidr}").0.0/16" dev eth0

mkdir -p /etc/cni/net.d
cat >/etc/cni/net.d/.pod-network <<EOF
{
  "cniVersion": "0.3.1",
  "name": "pod-network",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-ipam-state",
        "ranges": [[{"subnet": "${cidr}"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
EOF
mv /etc/cni/net.d/.pod-network /etc/cni/net.d/10-pod-network.conflist
