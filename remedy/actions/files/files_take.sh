# shellcheck shell=sh disable=SC2154
# Takes files away by identity. Read after files.sh, which sets the names that are shared.
#
# A file leaves in four moves: into the private directory .remedy-aside beside it (a rename),
# compared there with what was planned, copied to the quarantine and compared again, unlinked.
# Cut off anywhere, the next look finds the file under its own name again, and goes on from there.

# files_prune ROOT ROOT_ID STORE: take the items away; into STORE, a directory of the quarantine,
# or for good where STORE is empty. What is gone already, or is another file now, is left alone.
files_prune() {
	files_begin "$@"
	[ -z "$3" ] || files_make_store "$3" "$2"
	files_listed=$files_nl
	files_each files_flush_prune
	echo "took $files_taken files, $files_freed bytes; $files_gone were gone or changed"
	[ "$files_failed" -eq 0 ] || give_up "$files_failed files could not be taken away"
	[ "$files_taken" -eq 0 ] || files_demand_freed
}

# Fail where a process opened a listed file before it was taken: its space is not free until that process lets go.
files_demand_freed() {
	files_held=$(
		find -L /proc/[0-9]*/fd -maxdepth 1 -type f -exec stat -L -c '%h %d:%i %n' {} + 2>/dev/null |
			while read -r files_names files_id files_fd; do
				files_fd=${files_fd#/proc/}
				[ "$files_names" != 0 ] || case $files_listed in *"$files_tab$files_id:"*) echo "${files_fd%%/*}" ;; esac
			done | sort -u | head -n 3 | tr '\n' ' '
	)
	[ -z "$files_held" ] || give_up "taken away, but process ${files_held% } holds them open: their space is free when it lets go"
}

files_begin() {
	need_large_numbers
	need stat mv cp rm mkdir rmdir
	files_root=$1 files_store=$3
	files_enter_root "$1"
	[ "$(stat -c '%d:%i' .)" = "$2" ] || give_up "$1 is another directory now; nothing was done"
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
	files_go "$files_here/$1" || return 1
	# shellcheck disable=SC3067 # dash, bash, busybox, mksh and zsh have it
	[ -O . ] || return 1
	case $(stat -c '%a' .) in
	700 | 2700) ;; # the group's bit is inherited where the directory above has it
	*) return 1 ;;
	esac
}

files_leave_aside() {
	files_go "$files_here" && rmdir "./$1" 2>/dev/null
}

# One batch of a directory: moved aside, compared there, taken.
files_flush_prune() {
	files_listed=$files_listed$files_batch
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
