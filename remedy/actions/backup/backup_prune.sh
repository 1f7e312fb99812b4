# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the files before this one set
# Old backups of a database: which may go. Good ones are counted first, newest first, each read to its last byte; only what is older
# than enough of them may go. Read after files.sh, files_take.sh and files_back.sh, which take them away and bring them back.

# backup_prune_look PLACE... DIR MATCH DATABASE CUTOFF LATEST KEEP QUARANTINE
# Ground: the directory, whether the newest good backup is younger than LATEST, the KEEP newest good ones, and as items the files of what
# is older than those and than CUTOFF: the dump, its manifest, its test.
backup_prune_look() {
	backup_reach "$@"
	shift 7
	need find
	[ -r /proc/self/fd ] || lacks "/proc is not mounted"
	backup_enter "$1"
	backup_list "$2"
	backup_ask "$3"
	files_root_id=$backup_dir_id
	files_held=$(files_held_on "${files_root_id%:*}")
	printf 'cutoff %s\ndir %s\n' "$4" "$backup_dir_id"
	files_database_above "$1"
	backup_good=0 backup_bytes_all=0 backup_newest=none backup_recent=no backup_left='' backup_items=''
	while read -r backup_line; do
		[ -n "$backup_line" ] || continue
		backup_split "$backup_line"
		backup_prune_one "$3" "$4" "$5" "$6" </dev/null
	done <<-END
		$backup_all
	END
	backup_prune_rest "$3" "$4"
	printf 'newest %s\nrecent %s\n' "$backup_newest" "$backup_recent"
	files_quarantine_state "$7" "$backup_bytes_all"
	printf '%s--\ngood %s\n%s' "$backup_items" "$backup_good" "$backup_left"
	backup_rows "$3"
}

# backup_prune_one DATABASE CUTOFF LATEST KEEP: the backup that was split: kept, listed, or left alone.
backup_prune_one() {
	if [ "$backup_good" -lt "$4" ]; then
		[ "$backup_of,$backup_source,$backup_kind" = "$1,$backup_here,backup" ] || return 0
		backup_read_through
		[ "$backup_why" = ok ] || return 0
		if [ "$backup_good" = 0 ]; then
			backup_newest=$backup_file
			[ "$backup_at_s" -lt "$3" ] || backup_recent=yes
		fi
		backup_good=$((backup_good + 1))
		printf 'keep:%s %s\n' "$backup_file" "$backup_sha"
		return
	fi
	[ "$backup_at_s" -lt "$2" ] || return 0
	case $backup_of,$backup_kind,$backup_file in
	"$1",backup,*) [ "$backup_source" = "$backup_here" ] || return 0 ;;
	-,*,"$1"[_.-]*) ;; # no manifest that says what it is of; its name does
	*) return 0 ;;
	esac
	backup_prune_files "$backup_file" "$backup_file.manifest" "$backup_file.tested"
}

# backup_prune_rest DATABASE CUTOFF: what a run that was cut off has left: files moved aside, manifests and tests of nothing.
backup_prune_rest() {
	[ "$backup_good" -gt 0 ] || return 0
	for backup_one in "$files_aside"/*; do
		backup_file=${backup_one#"$files_aside/"}
		case $backup_file in "$1"[_.-]*) ;; *) continue ;; esac
		[ -e "./$backup_file" ] || backup_prune_stray "$backup_one" "$backup_file" "$2"
	done
	for backup_file in "$1"[_.-]*.manifest "$1"[_.-]*.tested; do
		[ -e "./${backup_file%.*}" ] || backup_prune_stray "$backup_file" "$backup_file" "$2"
	done
}

# backup_prune_stray PATH NAME CUTOFF
backup_prune_stray() {
	case $2 in *[!A-Za-z0-9._-]*) return 0 ;; esac
	[ -f "./$1" ] && [ ! -h "./$1" ] || return 0
	backup_said=$(stat -c '%d:%i:%s:%Y' -- "./$1") || return 0
	[ "${backup_said##*:}" -ge "$3" ] || backup_items="${backup_items}item $2$backup_tab$backup_said$backup_nl"
}

# Of one backup all files, or none: one that is held open or has another name is left alone.
backup_prune_files() {
	backup_mine='' backup_length=0
	for backup_one; do
		[ -f "./$backup_one" ] && [ ! -h "./$backup_one" ] || continue
		backup_said=$(stat -c '%d:%i:%s:%Y %h %b %B' -- "./$backup_one") || return 0
		# shellcheck disable=SC2086 # words
		set -- $backup_said
		files_id=${1%:*:*}
		case "$2,$files_nl$files_held" in
		[!1],* | [!1][0-9]*,* | 1[0-9]*,*) backup_left="${backup_left}left linked $backup_one$backup_nl" && return ;;
		*"$files_nl$files_id "*) backup_left="${backup_left}left open $backup_one$backup_nl" && return ;;
		esac
		backup_mine="${backup_mine}item $backup_one$backup_tab$1$backup_nl"
		backup_length=$((backup_length + $3 * $4))
	done
	backup_items=$backup_items$backup_mine backup_bytes_all=$((backup_bytes_all + backup_length))
}

# backup_prune_take DIR DIR_ID STORE, and back again from there.
backup_prune_take() { files_prune "$@"; }
backup_prune_back() { files_restore "$@"; }
