# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the files before this one set
# Puts a backup in the place of a database: restored beside, compared with its manifest, swapped in by two renames that are one
# transaction. The database that was there is kept under another name.

# backup_restore_look PLACE... DIR MATCH DATABASE PLANNED NAMED SOURCE SHARE
#   PLANNED is now, as it was when the plan was made. NAMED is a file there, or "" for the newest good one. SOURCE is a system
#   identifier that a backup may have beside the server's own. SHARE is how many of a hundred rows may be missing.
# Ground: the directory, the server, the database and the backup that it was restored from, the backup and what is wrong with it,
# whether the database passes for what the manifest tells, whether there is room.
backup_restore_look() {
	backup_reach "$@"
	shift 7
	backup_enter "$1"
	backup_ask "$3"
	backup_live "$3"
	backup_links='' backup_odd=0 backup_all=''
	backup_passed='' backup_file=none backup_why=not-there backup_fields=''
	if [ -n "$5" ]; then backup_named "$5"; else
		backup_list "$2"
		backup_choose "$3" "$6"
	fi
	backup_passes=no backup_damage=''
	[ "$backup_why" != ok ] || [ "$backup_live_oid" = none ] || backup_compare_live "$3" "$7"
	printf 'planned %s\ndir %s\nserver %s %s %s\nlive %s %s\n' "$4" "$backup_dir_id" "$backup_here" "$backup_role" \
		"$backup_version" "$backup_live_oid" "$backup_marker"
	printf 'backup %s %s %s\npasses %s\nroom %s\n--\n' "$backup_file" "$backup_why" "$backup_fields" "$backup_passes" \
		"$(backup_restore_room "$3")"
	[ -z "$backup_damage" ] || printf 'damage %s\n' "$backup_damage"
	printf '%s%s' "$backup_passed" "$backup_kept"
	printf 'sessions %s\nnext %s\n' "$backup_sessions" "$backup_live_next"
	backup_rows "$3"
}

# backup_live DATABASE: set backup_live_oid, backup_marker, backup_sessions, backup_live_next, backup_version, and backup_kept to what
# former restores have kept.
backup_live() {
	backup_said=$(backup_psql postgres -v name="$1" <<-'END'
		SELECT coalesce(max(d.oid::text), 'none'),
			coalesce(max(substring(shobj_description(d.oid, 'pg_database') FROM '^remedy: [^ ]+ ([0-9a-f]{64})$')), 'none'),
			(SELECT count(*) FROM pg_stat_activity a JOIN pg_database b ON a.datid = b.oid WHERE b.datname = :'name'),
			CASE WHEN pg_is_in_recovery() THEN '0' ELSE pg_snapshot_xmax(pg_current_snapshot())::text END,
			current_setting('server_version_num')
		FROM pg_database d WHERE d.datname = :'name';
		SELECT 'kept ' || datname || ' ' || pg_database_size(oid) FROM pg_database
		WHERE datname ~ ('^' || regexp_replace(:'name', '([.-])', '\\\1', 'g') || '_(before|undone)_[0-9]{8}T[0-9]{6}$')
		ORDER BY 1;
	END
	) || give_up "PostgreSQL does not answer"
	IFS=$backup_tab read -r backup_live_oid backup_marker backup_sessions backup_live_next backup_version <<-END
		$backup_said
	END
	case $backup_said in
	*"$backup_nl"*) backup_kept=${backup_said#*"$backup_nl"}$backup_nl ;;
	*) backup_kept='' ;;
	esac
}

# backup_named NAME: the one that was asked for; of a link what it leads to.
backup_named() {
	backup_file=$1
	if [ -h "$1" ]; then
		backup_follow "$1"
		backup_why=${backup_links#* }
		backup_why=${backup_why%"$backup_nl"}
		case $backup_why in dangling | outside) return ;; esac
		backup_file=$backup_why
	fi
	backup_why=not-there
	[ -f "$backup_file" ] || return 0
	backup_list "$backup_file"
	backup_split "$backup_all"
	backup_read_through
	backup_tell
}

# backup_choose DATABASE SOURCE: the newest that is good to its last byte; the newest of all where none is.
backup_choose() {
	backup_first='' backup_tries=0
	while read -r backup_line; do
		[ -n "$backup_line" ] || continue
		backup_split "$backup_line"
		case $backup_of,$backup_source,$backup_kind in
		"$1","$backup_here",backup | "$1","${2:-none}",backup | -,-,-) ;;
		*) continue ;;
		esac
		[ "$backup_tries" -lt 20 ] || break
		backup_tries=$((backup_tries + 1))
		backup_read_through </dev/null
		if [ "$backup_why" = ok ]; then
			backup_tell
			return
		fi
		[ -n "$backup_first" ] || backup_first=$backup_line
		backup_passed="${backup_passed}passed $backup_file $backup_why$backup_nl"
	done <<-END
		$backup_all
	END
	if [ -z "$backup_first" ]; then
		backup_file=none backup_why=not-there
	else
		backup_split "$backup_first"
		backup_read_through </dev/null
		backup_tell
	fi
}

# What the plan rests on, beside the name and what is wrong.
backup_tell() {
	backup_fields="$backup_sha $backup_started $backup_format $backup_of $backup_source $backup_server $backup_kind $backup_tables"
	backup_fields="$backup_fields $backup_rows $backup_schema $backup_counts $backup_next $backup_bytes"
}

# backup_compare_live DATABASE SHARE: does each table of the manifest have its rows, but for a share of them? Set backup_passes.
backup_compare_live() {
	backup_damage="it cannot be read"
	backup_now=$(printf '%s\n' "$backup_facts" | backup_psql "$1" 2>/dev/null) || return 0
	backup_damage=$(printf '%s\n' "$backup_now" | awk -v share="$2" '
		NR == FNR { if ($1 == "table") { n = $NF; sub(/ [0-9]+$/, ""); wanted[$0] = n }; next }
		$1 == "table" { n = $NF; sub(/ [0-9]+$/, ""); has[$0] = n }
		END {
			for (t in wanted) {
				if (!(t in has)) say(substr(t, 7) " is not there")
				else if (has[t] * 100 < wanted[t] * (100 - share)) say(substr(t, 7) " has " has[t] " rows of " wanted[t])
			}
			print said (count > 5 ? "; and more" : "")
		}
		function say(what) { if (count++ < 5) said = said (said == "" ? "" : "; ") what }' "$backup_file.manifest" -)
	[ -n "$backup_damage" ] || backup_passes=yes
}

# backup_restore_room DATABASE: yes, beside (none for another database), or here (none for the safety copy).
backup_restore_room() {
	if [ "$backup_why" != ok ]; then
		echo yes
	elif ! backup_scratch_room "$backup_bytes"; then
		echo beside
	elif [ "$backup_live_oid" = none ]; then
		echo yes
	else
		backup_keep_room || {
			echo here
			return
		}
		echo yes
	fi
}

# Is there room here for a dump of the live database? Half of its size: a dump is packed, and has no indexes.
backup_keep_room() {
	backup_free=$(stat -f -c '%a %S' .) || give_up "the room here cannot be told"
	[ $((${backup_free% *} * ${backup_free#* })) -gt $((backup_large / 2 + 1048576)) ] && [ -w . ]
}

# backup_restore_keep PLACE... DIR DIR_ID DATABASE LIVE_OID PLANNED: a safety copy of the database as it is.
backup_restore_keep() {
	backup_begin "$@"
	shift 7
	backup_list "$3-before-restore_*"
	backup_ask "$3"
	backup_live "$3"
	[ "$backup_live_oid" = "$4" ] || give_up "the database is another one now; nothing was done"
	backup_split "${backup_all:-0 none none 0 0 - - - - - 0 - - - - - - - - - -}"
	if [ "$backup_why,$backup_kind" = ok,safety ] && [ "$backup_started" -ge "$5" ]; then
		echo "$backup_file"
		return
	fi
	backup_keep_room || give_up "there is no room for a safety copy; nothing was done"
	backup_take "$3" custom "$3-before-restore" safety none
	echo "$backup_name"
}

# backup_restore_fill PLACE... DIR DIR_ID DATABASE NAME SHA256: restore it beside and compare it with its manifest.
# Only then it is marked with what it is of, and given what the database has that no dump holds: owner, settings, rights.
backup_restore_fill() {
	backup_begin "$@"
	shift 7
	backup_list "$4"
	backup_split "$backup_all"
	[ "$backup_why,$backup_sha" = "ok,$5" ] || give_up "$4 is another now, or is not good any more; nothing was done"
	backup_scratch_room "$backup_bytes" || give_up "there is no room to restore it beside; nothing was done"
	backup_scratch_fill "${3}_remedy_scratch"
	if ! backup_scratch_compare "${3}_remedy_scratch"; then
		backup_scratch_drop "${3}_remedy_scratch"
		backup_remember differs
		give_up "restored beside, it is not what its manifest tells, and was dropped: $backup_unlike"
	fi
	backup_remember equal
	backup_psql postgres -v name="$3" -v scratch="${3}_remedy_scratch" -v said="remedy: $4 $5" <<-END >&2 || give_up "it cannot be marked"
		$backup_dress_sql
	END
	echo "restored beside, and equal"
}

backup_dress_sql="
SELECT set_config('remedy.name', :'name', false) AS a, set_config('remedy.scratch', :'scratch', false) AS b,
	set_config('remedy.said', :'said', false) AS c \\gset
DO \$\$
DECLARE
	scratch text := current_setting('remedy.scratch');
	made oid := (SELECT oid FROM pg_database WHERE datname = scratch);
	live pg_database;
	one record;
BEGIN
	SELECT * INTO live FROM pg_database WHERE datname = current_setting('remedy.name');
	IF live.oid IS NOT NULL THEN
		EXECUTE format('ALTER DATABASE %I OWNER TO %I', scratch, pg_get_userbyid(live.datdba));
		EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT %s', scratch, live.datconnlimit);
		DELETE FROM pg_db_role_setting WHERE setdatabase = made;
		INSERT INTO pg_db_role_setting
			SELECT made, setrole, setconfig FROM pg_db_role_setting WHERE setdatabase = live.oid;
		IF live.datacl IS NOT NULL THEN
			EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', scratch);
			FOR one IN SELECT * FROM aclexplode(live.datacl) WHERE grantee <> live.datdba LOOP
				EXECUTE format('GRANT %s ON DATABASE %I TO %s%s', one.privilege_type, scratch,
					CASE one.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(one.grantee)) END,
					CASE WHEN one.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
			END LOOP;
		END IF;
	END IF;
	EXECUTE format('COMMENT ON DATABASE %I IS %L', scratch, current_setting('remedy.said'));
END \$\$;
"

# backup_restore_ends PLACE... DATABASE: no scratch database is left, however the restore ended.
backup_restore_ends() { backup_scratch_ends "$@"; }
