# shellcheck shell=sh
# What a path is and holds, for a check. Symbolic links are followed: it only reads.

# file_matches_look PATH SUM TEXT LIMIT
#   SUM is "" or "sum"; TEXT "" means: not asked; LIMIT is the largest size in bytes that is read.
file_matches_look() {
	need_large_numbers
	need stat
	if ! [ -e "$1" ]; then
		file_matches_absent "$1"
		return
	fi
	if [ -f "$1" ]; then
		echo "what file"
	elif [ -d "$1" ]; then
		echo "what directory"
	else
		echo "what special"
	fi
	file_matches_stat=$(stat -L -c '%s %a %u %U %g %G' -- "$1") || give_up "$1 cannot be looked at"
	# shellcheck disable=SC2086 # six words
	file_matches_said $file_matches_stat
	file_matches_read "$@"
	printf '%s\nsize %s\n' -- "$file_matches_size"
}

file_matches_said() {
	printf 'mode %s\nuid %s\nuser %s\ngid %s\ngroup %s\n' "$2" "$3" "$4" "$5" "$6"
	file_matches_size=$1
}

file_matches_read() {
	[ -n "$2$3" ] && [ -f "$1" ] || return 0
	if ! [ -r "$1" ]; then
		echo "reads no"
		return
	fi
	if [ "$file_matches_size" -gt "$4" ]; then
		echo "reads large"
		return
	fi
	echo "reads yes"
	if [ -n "$2" ]; then
		need sha256sum
		file_matches_sum=$(sha256sum <"$1") || give_up "$1 cannot be read"
		echo "sha256 ${file_matches_sum%% *}"
	fi
	[ -z "$3" ] || file_matches_search "$1" "$3"
}

file_matches_search() {
	need grep
	grep -qF -e "$2" <"$1"
	case $? in
	0) echo "text there" ;;
	1) echo "text absent" ;;
	*) give_up "$1 cannot be searched" ;;
	esac
}

# Nothing at PATH, or a link to nothing, or a place that cannot be seen.
file_matches_absent() {
	file_matches_up=$1
	while ! [ -e "$file_matches_up" ] && [ -n "$file_matches_up" ]; do
		if [ -h "$file_matches_up" ]; then
			printf 'what dangling\n--\n'
			return
		fi
		file_matches_up=${file_matches_up%/*}
	done
	[ -x "${file_matches_up:-/}" ] || ! [ -d "${file_matches_up:-/}" ] || give_up "${file_matches_up:-/} cannot be entered"
	printf 'what none\n--\n'
}
