#!/bin/sh
# Finish the root directory $1 of a test host with an engine: who may use it, and the root directory of the shop's services.
set -eu

chroot "$1" usermod --append --groups docker deploy
chroot "$1" systemctl enable docker.service containerd.service
rm -f "$1/usr/bin/dnet" "$1/usr/sbin/ovrouter" "$1/usr/bin/ctr" "$1/usr/bin/containerd-shim" "$1/usr/bin/containerd-shim-runc-v1"

service=$1/usr/local/lib/lab/service
mkdir -p "$service/tmp" "$service/etc"
cp "$1/bin/busybox" "$service/bin/busybox"
for name in cat echo httpd kill ls mkdir rm sh sleep touch wget; do ln -s busybox "$service/bin/$name"; done
