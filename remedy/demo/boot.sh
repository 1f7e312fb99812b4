# shellcheck shell=sh
# Become the demo's host: in namespaces of our own, give it a small disk, a quarantine, its own user and
# its own /run, then run the SSH server ("$@") as that user. Nothing of it is seen outside, or outlives us.
set -eu
outside=$1 directory=$2 place=$3 uid=$4 way=$5 server=$6
shift 6

here=$(readlink /proc/self/ns/mnt)
if [ "$here" = "$outside" ]; then # nothing is ever mounted where the machine would see it
	echo "this is the machine itself" >&2
	exit 1
fi
umask 022 # whatever the caller's is: the host's user must read its own machine
chmod 711 "$directory"
chmod 644 "$directory"/etc/*
hostname demo 2>/dev/null || :
mkdir -p "$place"
mount -t tmpfs -o mode=755,size=4m tmpfs "$place"
cp -R "$directory/host" "$place/host"
mkdir "$place/disk" "$place/quarantine" "$place/home"
mount -t tmpfs -o mode=755,size=64m tmpfs "$place/disk"
mount -t tmpfs -o mode=700,size=128m tmpfs "$place/quarantine"
for file in passwd group; do # our two files, in front of the machine's own
	mount --bind "$directory/etc/$file" "/etc/$file"
done
mount -t tmpfs -o mode=755,size=4m tmpfs /run
mkdir -p "/run/user/$uid" /run/lock
chmod 700 "/run/user/$uid"
cd /
if [ "$way" = user ]; then # root by a mapping alone: the host's user is the same one under a number that is not root's
	exec unshare --user "--map-user=$uid" "--map-group=$uid" -- sh "$place/host/live.sh" "$place/disk" "$@"
fi
chown -R "$uid:$uid" "$place/host" "$place/disk" "$place/quarantine" "$place/home" "/run/user/$uid"
as_user() {
	setpriv "--reuid=$uid" "--regid=$uid" --clear-groups --no-new-privs -- "$@"
}
[ "$server" = library ] || set -- as_user "$@" # a library may lie where only root can read; its commands get the user
as_user sh "$place/host/live.sh" "$place/disk" &
until [ -e "$place/disk/log/app.log" ]; do sleep 0.01; done
"$@" &
wait # and not exec: who changes its user loses the signal that it is to get when its parent dies (prctl(2))
