#!/bin/sh
# Finish the root directory $1 of a test host: its logins, its services, and nothing that starts by the clock.
set -eu

login() { chroot "$1" useradd --create-home --password '*' --shell "$3" "$2"; }
login "$1" deploy /bin/bash
login "$1" bish /bin/bash
login "$1" zed /usr/bin/zsh
login "$1" dasher /bin/sh
login "$1" plain /bin/sh
: >"$1/home/zed/.zshrc" # or zsh greets a new user with questions

chroot "$1" systemctl enable app.service logger-app.service
chroot "$1" systemctl mask \
    apt-daily-upgrade.timer apt-daily.timer console-getty.service dpkg-db-backup.timer e2scrub_all.timer \
    fstrim.timer getty.target logrotate.timer systemd-firstboot.service systemd-resolved.service \
    systemd-timesyncd.service systemd-tmpfiles-clean.timer systemd-udevd.service

mkdir -p "$1/etc/app" "$1/srv/data" "$1/var/quarantine"
rm -f "$1"/etc/ssh/ssh_host_* "$1/var/cache/apt"/*.bin "$1/var/lib/apt/lists"/*_*
: >"$1/etc/machine-id" # each host makes its own
