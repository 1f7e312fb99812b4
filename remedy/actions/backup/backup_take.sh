# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the files before this one set, and those after it use
# Takes a backup: built beside under a hidden name, read through, given its manifest, renamed.

# The counts of the manifest are of the very snapshot that is dumped. The dump comes on standard output, all else on the other.
backup_take_sql="
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \\gset
\\o |cat >&2
$backup_facts
\\o
\\setenv REMEDY_SNAPSHOT :snapshot
\\setenv REMEDY_OPTION :option
\\! pg_dump \"\$REMEDY_OPTION\" -w --lock-wait-timeout=60000 --snapshot=\"\$REMEDY_SNAPSHOT\" && pg_dump --version >&2
COMMIT;
"

# backup_ask DATABASE: set backup_here to the server's system identifier, backup_role, and backup_large to the database's size in
# bytes, or none.
backup_ask() {
	backup_said=$(backup_psql postgres -v name="$1" 2>&1 <<-'END'
		SELECT system_identifier, CASE WHEN pg_is_in_recovery() THEN 'replica' ELSE 'primary' END,
			coalesce((SELECT pg_database_size(oid)::text FROM pg_database WHERE datname = :'name'), 'none')
		FROM pg_control_system();
	END
	) || give_up "PostgreSQL does not answer: ${backup_said%%"$backup_nl"*}"
	IFS=$backup_tab read -r backup_here backup_role backup_large <<-END
		$backup_said
	END
}

# backup_room DATABASE: set backup_wanted to the bytes that a backup may need here, and backup_free to those there are.
# Of the last good one twice the size, else the database's own.
backup_room() {
	backup_wanted=$backup_large
	while read -r backup_line; do
		[ -n "$backup_line" ] || continue
		backup_split "$backup_line"
		[ "$backup_why,$backup_of,$backup_source" = "ok,$1,$backup_here" ] || continue
		backup_wanted=$((backup_size * 2))
		break
	done <<-END
		$backup_all
	END
	[ "$backup_wanted" != none ] || backup_wanted=0
	backup_wanted=$((backup_wanted + 1048576))
	backup_free=$(stat -f -c '%a %S' .) || give_up "the room here cannot be told"
	backup_free=$((${backup_free% *} * ${backup_free#* }))
}

# backup_take DATABASE FORMAT PREFIX KIND PREVIOUS: take a backup into the current directory; set backup_name to its file.
backup_take() {
	backup_part=.remedy-part-$3
	rm -f -- "$backup_part" "$backup_part.said" "$backup_part.manifest"
	backup_begun=$(date +%s)
	case $2 in custom) backup_end=dump backup_option=-Fc ;; *) backup_end=sql.gz backup_option=-Z6 ;; esac
	backup_name=$3_$(date -u -d "@$backup_begun" +%Y%m%dT%H%M%SZ).$backup_end
	[ ! -e "$backup_name" ] || give_up "there is a $backup_name already"
	if ! backup_psql "$1" -v option="$backup_option" >"$backup_part" 2>"$backup_part.said" <<-END; then
		$backup_take_sql
	END
		backup_take_fails "the dump failed"
	fi
	sync -- "$backup_part" 2>/dev/null || sync
	grep -q '^pg_dump (PostgreSQL)' "$backup_part.said" || backup_take_fails "pg_dump failed"
	backup_is_whole "$backup_part" "$2" || backup_take_fails "what was dumped is cut off"
	backup_manifest "$@" >"$backup_part.manifest" || backup_take_fails "its manifest cannot be written"
	sync -- "$backup_part.manifest" 2>/dev/null || sync
	mv -n -- "$backup_part.manifest" "$backup_name.manifest" && mv -n -- "$backup_part" "$backup_name" &&
		[ ! -e "$backup_part" ] || backup_take_fails "it cannot be given its name"
	sync -- . 2>/dev/null || sync
	rm -f -- "$backup_part.said"
}

# Leave nothing behind, and end with what was said.
backup_take_fails() {
	backup_said=$(grep -v '^\(table\|schema\|source\|server\|next\|bytes\|encoding\|collate\|ctype\) ' "$backup_part.said" | head -n 3)
	rm -f -- "$backup_part" "$backup_part.said" "$backup_part.manifest"
	give_up "$1; no backup was made: $backup_said"
}

# backup_manifest DATABASE FORMAT PREFIX KIND PREVIOUS: the manifest of what was dumped.
backup_manifest() {
	backup_sum=$(sha256sum <"$backup_part") && backup_length=$(stat -c %s -- "$backup_part") || return 1
	backup_counts=$(grep '^table ' "$backup_part.said" | sha256sum)
	printf 'remedy-backup 1\nfile %s\nsha256 %s\nsize %s\nformat %s\ndatabase %s\nkind %s\nprevious %s\n' \
		"$backup_name" "${backup_sum%% *}" "$backup_length" "$2" "$1" "$4" "${5:-none}"
	printf 'started %s\nfinished %s\ncounts %s\n' "$backup_begun" "$(date +%s)" "${backup_counts%% *}"
	awk '
		/^pg_dump \(PostgreSQL\) / { print "tool", $3; next }
		/^(source|server|next|bytes|encoding|collate|ctype|schema) [^ ]+$/ { print; next }
		/^table .* [0-9]+$/ { tables[++n] = $0; rows += $NF }
		END {
			printf "tables %d\nrows %d\n", n, rows
			for (i = 1; i <= n; i++) print tables[i]
			print "end"
		}' "$backup_part.said"
}
