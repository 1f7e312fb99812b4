# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # engine_said and service_* are set in files before this one; what is set here is used after it
# The PostgreSQL server that backups are of: in the container of a Compose service, or on the host itself.

# backup_reach PROJECT SERVICE USER PORT: where backup_at runs things. Without a project it is the host itself.
backup_reach() {
	need_large_numbers
	need stat awk sha256sum sort mv rm date
	backup_user=$3 backup_port=$4 backup_container=''
	if [ -n "$1" ]; then
		service_container "$1" "$2"
		[ "$service_state" = running ] || give_up "no container of $1/$2 runs"
		backup_container=$service_id
	elif [ "$(id -u)" = 0 ]; then
		need psql runuser
	else
		need psql
	fi
}

# backup_at PROGRAM ARG...: run a program where the server is, as its owner; standard input and output are the program's.
backup_at() {
	if [ -n "$backup_container" ]; then
		docker exec -i -u postgres -e LC_ALL=C "$backup_container" "$@"
	elif [ "$(id -u)" = 0 ]; then
		(cd / && exec runuser -u postgres -- "$@") # it may not enter where we are
	else
		"$@"
	fi
}

# backup_psql DATABASE ARG...: statements on standard input; unaligned rows, a tab between fields. Ends at the first error.
backup_psql() {
	backup_in=$1
	shift
	backup_at psql -X -q -A -t -F '	' -v ON_ERROR_STOP=1 -v VERBOSITY=terse -w -U "$backup_user" -p "$backup_port" \
		-d "$backup_in" "$@"
}
