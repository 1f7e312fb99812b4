# shellcheck shell=sh disable=SC2034
# Looks at files by identity (device:inode:size:mtime): which are old, and free to go.

files_nl='
'
files_tab='	'
files_aside=.remedy-aside

# files_prune_look ROOT MATCH CUTOFF DEPTH MAX_FILES MAX_BYTES QUARANTINE MAX_SHARE
#   CUTOFF is seconds since 1970; DEPTH 0 means any; QUARANTINE "" means none; MAX_SHARE is of a hundred parts of the filesystem.
# Ground: what ROOT is, why it must not be pruned if so, an item for each file, the quarantine's state.
files_prune_look() {
	need_large_numbers
	need find stat sort cut
	[ -r /proc/self/fd ] || lacks "/proc is not mounted"
	echo "cutoff $3"
	if ! [ -e "$1" ] && ! [ -h "$1" ]; then
		files_demand_missing "$1"
		printf 'root none\nquarantine none\n--\n'
		return
	fi
	files_enter_root "$1"
	files_root_identity "$1"
	echo "root $files_root_id"
	files_database_above "$1"
	files_mounts=$(files_mounts_below "$1")
	files_held=unknown
	files_unseen
	{
		# a path never holds `//`, so it ends a record whatever else the name holds
		files_walk "$2" "$4" | files_sift "$3" "$4" "$5" "$6" "$7" "$8"
	} | sort | cut -c 3-
}

files_prune_look_foresee() { foresee "$1"; }

# Set files_root_id to DEVICE:INODE of ROOT, which is the current directory; or end.
files_root_identity() {
	foreseen "$1" || foresee_stat=$(stat_words .) || give_up "$1 vanished"
	files_root_id=${foresee_stat%% *}
}

# Enter ROOT, or end: a link is never followed, not even in the middle.
files_enter_root() {
	[ -d "$1" ] || lacks "$1 is not a directory"
	cd -P -- "$1" 2>/dev/null || lacks "$1 cannot be entered"
	[ "$PWD" = "$1" ] || lacks "$1 is reached through a symbolic link; name $(escape "$PWD") instead"
}

# End unless what is not seen at PATH is really not there: this login may not be let in above it.
files_demand_missing() {
	files_up=$1
	while [ -n "$files_up" ] && ! [ -e "$files_up" ] && ! [ -h "$files_up" ]; do files_up=${files_up%/*}; done
	[ -x "${files_up:-/}" ] || ! [ -d "${files_up:-/}" ] || lacks "${files_up:-/} cannot be entered"
}

files_walk() {
	if [ "$2" = 0 ]; then set -- "$1" "" 0; else set -- "$1" -maxdepth $(($2 + 1)); fi
	# shellcheck disable=SC2086 # nothing, or one option and its number
	find . $2 ${2:+$3} -xdev \
		\( -type f \( -name "$1" -o -name PG_VERSION -o -name ibdata1 -o -name WiredTiger \) -o -type l -name "$1" \) \
		-exec stat -c '%Y %d:%i:%s:%Y %h %b %B %f %n//' {} + 2>/dev/null
}

# files_sift CUTOFF DEPTH MAX_FILES MAX_BYTES QUARANTINE MAX_SHARE: records of files_walk in, sortable lines out.
files_sift() {
	files_count=0 files_bytes=0 files_disk=0 files_open=0 files_holders='' files_linked=0 files_links=0 files_shown=0 files_database=
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
	[ "$files_count" -eq 0 ] || files_within_share "$6" || echo "0 over share"
	printf '0 '
	files_quarantine_state "$5" "$files_disk"
	printf '2 --\n3 files %s\n3 bytes %s\n3 bytes_on_disk %s\n3 open %s\n3 linked %s\n3 links %s\n3 unseen_processes %s\n' \
		"$files_count" "$files_bytes" "$files_disk" "$files_open" "$files_linked" "$files_links" "$files_hidden"
	[ -z "$files_holders" ] || printf '3 open_by %s\n' "$files_holders"
	[ -z "$files_hidden_who" ] || printf '3 unseen_who %s\n' "$files_hidden_who"
}

# Are the files no more than so many of a hundred parts of the filesystem?
files_within_share() {
	[ "$1" -lt 100 ] || return 0
	files_whole=$(stat -f -c '%b %S' .) || lacks "the size of the filesystem cannot be told"
	[ $((files_disk * 100)) -le $((${files_whole% *} * ${files_whole#* } * $1)) ]
}

# One record. Prints its item unless it is a link, too new, too deep, held open, linked twice or on a mount.
files_one() {
	files_name=${1%//}
	# shellcheck disable=SC2086 # the fixed fields
	set -- "$2" "$3" "$4" "$5" ${files_name%%./*}
	files_name=${files_name#*./}
	case ${10}/$files_name in
	8*/PG_VERSION | 8*/ibdata1 | 8*/WiredTiger)
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
	case ${10} in a*) # a symbolic link: st_mode in hexadecimal, inode(7)
		files_links=$((files_links + 1))
		files_why link
		return
		;;
	esac
	if [ "$7" -gt 1 ]; then
		files_linked=$((files_linked + 1))
		files_why linked
		return
	fi
	# asked when a file is old enough, which on a healthy host none is: it reads what every process holds
	[ "$files_held" != unknown ] || files_held=$(files_held_on "${files_root_id%:*}")
	case $files_nl$files_held in
	*"$files_nl$files_id "*)
		files_open=$((files_open + 1))
		files_holder "$files_id"
		files_why open
		return
		;;
	esac
	files_count=$((files_count + 1))
	set -- "$@" "${6%:*}"
	files_bytes=$((files_bytes + ${11##*:})) files_disk=$((files_disk + $8 * $9))
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

# device:inode of every regular file on DEVICE that a process holds open, and a process that does, a line each.
files_held_on() {
	find -L /proc/[0-9]*/fd -maxdepth 1 -type f -exec stat -L -c '%d:%i %n' {} + 2>/dev/null |
		sort -u -k 1,1 | while read -r files_id files_fd; do
		files_fd=${files_fd#/proc/}
		case $files_id in "$1":*) echo "$files_id ${files_fd%%/*}" ;; esac
	done
}

# Add the process of files_held that holds DEVICE:INODE to files_holders: the first few, by number and name.
files_holder() {
	files_process=$files_nl$files_held
	files_process=${files_process#*"$files_nl$1 "}
	files_process=${files_process%%"$files_nl"*}
	case ", $files_holders, " in *", $files_process "* | *", ..., "*) return 0 ;; esac
	case $files_holders in
	*,*,*) files_holders="$files_holders, ..." ;;
	*)
		read -r files_comm 2>/dev/null <"/proc/$files_process/comm" || files_comm='(ended)'
		files_holders="${files_holders:+$files_holders, }$files_process $(escape "$files_comm")"
		;;
	esac
}

# Set files_hidden to how many living processes do not show what they hold open, even to root where they have
# rights that it has not, and files_hidden_who to the first few by number and name.
files_unseen() {
	files_hidden=0 files_hidden_who=
	for files_process in /proc/[0-9]*; do
		[ -e "$files_process/root" ] && continue
		{ IFS= read -r files_stat <"$files_process/stat"; } 2>/dev/null || continue
		case ${files_stat##*) } in [ZX]*) continue ;; esac
		files_hidden=$((files_hidden + 1))
		[ "$files_hidden" -le 3 ] || continue
		files_stat=${files_stat#*"("}
		files_hidden_who="${files_hidden_who:+$files_hidden_who, }${files_process#/proc/} $(escape "${files_stat%")"*}")"
	done
	[ "$files_hidden" -le 3 ] || files_hidden_who="$files_hidden_who, ..."
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
	set -- "$2" '' $files_there "$1"
	case $3 in "${files_root_id%:*}") files_state=same-filesystem ;; *) files_state="ok $3:$4 $(escape "$9")" ;; esac
	# shellcheck disable=SC3067 # dash, bash, busybox, mksh and zsh have it
	[ "$5" = 0 ] || [ -O "$9" ] || files_state=unsafe
	case $6 in *[2367]? | *[2367]) files_state=unsafe ;; esac
	case $files_state in
	ok*) [ $(($7 * $8)) -gt $(($1 + $1 / 64 + 1048576)) ] || files_state=full ;;
	esac
	echo "quarantine $files_state"
}
