# shellcheck shell=sh
# shellcheck disable=SC2016,SC2034,SC2154 # awk's own variables; what is set here is used in the files after it
# Backups of PostgreSQL as they lie in a directory, each with its manifest beside it (NAME.manifest), and what a manifest says.

backup_nl='
'
backup_tab='	'
backup_most=2000 # files of one directory that are looked at

# What is read of a database: where it is from, what it is made of, how many rows each table holds. The same statements make a
# manifest and compare with it. Only what a dump and a restore keep as it is: expressions are written anew by the server.
backup_facts="
SET search_path = pg_catalog;
SELECT 'source ' || system_identifier FROM pg_control_system();
SELECT 'server ' || current_setting('server_version_num');
SELECT 'next ' || pg_snapshot_xmax(pg_current_snapshot());
SELECT 'bytes ' || pg_database_size(current_database());
SELECT 'encoding ' || pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database();
SELECT 'collate ' || datcollate FROM pg_database WHERE datname = current_database();
SELECT 'ctype ' || datctype FROM pg_database WHERE datname = current_database();
WITH ours AS (
	SELECT c.oid, c.relkind, c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
), lines AS (
	SELECT format('%s %s', relkind, name) AS line FROM ours
	UNION ALL SELECT format('column %s %s %s %s %s', o.name, a.attname, format_type(a.atttypid, a.atttypmod),
		a.attnotnull, a.atthasdef) FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid
		WHERE o.relkind <> 'S' AND a.attnum > 0 AND NOT a.attisdropped
	UNION ALL SELECT format('constraint %s %s %s', o.name, k.conname, k.contype)
		FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid
	UNION ALL SELECT format('index %s %s %s %s', o.name, i.indexrelid::regclass, i.indisunique, i.indnatts)
		FROM ours o JOIN pg_index i ON i.indrelid = o.oid WHERE i.indisvalid
	UNION ALL SELECT format('trigger %s %s %s', o.name, t.tgname, t.tgenabled)
		FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid WHERE NOT t.tgisinternal
	UNION ALL SELECT format('function %s %s', p.oid::regprocedure, md5(p.prosrc))
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
		AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
	UNION ALL SELECT format('extension %s', extname) FROM pg_extension
)
SELECT 'schema ' || md5(coalesce(string_agg(line, chr(10) ORDER BY line COLLATE \"C\"), '')) FROM lines;
SELECT format('SELECT %L || count(*) FROM %s',
	'table ' || replace(replace(c.oid::regclass::text, chr(92), chr(92) || chr(92)), chr(10), chr(92) || 'n') || ' ',
	c.oid::regclass)
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
	ORDER BY c.oid::regclass::text COLLATE \"C\" LIMIT 1000 \\gexec
"

# Reads records of stat (PATH SIZE DEVICE:INODE MTIME LINKS), then manifests. A line for each file, to be sorted:
#   AT NAME WHY SIZE ID FORMAT SHA256 DATABASE SOURCE SERVER STARTED KIND TABLES ROWS SCHEMA COUNTS NEXT BYTES ENCODING COLLATE CTYPE
# AT is when it was finished, by its manifest; the file's own time where it has none. WHY is ok, or what is wrong.
backup_awk='
function flush(   key, why, k, wanted) {
	if (of == "") return
	n = split("file sha256 size format database source server tool started finished kind tables rows schema counts next bytes encoding collate ctype", wanted, " ")
	why = broken
	for (k = 1; k <= n && why == ""; k++) if (!(wanted[k] in m)) why = "manifest-broken"
	if (why == "" && !ended) why = "manifest-cut"
	if (why == "" && (m["size"] m["started"] m["finished"] m["tables"] m["rows"] m["server"] m["bytes"] !~ /^[0-9]+$/ ||
		m["sha256"] !~ /^[0-9a-f]+$/ || length(m["sha256"]) != 64 || m["finished"] < m["started"] ||
		m["format"] !~ /^(custom|plain)$/ || m["tables"] != counted || m["rows"] != summed)) why = "manifest-broken"
	if (why == "" && m["file"] != of) why = "manifest-of-another"
	if (why == "" && m["finished"] > now + 120) why = "from-the-future"
	if (why == "" && size[of] == 0) why = "no-bytes"
	if (why == "" && m["size"] != size[of]) why = "size-differs"
	row(of, why)
	split("", m)
	of = ""
}
function row(name, why,   line, k) {
	line = (("finished" in m) && m["finished"] ~ /^[0-9]+$/ ? m["finished"] : time[name]) " " name " " (why == "" ? "ok" : why) \
		" " size[name] " " id[name]
	for (k = 1; k <= words; k++) line = line " " (m[word[k]] ~ /^[^ ]+$/ ? m[word[k]] : "-")
	print line
	told[name] = 1
}
BEGIN {
	words = split("format sha256 database source server started kind tables rows schema counts next bytes encoding collate ctype", word, " ")
}
NR == FNR {
	name = substr($1, 3)
	size[name] = $2; id[name] = $3; time[name] = $4
	next
}
FNR == 1 {
	flush()
	of = FILENAME
	sub(/^\.\//, "", of)
	sub(/\.manifest$/, "", of)
	broken = $0 == "remedy-backup 1" ? "" : "manifest-broken"
	ended = counted = summed = 0
	next
}
ended { broken = "manifest-broken" }
$0 == "end" { ended = 1; next }
$1 == "table" { counted++; summed += $NF; next }
NF != 2 || ($1 in m) { broken = "manifest-broken"; next }
{ m[$1] = $2 }
END {
	flush()
	for (name in size) if (!(name in told)) { split("", m); row(name, "no-manifest") }
}
'

# Enter DIR, by its real path.
backup_enter() {
	[ -d "$1" ] || lacks "$1 is not a directory"
	cd -P -- "$1" 2>/dev/null || lacks "$1 cannot be entered"
	[ "$PWD" = "$1" ] || lacks "$1 is reached through a symbolic link; name $(escape "$PWD") instead"
	[ -r . ] || lacks "$1 cannot be read"
	backup_dir=$1
	backup_dir_id=$(stat -c '%d:%i' .) || give_up "$1 vanished"
}

# backup_list MATCH: set backup_all to the lines of backup_awk for the files here whose name matches, newest first, and
# backup_links to NAME TARGET of the symbolic links among them: TARGET is `dangling`, or what they point to.
backup_list() {
	backup_match=$1 backup_links='' backup_odd=0 backup_count=0 backup_all=''
	set --
	for backup_file in *; do
		# shellcheck disable=SC2254 # it is a pattern
		case $backup_file in $backup_match) ;; *) continue ;; esac
		case $backup_file in *.manifest | *.tested) continue ;; esac
		case $backup_file in
		*[!A-Za-z0-9._-]* | -*) [ ! -e "./$backup_file" ] || backup_odd=$((backup_odd + 1)) ;;
		*)
			if [ -h "$backup_file" ]; then
				backup_follow "$backup_file"
			elif [ -f "$backup_file" ]; then
				backup_count=$((backup_count + 1))
				[ "$backup_count" -le "$backup_most" ] || lacks "more than $backup_most files match here"
				set -- "$@" "./$backup_file"
			fi
			;;
		esac
	done
	[ $# -gt 0 ] || return 0
	backup_stats=$(stat -c '%n %s %d:%i %Y %h' -- "$@" 2>/dev/null)
	for backup_file; do
		shift
		[ ! -f "$backup_file.manifest" ] || [ -h "$backup_file.manifest" ] || [ ! -s "$backup_file.manifest" ] ||
			set -- "$@" "$backup_file.manifest"
	done
	backup_all=$(printf '%s\n' "$backup_stats" | awk -v now="$now" "$backup_awk" - "$@" | sort -k1,1nr -k2,2r) ||
		give_up "the manifests cannot be read"
}

# A link: where it leads, a file of this very directory or nothing that is taken.
backup_follow() {
	backup_target=$(readlink -f -- "$1" 2>/dev/null)
	case ${backup_target:-none} in
	"$PWD"/*) [ -f "$backup_target" ] && backup_target=${backup_target#"$PWD"/} || backup_target=dangling ;;
	*) if [ -e "$1" ]; then backup_target=outside; else backup_target=dangling; fi ;;
	esac
	case $backup_target in */*) backup_target=outside ;; *[!A-Za-z0-9._-]*) backup_target=outside ;; esac
	backup_links="$backup_links$1 $backup_target$backup_nl"
}

# backup_split LINE: set backup_at_s, backup_file, backup_why and what else a line of backup_awk says.
backup_split() {
	# shellcheck disable=SC2086 # words
	set -- $1
	backup_at_s=$1 backup_file=$2 backup_why=$3 backup_size=$4 backup_id=$5 backup_format=$6 backup_sha=$7 backup_of=$8
	shift 8
	backup_source=$1 backup_server=$2 backup_started=$3 backup_kind=$4 backup_tables=$5 backup_rows=$6 backup_schema=$7
	shift 7
	backup_counts=$1 backup_next=$2 backup_bytes=$3 backup_encoding=$4 backup_collate=$5 backup_ctype=$6
}

# backup_read_through: of the backup that was split, read every byte: set backup_why to what is wrong with it, if anything is.
backup_read_through() {
	[ "$backup_why" = ok ] || return 0
	backup_sum=$(sha256sum <"$backup_file") || give_up "$backup_file cannot be read"
	if [ "${backup_sum%% *}" != "$backup_sha" ]; then
		backup_why=bytes-differ
	elif ! backup_counts_agree "$backup_file"; then
		backup_why=manifest-broken
	elif ! backup_is_whole "$backup_file" "$backup_format"; then
		backup_why=cut-off
	else
		backup_tested "$backup_file" "$backup_sha"
		[ "$backup_result" != differs ] || backup_why=test-failed
	fi
}

# Are the manifest's rows those that it has the digest of?
backup_counts_agree() {
	backup_sum=$(grep '^table ' "$1.manifest" | sha256sum)
	[ "${backup_sum%% *}" = "$backup_counts" ]
}

# backup_is_whole FILE FORMAT: can it be unpacked, up to the line that ends every dump?
backup_is_whole() {
	case $({ backup_unpacked "$1" "$2" || echo "-- cut off"; } | tail -n 12) in
	*"-- cut off") return 1 ;;
	*"-- PostgreSQL database dump complete"*) return 0 ;;
	esac
	return 1
}

# The dump as text.
backup_unpacked() {
	case $2 in
	custom) backup_at pg_restore -f - <"$1" 2>/dev/null ;;
	plain) gzip -dc <"$1" 2>/dev/null ;;
	esac
}

# backup_tested NAME SHA256: set backup_tested_at and backup_result of the last restore of these very bytes; 0 and none for never.
backup_tested() {
	backup_tested_at=0 backup_result=none
	[ -f "$1.tested" ] && [ ! -h "$1.tested" ] || return 0
	backup_said=$(head -c 400 -- "$1.tested")
	case $backup_said in
	"remedy-test 1${backup_nl}sha256 $2${backup_nl}at "[0-9]*"${backup_nl}result "*"${backup_nl}end") ;;
	*) return 0 ;;
	esac
	backup_said=${backup_said#*"${backup_nl}at "}
	backup_tested_at=${backup_said%%"$backup_nl"*}
	backup_result=${backup_said#*"${backup_nl}result "}
	backup_result=${backup_result%%"$backup_nl"*}
	case $backup_tested_at in *[!0-9]* | ?????????????*) backup_tested_at=0 backup_result=none ;; esac
}
