# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # pg_state is set in pg_reach.sh, and PGDATABASE exported there
# Programs of PostgreSQL where the server is that backups are of. Read after pg_reach.sh, which says where that is.

# backup_reach PLACE...: the server is meant that these seven arguments name.
backup_reach() {
	need_large_numbers
	need stat awk sha256sum sort mv rm date readlink
	pg_place "$@"
	pg_reads 120
	[ -z "$pg_state" ] || pg_stop
}

# backup_at PROGRAM ARG...: run it there; standard input and output are its own. The server's account may not enter where we are.
backup_at() {
	(cd / && pg_run "$@")
}

# backup_psql DATABASE ARG...: statements on standard input; rows unaligned, a tab between fields. Ends at the first error.
backup_psql() {
	PGDATABASE=$1
	shift
	backup_at psql -X -q -A -t -w -F '	' -v ON_ERROR_STOP=1 -v VERBOSITY=terse "$@"
}
