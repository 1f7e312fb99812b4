# shellcheck shell=sh
# shellcheck disable=SC2154 # $now is the far end's
# A fault for drills: a filesystem that a file of ballast fills. The file says in its first line what it is.

fault_disk_mark="ballast of a drill by remedy"

# fault_disk_look FILE PARTS: PARTS, hundredths of a percent, are what is to be less than free.
# Ground: the directory, whether its filesystem is its own, how full it is, and what is called FILE: none, ballast or other.
fault_disk_look() {
	need_large_numbers
	need stat
	fault_disk_enter "$1" || lacks "there is no directory $fault_dir, by its real path"
	fault_disk_measure "$2"
	echo "dir $fault_dir_id"
	if [ "${fault_dir_id%:*}" = "$(stat -c '%d' /)" ]; then echo "filesystem root"; else echo "filesystem own"; fi
	if [ "$fault_surplus" -gt 0 ]; then echo "free above"; else echo "free below"; fi
	fault_disk_kind "$fault_file"
	echo "file $fault_kind"
	printf '%s\nfree_bytes %s\nusable_bytes %s\n' -- "$fault_free" "$fault_usable"
	echo "surplus_bytes $((fault_surplus > 0 ? fault_surplus : 0))"
}

# Set fault_dir, fault_file and fault_dir_id of FILE, and go to its directory.
fault_disk_enter() {
	fault_dir=${1%/*} fault_file=./${1##*/}
	fault_dir=${fault_dir:-/}
	cd -P -- "$fault_dir" 2>/dev/null || return 1
	[ "$(pwd -P)" = "$fault_dir" ] || return 1
	fault_dir_id=$(stat -c '%d:%i' .) || return 1
}

# Set fault_free, fault_usable, and fault_surplus: the bytes to write until less than PARTS are free. As df counts.
fault_disk_measure() {
	fault_parts=$1
	fault_said=$(stat -f -c '%a %b %f %S' .) || give_up "the filesystem gives no numbers"
	# shellcheck disable=SC2086 # four numbers
	set -- $fault_said
	[ $# -eq 4 ] || give_up "the filesystem gives no numbers"
	fault_free=$(($1 * $4)) fault_usable=$((($2 - $3 + $1) * $4))
	fault_surplus=$((fault_free - fault_usable * fault_parts / 10000 + $4))
}

# Set fault_kind of a file: none, ballast, or other.
fault_disk_kind() {
	fault_kind=other
	if [ ! -e "$1" ] && [ ! -h "$1" ]; then
		fault_kind=none
	elif [ -f "$1" ] && [ ! -h "$1" ] && read -r fault_line <"$1" && [ "$fault_line" = "$fault_disk_mark" ]; then
		fault_kind=ballast
	fi
}

# fault_disk_fill FILE DIR_ID PARTS AGE: write ballast, or more of it, until less than PARTS are free; then let it seem AGE seconds old.
fault_disk_fill() {
	fault_disk_enter "$1" && [ "$fault_dir_id" = "$2" ] || give_up "$fault_dir is another directory now"
	fault_disk_kind "$fault_file"
	case $fault_kind in
	none) (set -C && printf '%s\n' "$fault_disk_mark" >"$fault_file") || give_up "$1 cannot be made" ;;
	other) give_up "$1 is no ballast" ;;
	esac
	fault_turns=0
	while fault_disk_measure "$3" && [ "$fault_surplus" -gt 0 ]; do # a filesystem needs some bytes for its own
		fault_turns=$((fault_turns + 1))
		[ "$fault_turns" -le 20 ] || give_up "the filesystem does not get fuller"
		fault_size=$(stat -c '%s' "$fault_file")
		fallocate -o "$fault_size" -l "$fault_surplus" "$fault_file" 2>/dev/null ||
			head -c "$fault_surplus" /dev/zero >>"$fault_file" || give_up "the ballast could not be written"
	done
	[ "$4" -eq 0 ] || touch -d "@$((now - $4))" "$fault_file" || give_up "the ballast could not be made old"
}

# fault_disk_clear FILE DIR_ID: take the ballast away, and nothing else that may be called so now.
fault_disk_clear() {
	fault_disk_enter "$1" || return 0
	[ "$fault_dir_id" = "$2" ] || give_up "$fault_dir is another directory now"
	fault_disk_kind "$fault_file"
	case $fault_kind in
	ballast) rm -f -- "$fault_file" ;;
	esac
}
