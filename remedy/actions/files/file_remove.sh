# shellcheck shell=sh disable=SC2154,SC2034
# One file taken away by identity. Read after files.sh, files_take.sh and files_back.sh, which do it.

# file_remove_look PATH QUARANTINE
# Ground: its directory, what it is, whether it is free to go, itself as an item, the quarantine's state.
file_remove_look() {
	need_large_numbers
	need stat find sort id
	[ -r /proc/self/fd ] || lacks "/proc is not mounted"
	file_remove_dir=${1%/*} file_remove_base=${1##*/}
	file_remove_dir=${file_remove_dir:-/}
	if ! [ -d "$file_remove_dir" ]; then
		files_demand_missing "$file_remove_dir"
		printf 'dir none\nwhat none\nquarantine none\n--\n'
		return
	fi
	files_enter_root "$file_remove_dir"
	files_root_identity "$file_remove_dir"
	echo "dir $files_root_id"
	file_remove_name=./$file_remove_base
	if file_remove_is_nothing && [ -f "./$files_aside/$file_remove_base" ]; then
		file_remove_name=./$files_aside/$file_remove_base # a run was cut off after its first move
	fi
	if file_remove_is_nothing; then
		printf 'what none\nquarantine none\n--\n'
	elif [ -f "$file_remove_name" ] && ! [ -h "$file_remove_name" ]; then
		file_remove_regular "$2"
	else
		file_remove_other
		printf 'quarantine none\n--\n'
	fi
}

file_remove_look_foresee() {
	file_remove_dir=${1%/*}
	foresee "${file_remove_dir:-/}"
}

file_remove_is_nothing() { ! [ -e "$file_remove_name" ] && ! [ -h "$file_remove_name" ]; }

file_remove_other() {
	if [ -h "$file_remove_name" ]; then
		echo "what link"
	elif [ -d "$file_remove_name" ]; then
		echo "what directory"
	else
		echo "what special"
	fi
}

# file_remove_regular QUARANTINE
file_remove_regular() {
	file_remove_stat=$(stat -c '%d:%i:%s:%Y %h %b %B' -- "$file_remove_name") || give_up "the file vanished"
	# shellcheck disable=SC2086 # words
	set -- "$1" $file_remove_stat
	echo "what file"
	files_database_above "$file_remove_dir"
	[ "$3" -eq 1 ] || echo "linked $3"
	files_id=${2%:*:*}
	case $files_nl$(files_held_on "${files_root_id%:*}") in
	*"$files_nl$files_id "*) file_remove_open=1 && echo "open yes" ;;
	*) file_remove_open= ;;
	esac
	printf 'item %s\t%s\n' "$(escape "$file_remove_base")" "$2"
	files_quarantine_state "$1" $(($4 * $5))
	files_unseen
	printf '%s\nunseen_processes %s\n' -- "$files_hidden"
	[ -z "$files_hidden_who" ] || printf 'unseen_who %s\n' "$files_hidden_who"
	[ -z "$file_remove_open" ] || file_remove_holders
}

# The first few processes that hold it open, as evidence.
file_remove_holders() {
	file_remove_shown=0
	for file_remove_fd in /proc/[0-9]*/fd/*; do
		[ "$file_remove_fd" -ef "$file_remove_name" ] 2>/dev/null || continue
		file_remove_pid=${file_remove_fd#/proc/}
		file_remove_pid=${file_remove_pid%%/*}
		{ IFS= read -r file_remove_comm <"/proc/$file_remove_pid/comm"; } 2>/dev/null || continue
		printf 'holder %s %s\n' "$file_remove_pid" "$(escape "$file_remove_comm")"
		file_remove_shown=$((file_remove_shown + 1))
		[ "$file_remove_shown" -lt 5 ] || return 0
	done
	return 0
}

# file_remove_take DIR DIR_ID STORE, and back again from there.
file_remove_take() { files_prune "$@"; }
file_remove_restore() { files_restore "$@"; }
