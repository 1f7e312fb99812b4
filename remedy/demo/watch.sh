# shellcheck shell=sh
# Run the host ("$@", after the directory $1) for as long as the pipe on our stdin is open, however its other end
# ends; then kill all of the host and remove the directory. Our stdout is open for as long as the host lives.
directory=$1
shift
setpriv --pdeathsig KILL -- "$@" 3>&1 >&2 </dev/null & # and should we be killed, it is too
host=$!
exec >&2
trap : INT TERM HUP
read -r _
if [ -e "/proc/$host/ns/mnt" ] && ! [ "/proc/$host/ns/mnt" -ef /proc/self/ns/mnt ]; then
	exec 4<"/proc/$host/ns/mnt" # the host's own view of the file systems: who has it belongs to the host
	kill -KILL "$host"
	for process in /proc/[0-9]*; do
		! [ "$process/ns/mnt" -ef /proc/self/fd/4 ] || kill -KILL "${process#/proc/}"
	done
fi
kill -TERM 0 # the rest of our group; we have trapped it
wait
rm -rf --one-file-system -- "$directory"
