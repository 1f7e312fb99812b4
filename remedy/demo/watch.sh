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
kill -KILL "$host"
kill -TERM 0 # the rest of our group; we have trapped it
wait
rm -rf --one-file-system -- "$directory"
