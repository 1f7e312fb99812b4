#!/bin/sh
# The far side of tests/lab/sshd.py: make the directories of a host of its own, inside a mount namespace of its own, and
# hold them until stdin ends. Nothing of the machine is mounted into a temporary tree: the host's directories are tmpfs that
# end with the namespace, and the machine's own file system is read-only here.
# $1 the host's name; $2 "" or the program that stands as /bin/sh.
set -eu

for directory in /home /root /run /srv /tmp /var/tmp; do
    mount -t tmpfs -o mode=755,size=256m tmpfs "$directory"
done
chmod 1777 /tmp /var/tmp
chmod 700 /root
mkdir -p /srv/data /srv/quarantine /run/lab/bin /run/lock /run/sshd /run/user
chmod 1777 /run/lock
mount -t tmpfs -o mode=755,size=64m tmpfs /srv/data
mount -t tmpfs -o mode=700,size=128m tmpfs /srv/quarantine
hostname "$1"

echo mounted
read -r _ # the files of the host are written now

od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >/run/lab/etc/machine-id
echo >>/run/lab/etc/machine-id
for name in passwd group shadow sudoers hosts machine-id; do
    [ ! -e "/etc/$name" ] || # a file of this host, over the machine's, in this namespace
        mount --bind "/run/lab/etc/$name" "/etc/$name"
done
if [ -n "$2" ]; then
    ln -s "$2" /run/lab/bin/sh
    mount -t overlay -o lowerdir=/run/lab/bin:/usr/bin overlay /usr/bin
fi
while IFS=: read -r name _ uid gid _ home _; do
    case $home in
    /home/*) mkdir -m 755 "$home" && chown "$uid:$gid" "$home" && mkdir -m 700 "/run/user/$uid" && chown "$uid:$gid" "/run/user/$uid" ;;
    esac
done </run/lab/etc/passwd
mount -o remount,bind,ro /


start() {
    # shellcheck disable=SC2094 # sshd and this shell both only add to it
    unshare --pid --fork --kill-child=KILL --mount-proc -- "$sshd" -D -f /run/lab/sshd_config -E /run/lab/sshd.log 2>>/run/lab/sshd.log &
    child=$!
}

stop() {
    [ -n "$child" ] || return 0
    # The namespace's first process ends only after all others in it have, and unshare after that one.
    first=
    read -r first _ <"/proc/$child/task/$child/children" 2>/dev/null || :
    kill -KILL "${first:-$child}" 2>/dev/null || :
    wait "$child" 2>/dev/null || :
    child=
}

sshd=$(PATH=$PATH:/usr/sbin command -v sshd)
child=
echo ready
while read -r word; do
    case $word in
    start) start && echo "started $child" ;;
    stop) stop && echo stopped ;;
    esac
done
stop
