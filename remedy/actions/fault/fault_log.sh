# shellcheck shell=sh
# shellcheck disable=SC2154 # $now is the far end's
# A fault for drills: a log that was flooded, or old generations of one. Each says in its first line what it is.

fault_log_mark="ERROR flood of a drill by remedy"

# fault_log_look FILE OLD: OLD is a number of generations; 0 means FILE itself.
# Ground: the directory, and of how many files that would be made: none, part or all are there; other where another is called so.
fault_log_look() {
	need stat head gzip
	fault_log_enter "$1" || lacks "there is no directory $fault_dir, by its real path"
	fault_there=0 fault_all=0 fault_found=none
	for fault_name in $(fault_log_numbers "$2"); do
		fault_all=$((fault_all + 1))
		fault_log_kind "$fault_file${fault_name#0}"
		case $fault_kind in
		flood) fault_there=$((fault_there + 1)) ;;
		other) fault_found=other ;;
		esac
	done
	if [ $fault_found = none ] && [ "$fault_there" -gt 0 ]; then
		if [ "$fault_there" -eq "$fault_all" ]; then fault_found=all; else fault_found=part; fi
	fi
	printf 'dir %s\nfiles %s\n--\nthere %s\n' "$fault_dir_id" "$fault_found" "$fault_there"
}

# Suffixes of the files: 0 for the log itself, or .1 .2 and so on.
fault_log_numbers() {
	if [ "$1" -eq 0 ]; then
		echo 0
		return
	fi
	fault_number=0
	while [ "$fault_number" -lt "$1" ]; do
		fault_number=$((fault_number + 1))
		echo ".$fault_number"
	done
}

# Set fault_dir, fault_file and fault_dir_id of FILE, and go to its directory.
fault_log_enter() {
	fault_dir=${1%/*} fault_file=./${1##*/}
	fault_dir=${fault_dir:-/}
	cd -P -- "$fault_dir" 2>/dev/null || return 1
	[ "$(pwd -P)" = "$fault_dir" ] || return 1
	fault_dir_id=$(stat -c '%d:%i' .) || return 1
}

# Set fault_kind of a file: none, flood, or other.
fault_log_kind() {
	fault_kind=other
	if [ ! -e "$1" ] && [ ! -h "$1" ]; then
		fault_kind=none
	elif [ -f "$1" ] && [ ! -h "$1" ]; then
		case $1 in
		*.gz) fault_line=$(gzip -dc <"$1" 2>/dev/null | head -n 1) ;;
		*) fault_line=$(head -c 200 "$1" | head -n 1) ;;
		esac
		case $fault_line in *"$fault_log_mark"*) fault_kind=flood ;; esac
	fi
}

# fault_log_flood FILE DIR_ID OLD BYTES AGE: write what is not there yet.
fault_log_flood() {
	fault_log_enter "$1" && [ "$fault_dir_id" = "$2" ] || give_up "$fault_dir is another directory now"
	fault_row="$(date -u +%Y-%m-%dT%H:%M:%SZ) $fault_log_mark: connection refused, nothing is wrong beyond this drill"
	for fault_name in $(fault_log_numbers "$3"); do
		fault_path=$fault_file${fault_name#0}
		fault_log_kind "$fault_path"
		case $fault_kind in
		flood) continue ;;
		other) give_up "$fault_dir/${fault_path#./} is there, and is no flood" ;;
		esac
		rm -f -- "./.remedy-flood"
		(set -C && umask 022 && yes "$fault_row" | head -n "$(($4 / (${#fault_row} + 1) + 1))" >./.remedy-flood) || give_up "the flood could not be written"
		[ "$5" -eq 0 ] || touch -d "@$((now - $5))" ./.remedy-flood || give_up "the flood could not be made old"
		mv -- ./.remedy-flood "$fault_path" || give_up "the flood could not be named"
	done
}

# fault_log_clear FILE DIR_ID: take floods away, rotated ones too, and nothing else that is called so.
fault_log_clear() {
	fault_log_enter "$1" || return 0
	[ "$fault_dir_id" = "$2" ] || give_up "$fault_dir is another directory now"
	rm -f -- ./.remedy-flood
	for fault_path in "$fault_file" "$fault_file".[0-9]*; do
		fault_log_kind "$fault_path"
		[ "$fault_kind" != flood ] || rm -f -- "$fault_path"
	done
}
