# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the files before this one set, and those after it use
# A backup restored into a database of its own, beside all others, and compared there with its manifest. Names that end in
# _remedy_scratch are taken for such databases.

# backup_scratch_drop SCRATCH: whoever is in it.
backup_scratch_drop() {
	backup_psql postgres -v name="$1" <<-'END' || give_up "the scratch database cannot be dropped"
		SET client_min_messages = warning;
		SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', :'name') \gexec
	END
}

# backup_scratch_room BYTES: is there room beside the databases for one more of this size?
backup_scratch_room() {
	backup_place=$(echo 'SHOW data_directory' | backup_psql postgres) || give_up "PostgreSQL does not answer"
	backup_place_free=$(backup_at df -Pk -- "$backup_place" 2>/dev/null | awk 'NR == 2 { print $4 }')
	case ${backup_place_free:-x} in *[!0-9]*) give_up "the room at $backup_place cannot be told" ;; esac
	backup_place_free=$((backup_place_free * 1024))
	[ "$backup_place_free" -gt $(($1 + $1 / 8 + 33554432)) ] # an eighth, and two segments of the log
}

# backup_scratch_fill SCRATCH: restore the backup that was split, in one transaction. Its bytes are read by the very file that was
# summed: it is opened once.
backup_scratch_fill() {
	backup_scratch_drop "$1"
	exec 4<"$backup_file" || give_up "$backup_file cannot be read"
	backup_sum=$(sha256sum </proc/self/fd/4)
	[ "${backup_sum%% *}" = "$backup_sha" ] || give_up "$backup_file is another now"
	backup_psql postgres -v name="$1" -v encoding="$backup_encoding" -v collate="$backup_collate" -v ctype="$backup_ctype" \
		<<-'END' || give_up "the scratch database cannot be made"
			SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
				:'name', :'encoding', :'collate', :'ctype') \gexec
		END
	case $backup_format in
	custom)
		backup_at pg_restore -w -d "$1" --exit-on-error --single-transaction \
			</proc/self/fd/4 >&2
		;;
	plain) gzip -dc </proc/self/fd/4 | backup_psql "$1" --single-transaction -o /dev/null >&2 ;;
	esac || {
		backup_scratch_drop "$1"
		give_up "$backup_file cannot be restored; the scratch database is dropped"
	}
	exec 4<&-
	printf 'ANALYZE;\n' | backup_psql "$1" || :
}

# backup_scratch_compare SCRATCH: is what was restored what the manifest tells? Sets backup_unlike to what is not.
backup_scratch_compare() {
	backup_unlike=''
	backup_now=$(printf '%s\n' "$backup_facts" | backup_psql "$1") || {
		backup_unlike="it cannot be read"
		return 1
	}
	backup_unlike=$(printf '%s\n' "$backup_now" | awk '
		NR == FNR { if ($1 == "table") { n = $NF; sub(/ [0-9]+$/, ""); had[$0] = n } if ($1 == "schema") schema = $2; next }
		$1 == "schema" && $2 != schema { unlike("its schema differs") }
		$1 == "table" { n = $NF; sub(/ [0-9]+$/, ""); if (had[$0] != n || !($0 in had)) unlike(substr($0, 7) " has " (n + 0) " rows, not " (had[$0] + 0)); delete had[$0] }
		function unlike(what) { if (count++ < 3) said = said (said == "" ? "" : "; ") what }
		END { for (t in had) unlike(substr(t, 7) " is not there"); print said }' "$backup_file.manifest" -)
	[ -z "$backup_unlike" ]
}

# backup_remember RESULT: write beside the backup what its restore came to.
backup_remember() {
	if ! {
		printf 'remedy-test 1\nsha256 %s\nat %s\nresult %s\nend\n' "$backup_sha" "$(date +%s)" "$1" >.remedy-part-tested &&
			mv -f -- .remedy-part-tested "$backup_file.tested"
	}; then give_up "the result cannot be written beside $backup_file"; fi
}

# backup_scratch_ends PLACE... DATABASE: no scratch database is left, however what made it ended.
backup_scratch_ends() {
	backup_reach "$@"
	shift 7
	pg_writes 60
	backup_scratch_drop "${1}_remedy_scratch"
}
