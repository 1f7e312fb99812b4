# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the files before this one set
# Takes backups, and tells of those there are. Everything begins PLACE...: where the server is.

backup_shown=40 # rows of evidence

# backup_rows DATABASE: evidence: the clock, the links, and the newest files, newest first; of a database, unless it is "".
backup_rows() {
	printf 'now %s\nodd %s\n' "$now" "$backup_odd"
	while read -r backup_line; do
		[ -z "$backup_line" ] || echo "link $backup_line"
	done <<-END
		$backup_links
	END
	[ -z "$backup_all" ] || printf '%s\n' "$backup_all" | awk -v of="$1" -v most="$backup_shown" '
		(of == "" || $8 == of || $8 == "-") && n++ < most { print "row " $0 }'
}

# backup_each FUNCTION DATABASE SOURCE: call it for every backup of the database from this server, newest first, until it ends
# other than 0. It is split already. Copies that a restore made of what it replaced are none.
backup_each() {
	backup_do=$1 backup_want=$2 backup_from=$3
	while read -r backup_line; do
		[ -n "$backup_line" ] || continue
		backup_split "$backup_line"
		[ "$backup_of,$backup_source,$backup_kind" = "$backup_want,$backup_from,backup" ] || continue
		"$backup_do" </dev/null || break
	done <<-END
		$backup_all
	END
}

# ---------------------------------------------------------------- backup.create

# backup_create_look PLACE... DIR MATCH DATABASE CUTOFF
# Ground: the directory, the server, the newest good backup younger than CUTOFF, whether there is room for another one.
backup_create_look() {
	backup_reach "$@"
	shift 7
	backup_enter "$1"
	backup_list "$2"
	backup_ask "$3"
	[ "$backup_large" != none ] || lacks "the server has no database $3"
	backup_found=none backup_cutoff=$4
	backup_each backup_fresh_one "$3" "$backup_here"
	backup_room "$3"
	backup_roomy=yes
	[ "$backup_free" -gt "$backup_wanted" ] || backup_roomy=no
	[ -w . ] || lacks "$1 cannot be written"
	printf 'dir %s\nserver %s %s\nfresh %s\nroom %s\n--\nfree %s\nwanted %s\nlarge %s\n' "$backup_dir_id" \
		"$backup_here" "$backup_role" "$backup_found" "$backup_roomy" "$backup_free" "$backup_wanted" "$backup_large"
	backup_rows "$3"
}

backup_fresh_one() {
	[ "$backup_at_s" -ge "$backup_cutoff" ] || return 1
	backup_read_through
	[ "$backup_why" != ok ] || backup_found="$backup_file $backup_sha"
	return 1 # where the newest is spoilt another one is wanted, however good those before it are
}

# backup_create PLACE... DIR DIR_ID DATABASE FORMAT SOURCE: take one, and print its name.
backup_create() {
	backup_begin "$@"
	shift 7
	backup_list "*"
	backup_ask "$3"
	[ "$backup_here,$backup_role" = "$5,primary" ] || give_up "it is another server now; nothing was done"
	backup_room "$3"
	[ "$backup_free" -gt "$backup_wanted" ] || give_up "there is no room for it; nothing was done"
	backup_last=none
	backup_each backup_last_one "$3" "$backup_here"
	backup_take "$3" "$4" "$3" backup "$backup_last"
	echo "$backup_name"
}

backup_last_one() {
	[ "$backup_why" = ok ] || return 0
	backup_last=$backup_file
	return 1
}

# backup_begin PLACE... DIR DIR_ID: to the directory that was planned, or end.
backup_begin() {
	backup_reach "$@"
	pg_writes 0
	backup_enter "$8"
	[ "$backup_dir_id" = "$9" ] || give_up "$8 is another directory now; nothing was done"
}

# ---------------------------------------------------------------- backup.fresh, backup.valid

# backup_fresh_look DIR MATCH DATABASE CUTOFF: no server is asked.
backup_fresh_look() {
	need stat awk sort date readlink
	backup_enter "$1"
	backup_list "$2"
	backup_want=$3
	backup_found=no
	while read -r backup_line; do
		[ -n "$backup_line" ] || continue
		backup_split "$backup_line"
		[ "$backup_why,$backup_kind" = ok,backup ] || continue
		[ -z "$backup_want" ] || [ "$backup_of" = "$backup_want" ] || continue
		[ "$backup_at_s" -lt "$4" ] || backup_found=yes
		break
	done <<-END
		$backup_all
	END
	printf 'fresh %s\n--\n' "$backup_found"
	backup_rows "$3"
}

# backup_valid_look PLACE... DIR MATCH DATABASE CUTOFF
# Ground: the newest file, its state after every byte was read; whether any backup was restored since CUTOFF, and was equal.
backup_valid_look() {
	backup_reach "$@"
	shift 7
	backup_enter "$1"
	backup_list "$2"
	backup_newest_of "$3"
	backup_last_test "$3" "$4"
	printf 'newest %s %s\ntested %s\n--\n' "$backup_newest" "$backup_newest_why" "$backup_is_tested"
	[ "$backup_test_at" = 0 ] || printf 'test %s %s %s\n' "$backup_test_of" "$backup_test_at" "$backup_test_result"
	backup_rows "$3"
}

# The newest backup of the database, good or not; a file without a manifest is none.
backup_newest_of() {
	backup_newest=none backup_newest_why=none
	while read -r backup_line; do
		[ -n "$backup_line" ] || continue
		backup_split "$backup_line"
		[ "$backup_of,$backup_kind" = "$1,backup" ] || continue
		backup_read_through
		backup_newest=$backup_file backup_newest_why=$backup_why
		return
	done <<-END
		$backup_all
	END
}

# backup_last_test DATABASE CUTOFF: set backup_is_tested, and backup_test_at, _of, _result of the last restore of any of them.
backup_last_test() {
	backup_is_tested=no backup_test_at=0 backup_test_of=none backup_test_result=none
	while read -r backup_line; do
		[ -n "$backup_line" ] || continue
		backup_split "$backup_line"
		[ "$backup_of,$backup_kind,$backup_why" = "$1,backup,ok" ] || continue
		backup_tested "$backup_file" "$backup_sha"
		[ "$backup_tested_at" -gt "$backup_test_at" ] || continue
		backup_test_at=$backup_tested_at backup_test_of=$backup_file backup_test_result=$backup_result
	done <<-END
		$backup_all
	END
	[ "$backup_test_result" != equal ] || [ "$backup_test_at" -le "$2" ] || backup_is_tested=yes
}

# ---------------------------------------------------------------- backup.test

# backup_test_look PLACE... DIR MATCH DATABASE CUTOFF
backup_test_look() {
	backup_reach "$@"
	shift 7
	backup_enter "$1"
	backup_list "$2"
	backup_ask "$3"
	backup_last_test "$3" "$4"
	backup_newest=none backup_newest_why=none backup_sha=none backup_bytes=0
	[ "$backup_is_tested" = yes ] || backup_newest_of "$3"
	backup_roomy=yes
	case $backup_bytes in
	*[!0-9]*) ;;
	*) backup_scratch_room "$backup_bytes" || backup_roomy=no ;;
	esac
	printf 'dir %s\nserver %s %s\ntested %s\nnewest %s %s %s\nroom %s\n--\n' "$backup_dir_id" "$backup_here" "$backup_role" \
		"$backup_is_tested" "$backup_newest" "$backup_newest_why" "$backup_sha" "$backup_roomy"
	[ "$backup_test_at" = 0 ] || printf 'test %s %s %s\n' "$backup_test_of" "$backup_test_at" "$backup_test_result"
	backup_rows "$3"
}

# backup_test PLACE... DIR DIR_ID DATABASE NAME SHA256: restore it beside, compare, drop, and write down what it
# came to. Ends 0 where it is equal.
backup_test() {
	backup_begin "$@"
	shift 7
	backup_list "$4"
	backup_ask "$3"
	[ "$backup_role" = primary ] || give_up "the server is a replica; nothing was done"
	backup_split "$backup_all"
	[ "$backup_why,$backup_sha" = "ok,$5" ] || give_up "$4 is another now, or is not good any more; nothing was done"
	backup_scratch_room "$backup_bytes" || give_up "there is no room to restore it; nothing was done"
	backup_scratch_fill "${3}_remedy_scratch"
	if backup_scratch_compare "${3}_remedy_scratch"; then backup_result=equal; else backup_result=differs; fi
	backup_scratch_drop "${3}_remedy_scratch"
	backup_remember "$backup_result"
	[ "$backup_result" = equal ] || give_up "restored, it is not what its manifest tells: $backup_unlike"
	echo "equal"
}
