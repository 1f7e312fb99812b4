# shellcheck shell=sh
# Files taken away by identity (device:inode:size:mtime), and brought back.
#
# A file leaves in four moves: into the private directory .remedy-aside beside it (a rename),
# compared there with what was planned, copied to the quarantine and compared again, unlinked.
# Cut off anywhere, the next look finds the file under its own name again, and goes on from there.

files_nl='
'
files_tab='	'
files_aside=.remedy-aside

# ---------------------------------------------------------------- looking

# files_prune_look ROOT MATCH CUTOFF DEPTH MAX_FILES MAX_BYTES QUARANTINE
#   CUTOFF is seconds since 1970; DEPTH 0 means any; QUARANTINE "" means none.
# Ground: what ROOT is, why it must not be pruned if so, an item for each file, the quarantine's state.
files_prune_look() {
	need_large_numbers
	need find stat sort cut
	[ -r /proc/self/fd ] || lacks "/proc is not mounted"
	echo "cutoff $3"
	if ! [ -e "$1" ] && ! [ -h "$1" ]; then
		printf 'root none\nquarantine none\n--\n'
		return
	fi
	files_enter_root "$1"
	files_root_id=$(stat -c '%d:%i' .) || give_up "$1 vanished"
	echo "root $files_root_id"
	files_database_above "$1"
	files_mounts=$(files_mounts_below "$1")
	files_held=$(files_held_on "${files_root_id%:*}")
	files_hidden=$(files_unseen)
	{
		# a path never holds `//`, so it ends a record whatever else the name holds
		files_walk "$2" "$4" | files_sift "$3" "$4" "$5" "$6" "$7"
	} | sort | cut -c 3-
}

# Enter ROOT, or end: a link is never followed, not even in the middle.
files_enter_root() {
	[ -d "$1" ] || lacks "$1 is not a directory"
	cd -P -- "$1" 2>/dev/null || lacks "$1 cannot be entered"
	[ "$PWD" = "$1" ] || lacks "$1 is reached through a symbolic link; name $(escape "$PWD") instead"
}

files_walk() {
	if [ "$2" = 0 ]; then set -- "$1" "" 0; else set -- "$1" -maxdepth $(($2 + 1)); fi
	# shellcheck disable=SC2086 # nothing, or one option and its number
	find . $2 ${2:+$3} -xdev -type f \( -name "$1" -o -name PG_VERSION -o -name ibdata1 -o -name WiredTiger \) \
		-exec stat -c '%Y %d:%i:%s:%Y %h %b %B %n//' {} + 2>/dev/null
}

# files_sift CUTOFF DEPTH MAX_FILES MAX_BYTES QUARANTINE: records of files_walk in, sortable lines out.
files_sift() {
	files_count=0 files_bytes=0 files_disk=0 files_open=0 files_linked=0 files_shown=0 files_database=
	files_deep=
	files_left=$2
	while [ "$files_left" -gt 0 ]; do files_deep="$files_deep*/" files_left=$((files_left - 1)); done
	while IFS= read -r files_line; do
		while case $files_line in *//) false ;; *) true ;; esac do
			IFS= read -r files_more || break
			files_line=$files_line$files_nl$files_more
		done
		files_one "$files_line" "$@"
	done
	[ -z "$files_database" ] || echo "0 database $files_database"
	[ "$files_count" -le "$3" ] || echo "0 over files"
	[ "$files_bytes" -le "$4" ] || echo "0 over bytes"
	printf '0 '
	files_quarantine_state "$5" "$files_disk"
	printf '2 --\n3 files %s\n3 bytes %s\n3 bytes_on_disk %s\n3 open %s\n3 linked %s\n3 unseen_processes %s\n' \
		"$files_count" "$files_bytes" "$files_disk" "$files_open" "$files_linked" "$files_hidden"
}

# One record. Prints its item unless it is too new, too deep, held open, linked twice or on a mount.
files_one() {
	files_name=${1%//}
	# shellcheck disable=SC2086 # the fixed fields
	set -- "$2" "$3" "$4" "$5" ${files_name%%./*}
	files_name=${files_name#*./}
	case $files_name in
	PG_VERSION | ibdata1 | WiredTiger | */PG_VERSION | */ibdata1 | */WiredTiger)
		files_database=$(escape "$files_name")
		return
		;;
	esac
	[ "$5" -lt "$1" ] || return 0
	case ${6%%:*} in "${files_root_id%:*}") ;; *) return 0 ;; esac
	case $files_name in
	*"$files_aside"/*)
		files_home=${files_name%"$files_aside"/*}
		files_base=${files_name##*/}
		[ "$files_home$files_aside/$files_base" = "$files_name" ] &&
			! [ -e "./$files_home$files_base" ] && files_name=$files_home$files_base
		;;
	esac
	# shellcheck disable=SC2254 # a pattern of as many slashes as are too deep
	case $files_deep in ?*) case $files_name in $files_deep*) return ;; esac ;; esac
	[ -z "$files_mounts" ] || ! files_on_mount || return 0
	files_id=${6%:*:*}
	if [ "$7" -gt 1 ]; then
		files_linked=$((files_linked + 1))
		files_why linked
		return
	fi
	case $files_nl$files_held$files_nl in
	*"$files_nl$files_id$files_nl"*)
		files_open=$((files_open + 1))
		files_why open
		return
		;;
	esac
	files_count=$((files_count + 1))
	set -- "$@" "${6%:*}"
	files_bytes=$((files_bytes + ${10##*:})) files_disk=$((files_disk + $8 * $9))
	[ "$files_count" -le "$3" ] && [ "$files_bytes" -le "$4" ] || return 0
	case $files_name in
	*[\\]* | *"$files_nl"*) files_name=$(escape "$files_name") ;;
	esac
	printf '1 item %s\t%s\n' "$files_name" "$6"
}

# Evidence that a file is left alone, for the first few.
files_why() {
	files_shown=$((files_shown + 1))
	[ "$files_shown" -le 20 ] || return 0
	printf '3 left %s ' "$1"
	escape "$files_name"
}

files_on_mount() {
	files_escaped=$(escape "$files_name")
	IFS=$files_nl
	set -f
	for files_mount in $files_mounts; do
		case $files_escaped in
		"$files_mount" | "$files_mount"/*)
			set +f
			unset IFS
			return 0
			;;
		esac
	done
	set +f
	unset IFS
	return 1
}

# Mount points below ROOT, relative and escaped, a line each: a bind mount may be of the same device.
files_mounts_below() {
	while read -r _ _ _ _ files_point _; do
		case $files_point in
		*[\\]*)
			files_point=$(printf '%bx' "$(printf '%s' "$files_point" | sed 's/\\/\\0/g')") # \040 as \0040
			files_point=${files_point%x}
			;;
		esac
		case $files_point in
		"$1"/*) escape "${files_point#"$1"/}" ;;
		esac
	done </proc/self/mountinfo
}

# device:inode of every regular file on DEVICE that a process holds open, a line each.
files_held_on() {
	find -L /proc/[0-9]*/fd -maxdepth 1 -type f -exec stat -L -c '%d:%i' {} + 2>/dev/null |
		sort -u | while read -r files_id; do
		case $files_id in "$1":*) echo "$files_id" ;; esac
	done
}

# How many living processes do not show what they hold open.
files_unseen() {
	files_hidden=0
	for files_process in /proc/[0-9]*; do
		[ -e "$files_process/root" ] && continue
		{ IFS= read -r files_stat <"$files_process/stat"; } 2>/dev/null || continue
		case ${files_stat##*) } in [ZX]*) continue ;; esac
		files_hidden=$((files_hidden + 1))
	done
	echo "$files_hidden"
}

# Name a database's own directory, when ROOT is one or lies in one.
files_database_above() {
	files_up=$1
	while [ -n "$files_up" ]; do
		for files_mark in PG_VERSION ibdata1 WiredTiger; do
			[ ! -e "$files_up/$files_mark" ] || { printf 'database ' && escape "$files_up/$files_mark"; }
		done
		files_up=${files_up%/*}
	done
}

# files_quarantine_state DIRECTORY BYTES: may files go there, and is there room?
files_quarantine_state() {
	if [ -z "$1" ]; then
		echo "quarantine none"
		return
	fi
	files_there=$(cd -P -- "$1" 2>/dev/null && [ "$PWD" = "$1" ] && stat -c '%d %i %u %a' . && stat -f -c '%a %S' .) || {
		echo "quarantine missing"
		return
	}
	# shellcheck disable=SC2086 # six numbers
	set -- "$2" "$(id -u)" $files_there "$1"
	case $3 in "${files_root_id%:*}") files_state=same-filesystem ;; *) files_state="ok $3:$4 $(escape "$9")" ;; esac
	case $5 in 0 | "$2") ;; *) files_state=unsafe ;; esac
	case $6 in *[2367]? | *[2367]) files_state=unsafe ;; esac
	case $files_state in
	ok*) [ $(($7 * $8)) -gt $(($1 + $1 / 64 + 1048576)) ] || files_state=full ;;
	esac
	echo "quarantine $files_state"
}

# ---------------------------------------------------------------- taking away

# files_prune ROOT ROOT_ID STORE: take the items away; into STORE, a directory of the quarantine,
# or for good where STORE is empty. What is gone already, or is another file now, is left alone.
files_prune() {
	files_begin "$@"
	[ -z "$3" ] || files_make_store "$3" "$2"
	files_each files_flush_prune
	echo "took $files_taken files, $files_freed bytes; $files_gone were gone or changed"
	[ "$files_failed" -eq 0 ] || give_up "$files_failed files could not be taken away"
}

files_begin() {
	need_large_numbers
	need stat mv cp rm mkdir rmdir
	files_root=$1 files_store=$3
	files_enter_root "$1"
	[ "$(stat -c '%d:%i' .)" = "$2" ] || give_up "$1 is another directory now; nothing was done"
	files_uid=$(id -u)
	files_taken=0 files_freed=0 files_gone=0 files_failed=0 files_back=../
	files_summer=$(command -v sha256sum || command -v cksum) || lacks "sha256sum is not installed"
}

# Make STORE below a quarantine that must be there already, on another filesystem than ROOT.
files_make_store() {
	files_go "${1%/*}" || give_up "there is no quarantine ${1%/*}; nothing was done"
	[ "$(stat -c %d .)" != "${2%:*}" ] || give_up "the quarantine is on the same filesystem; nothing was done"
	[ -d "$1" ] || mkdir -- "$1" || give_up "the quarantine cannot be written; nothing was done"
}

# Read items and call FUNCTION for every batch of one directory: its path in files_in, lines in files_batch.
files_each() {
	files_batch='' files_in='' files_size=0
	while IFS= read -r files_item; do
		files_path=${files_item%"$files_tab"*}
		case $files_path in */*) files_dir=${files_path%/*} ;; *) files_dir= ;; esac
		if [ "$files_dir" != "$files_in" ] || [ "$files_size" -ge 64 ]; then
			[ -z "$files_batch" ] || "$1" </dev/null
			files_batch='' files_size=0 files_in=$files_dir
		fi
		files_batch=$files_batch$files_item$files_nl
		files_size=$((files_size + 1))
	done
	[ -z "$files_batch" ] || "$1" </dev/null
}

# Set files_base and files_id from an item.
files_split() {
	files_id=${1##*"$files_tab"} files_base=${1%"$files_tab"*}
	files_base=${files_base##*/}
	case $files_base in *[\\]*)
		unescape "$files_base"
		# shellcheck disable=SC2154 # unescape sets it
		files_base=$unescaped
		;;
	esac
}

# Enter a directory by a path of which no part is a link.
files_go() {
	cd -P -- "$1" 2>/dev/null && [ "$PWD" = "$1" ]
}

# Let files_seen hold a record of each named file that is here.
files_stat() {
	files_seen=$files_nl$(stat -c '%d:%i:%s:%Y %n//' -- "$@" 2>/dev/null)
}

# Is the planned file among files_seen, under this name?
files_is() {
	case $files_seen in
	*"$files_nl$files_id $1//"*) return 0 ;;
	esac
	return 1
}

# Make the private directory here, if need be, and enter it.
files_enter_aside() {
	files_here=$PWD
	mkdir -m 700 "./$1" 2>/dev/null
	files_go "$files_here/$1" && [ "$(stat -c '%u:%a:%F' .)" = "$files_uid:700:directory" ]
}

files_leave_aside() {
	files_go "$files_here" && rmdir "./$1" 2>/dev/null
}

# One batch of a directory: moved aside, compared there, taken.
files_flush_prune() {
	files_enter_batch || return 0
	IFS=$files_nl
	set -f
	# shellcheck disable=SC2086 # lines
	{
		if ! files_enter_aside "$files_aside"; then
			files_go "$files_here" || give_up "a directory was moved while files were taken from it"
			files_take_first $files_batch # a disk full to the last block has no room for a directory
			files_enter_aside "$files_aside" ||
				give_up "no private directory can be made in $(escape "$files_here"); took $files_taken files"
		fi
		files_move_aside $files_batch
		files_take_those $files_batch
	}
	set +f
	unset IFS
	files_leave_aside "$files_aside"
}

# Enter the batch's directory; where it is gone, or is another now, so are the files that were planned.
files_enter_batch() {
	unescape "$files_in"
	files_go "$files_root${unescaped:+/$unescaped}" && return
	files_gone=$((files_gone + files_size))
	return 1
}

# From the directory above to here, those that are the planned ones.
files_move_aside() {
	files_lines=$*
	set --
	for files_line in $files_lines; do
		files_split "$files_line"
		set -- "$@" "../$files_base"
	done
	files_stat "$@"
	set --
	for files_line in $files_lines; do
		files_split "$files_line"
		! files_is "../$files_base" || [ -e "./$files_base" ] || set -- "$@" "../$files_base"
	done
	[ $# -eq 0 ] || mv -n -- "$@" . 2>/dev/null
}

# Take the first of the batch where it is.
files_take_first() {
	files_back=./
	files_split "$1"
	files_stat "./$files_base"
	! files_is "./$files_base" || files_take "./$files_base"
	files_back=../
}

# Of the files that are aside now, take the planned ones and put the others back.
files_take_those() {
	files_lines=$*
	set --
	for files_line in $files_lines; do
		files_split "$files_line"
		set -- "$@" "./$files_base"
	done
	files_stat "$@"
	set --
	for files_line in $files_lines; do
		files_split "$files_line"
		if files_is "./$files_base"; then
			set -- "$@" "./$files_base"
			files_id=${files_id%:*}
			files_freed=$((files_freed + ${files_id##*:}))
		else
			files_not_taken
		fi
	done
	[ $# -eq 0 ] || files_take "$@"
}

# A file of the batch that is not here as planned: put back what was moved by mistake, and count.
files_not_taken() {
	files_saved=$files_seen
	[ ! -e "./$files_base" ] && [ ! -h "./$files_base" ] || mv -n -- "./$files_base" ../ 2>/dev/null
	files_stat "../$files_base"
	if files_is "../$files_base"; then files_fail "$files_base" "it cannot be moved"; else files_gone=$((files_gone + 1)); fi
	files_seen=$files_saved
}

files_fail() {
	files_failed=$((files_failed + 1))
	[ "$files_failed" -gt 5 ] || printf 'not done: %s: %s\n' "$(escape "$1")" "$2"
}

# Take ./NAME... away from here. What cannot be taken is put back.
files_take() {
	[ -z "$files_store" ] || files_keep "$@" || return 0
	rm -f -- "$@"
	for files_name; do
		if [ -e "$files_name" ] || [ -h "$files_name" ]; then
			mv -n -- "$files_name" "$files_back" 2>/dev/null
			files_fail "$files_name" "it cannot be removed"
		else
			files_taken=$((files_taken + 1))
		fi
	done
}

# Copy ./NAME... into the quarantine and compare; put them back and fail when that does not work.
files_keep() {
	files_dest=$files_store${files_here#"$files_root"}
	files_part=$files_store/.part
	rm -rf -- "$files_part"
	if mkdir -p -- "$files_dest" "$files_part" && files_copy "$files_part" "$@" &&
		files_place "$files_part" "$files_dest" "$@"; then return; fi
	rm -rf -- "$files_part"
	for files_name; do
		mv -n -- "$files_name" "$files_back" 2>/dev/null
		files_fail "$files_name" "the quarantine holds no copy that is the same"
	done
	return 1
}

# files_copy THERE ./NAME...: copy into THERE, and compare content, size, times, mode and owner.
files_copy() {
	files_there=$1
	shift
	cp -pP -- "$@" "$files_there/" || return 1
	files_wanted=$(files_print "$@") || return 1
	[ "$files_wanted" = "$(cd -P -- "$files_there" && files_print "$@")" ] || return 1
	sync -f -- "$files_there" 2>/dev/null || : # where sync can be told of one filesystem
}

files_print() {
	stat -c '%s:%Y:%a:%u:%g %n//' -- "$@" && "$files_summer" -- "$@"
}

# files_place PART DEST ./NAME...: rename from PART into DEST, over nothing but a copy of the same.
files_place() (
	cd -P -- "$1" || exit 1
	files_dest=$2
	shift 2
	for files_name; do
		if [ -e "$files_dest/$files_name" ]; then cmp -s -- "$files_name" "$files_dest/$files_name" || exit 1; fi
	done
	mv -f -- "$@" "$files_dest/" && cd .. && rmdir .part
)

# ---------------------------------------------------------------- bringing back

# files_restore ROOT ROOT_ID STORE: bring the items back from STORE, over nothing that is there now.
files_restore() {
	files_begin "$@"
	files_each files_flush_restore
	[ ! -d "$3" ] || find "$3" -depth -type d -exec rmdir -- {} + 2>/dev/null
	echo "brought back $files_taken files; $files_gone were not in the quarantine"
	[ "$files_failed" -eq 0 ] || give_up "$files_failed files could not be brought back"
}

files_flush_restore() {
	if ! files_enter_batch || ! files_enter_aside "$files_aside"; then
		files_fail "$files_in/" "the directory cannot be entered or written"
		return
	fi
	files_source=$files_store${files_here#"$files_root"}
	IFS=$files_nl
	set -f
	# shellcheck disable=SC2086 # lines
	files_back_those $files_batch
	set +f
	unset IFS
	files_leave_aside "$files_aside"
}

files_back_those() {
	files_lines=$*
	set --
	for files_line in $files_lines; do
		files_split "$files_line"
		set -- "$@" "../$files_base" "./$files_base"
	done
	files_stat "$@"
	set --
	for files_line in $files_lines; do
		files_split "$files_line"
		if [ -e "../$files_base" ] || [ -h "../$files_base" ]; then
			files_back_there
		elif files_is "./$files_base"; then
			mv -n -- "./$files_base" ../ && files_taken=$((files_taken + 1))
		elif [ -e "$files_source/$files_base" ]; then
			set -- "$@" "./$files_base"
		else
			files_gone=$((files_gone + 1))
		fi
	done
	[ $# -eq 0 ] || files_bring "$@"
}

# Something has the name already: the file itself, which may have been brought back before, or another.
files_back_there() {
	if [ -e "$files_source/$files_base" ]; then
		if cmp -s -- "../$files_base" "$files_source/$files_base"; then
			rm -f -- "$files_source/$files_base" && files_taken=$((files_taken + 1))
			return
		fi
	else
		case $files_seen in
		*":${files_id#*:*:} ../$files_base//"*)
			files_gone=$((files_gone + 1))
			return
			;;
		esac
	fi
	files_fail "$files_base" "another file has its name now"
}

# Copy ./NAME... from the quarantine to here, compare, and move each up to its own name.
files_bring() {
	if ! (files_go "$files_source" && files_copy "$files_here/$files_aside" "$@"); then
		rm -f -- "$@"
		for files_name; do files_fail "$files_name" "it could not be copied back"; done
		return
	fi
	mv -n -- "$@" ../
	for files_name; do
		if [ -e "$files_name" ]; then
			files_fail "$files_name" "another file has its name now"
		else
			rm -f -- "$files_source/$files_name"
			files_taken=$((files_taken + 1))
		fi
	done
}
