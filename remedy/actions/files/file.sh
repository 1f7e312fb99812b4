# shellcheck shell=sh disable=SC2154,SC2034
# One file: what it is now, a copy of it kept for its undo, and back again. Read after accounts.sh and files.sh.

file_largest_kept=65536 # bytes of text that a plan keeps for its undo
file_largest_read=1048576
file_largest_by_line=1500 # bytes that a shell reads as cheaply as it starts a process

# file_put_look PATH OWNER GROUP QUARANTINE PRIVATE [PART...]
#   OWNER and GROUP "" mean: as they are. PRIVATE is "" or "private"; then the PARTs are what it is to hold.
# Ground: where it is, what it is, by identity, mode, owner and content; where a copy of it may be kept.
file_put_look() {
	need_large_numbers
	need stat id sha256sum sed tr
	file_wants=:
	if [ -n "$2$3" ]; then # each substitution is a process
		file_wants=$(account_number -u "$2" passwd) || exit 3
		file_wants=$file_wants:$(account_number -g "$3" group) || exit 3
	fi
	file_shelf=$4 file_private=$5
	if ! file_enter "$1"; then
		printf 'dir none\nwhat none\n--\n'
		return
	fi
	file_path=$1 file_foreseen=
	shift 5
	file_kind
	file_see_foreseen || file_see || give_up "it vanished"
	echo "dir ${file_stats%% *}"
	echo "what $file_is"
	echo "wants $file_wants"
	file_can
	if [ "$file_is" = file ]; then file_regular "$@"; else echo "--"; fi
}

file_put_look_foresee() {
	file_dir=${1%/*}
	foresee "${file_dir:-/}"
	if [ "${5-}" = private ]; then foresee "$1"; else foresee "$1" sum; fi
}

# Set file_stats to the words of stat_words: of the directory, and of a regular file.
file_see() { file_stats=$(if [ "$file_is" = file ]; then stat_words . "$file_base"; else stat_words .; fi); }

# The same of what was foreseen; then file_foreseen is 1, and foresee_sum and foresee_plain are the file's.
file_see_foreseen() {
	foreseen "$file_dir" || return 1
	file_stats=$foresee_stat
	[ "$file_is" = file ] || return 0
	foreseen "$file_path" || return 1
	file_stats="$file_stats $foresee_stat" file_foreseen=1
}

# Enter the directory of PATH, or end badly where there is none. A link is never followed, not even in the middle.
file_enter() {
	file_dir=${1%/*} file_base=./${1##*/}
	file_dir=${file_dir:-/}
	if ! [ -d "$file_dir" ]; then
		! [ -e "$file_dir" ] || lacks "$file_dir is not a directory"
		files_demand_missing "$file_dir"
		return 1
	fi
	cd -P -- "$file_dir" 2>/dev/null || lacks "$file_dir cannot be entered"
	[ "$PWD" = "$file_dir" ] ||
		lacks "$file_dir is reached through a symbolic link; name $(escape "${PWD%/}/${1##*/}") instead"
}

# Set file_is to what is at file_base.
file_kind() {
	if [ -h "$file_base" ]; then
		file_is="link"
	elif [ -f "$file_base" ]; then
		file_is="file"
	elif [ -d "$file_base" ]; then
		file_is=directory
	elif [ -e "$file_base" ]; then
		file_is=special
	else
		file_is=none
	fi
}

# Whether this login may write here, and give a file to whom it is to belong.
file_can() {
	file_owner=${file_wants%:*}
	# shellcheck disable=SC3067 # dash, bash, busybox, mksh and zsh have it; elsewhere stat tells
	if [ -z "$file_owner" ] && [ "$file_is" = file ] && ! [ -O "$file_base" ]; then
		file_owner=$(stat -c '%u' -- "$file_base")
	fi
	if [ -n "$file_owner" ] && file_uid=$(id -u) && [ "$file_uid" -ne 0 ] && [ "$file_owner" -ne "$file_uid" ]; then
		echo "can not-own"
	elif [ -w . ]; then
		echo "can write"
	else
		echo "can not-write"
	fi
}

# A regular file: its ground, and as evidence what a plan needs to show it and to bring it back.
file_regular() {
	# shellcheck disable=SC2086 # seven words of the directory, and seven of the file
	file_said $file_stats
	file_shown=
	case $file_private in
	private)
		if file_holds "$@"; then echo "holds same"; else echo "holds other"; fi
		;;
	*) file_summed ;;
	esac
	if [ -n "$file_shown" ]; then echo "quarantine none"; else file_shelf_state; fi
	printf '%s\nlinks %s\n' -- "$file_links"
	# shellcheck disable=SC2012 # only the mark after its mode is read, which comes before the name
	[ -n "$file_foreseen" ] && [ -n "$foresee_sum" ] && [ -n "$foresee_plain" ] ||
		case $(ls -ld -- "$file_base") in ??????????+*) echo "access list" ;; esac
	[ -z "$file_shown" ] || file_show
}

# file_said (seven words) DEVICE:INODE SIZE:MTIME MODE OWNER LINKS ...
file_said() {
	shift 7
	file_size=${2%:*} file_links=$5
	printf 'is %s:%s\nmode %s\nowner %s\n' "$1" "$2" "$3" "$4"
}

file_summed() {
	if [ "$file_size" -gt "$file_largest_read" ]; then
		echo "sha256 large"
		return
	fi
	file_sum=
	[ -z "$file_foreseen" ] || file_sum=$foresee_sum
	[ -n "$file_sum" ] || file_sum=$(sha256sum <"$file_base") || give_up "it cannot be read"
	echo "sha256 ${file_sum%% *}"
	[ "$file_size" -gt "$file_largest_kept" ] || ! file_read || file_shown=1
}

# Read the file into file_text, a dot behind it, and end well if that is all: a shell drops NUL bytes, all but zsh.
file_read() {
	[ -z "${ZSH_VERSION-}" ] || file_is_text || return 1
	if file_is_short; then
		file_read_lines
	else
		file_text=$(cat -- "$file_base" && echo .)
	fi 2>/dev/null
	[ "${#file_text}" -eq $((file_size + 1)) ]
}

# To be read and printed by builtins; a program's arguments can be seen by everybody, and ksh has no printf.
file_is_short() { [ -z "${KSH_VERSION-}" ] && [ "$file_size" -le "$file_largest_by_line" ]; }

# The same by builtins; file_barred is what file_show prints of it.
file_read_lines() {
	file_text='' file_barred=''
	while IFS= read -r file_line; do
		file_text=$file_text$file_line$files_nl file_barred=$file_barred"|"$file_line$files_nl
	done <"$file_base"
	file_text=$file_text$file_line. file_barred=$file_barred${file_line:+"|"$file_line}
}

# Its lines behind a bar each, and a dot where it ends.
file_show() {
	if file_is_short; then printf %s "$file_barred"; else sed 's/^/|/' <"$file_base"; fi
	case $file_text in . | *"$files_nl.") echo "|." ;; *) echo . ;; esac
}

file_is_text() { [ "$(tr -d '\000' <"$file_base" | wc -c)" -eq "$file_size" ]; }

# Does the file hold exactly the PARTs? Compared by builtins: an argument of a program can be seen by everybody.
file_holds() {
	file_wanted=
	for file_part; do file_wanted=$file_wanted$file_part; done
	file_size=$(stat -c %s -- "$file_base")
	[ "$file_size" -le "$file_largest_read" ] && file_is_text || return 1
	file_now=$(
		cat -- "$file_base" || exit
		echo .
	) || give_up "it cannot be read"
	[ "$file_now" = "$file_wanted." ]
}

# May a copy of the file go to the quarantine? On whichever filesystem: it frees nothing.
file_shelf_state() {
	files_root_id=-:-
	files_quarantine_state "$file_shelf" "$file_size"
}

# ---------------------------------------------------------------- keeping, and back again

# file_keep PATH DIR_ID IDENTITY STORE: copy the file into STORE, a directory of the quarantine, and compare.
file_keep() {
	need stat cp cmp mv mkdir
	file_enter "$1" || give_up "there is no directory for $1; nothing was done"
	[ "$(stat -c '%d:%i' .)" = "$2" ] || give_up "${1%/*} is another directory now; nothing was done"
	[ "$(stat -c '%d:%i:%s:%Y' -- "$file_base")" = "$3" ] || give_up "$1 is another file now; nothing was done"
	(cd -P -- "${4%/*}" && [ "$PWD" = "${4%/*}" ]) || give_up "there is no quarantine ${4%/*}; nothing was done"
	mkdir -- "$4" 2>/dev/null
	file_is_ours "$4" || give_up "$4 is not this login's alone; nothing was done"
	if ! cp -pP -- "$file_base" "$4/part" || ! cmp -s -- "$file_base" "$4/part" || ! mv -f -- "$4/part" "$4/kept"; then
		give_up "the quarantine holds no copy that is the same; nothing was done"
	fi
	sync -f -- "$4" 2>/dev/null || : # where sync can be told of one filesystem
}

file_is_ours() {
	[ -d "$1" ] && ! [ -h "$1" ] || return 1
	case $(stat -c '%u:%a' -- "$1") in "$(id -u):700" | "$(id -u):2700") return 0 ;; esac
	return 1
}

# file_still PATH WAS NEW [PART...]: go on only if the file is what was put there, or what it was before.
#   NEW is sha256:HEX, or "parts"; WAS is sha256:HEX, SIZE:MTIME, or none.
file_still() {
	need stat sha256sum tr
	file_enter "$1" || give_up "there is no directory for $1 any more"
	file_was=$2
	shift
	file_is_what "$file_was" || file_is_put "$@" || give_up "somebody else changed it since; it stays as it is"
}

# file_is_put WAS NEW [PART...]
file_is_put() {
	[ -f "$file_base" ] && ! [ -h "$file_base" ] || return 1
	case $2 in
	parts)
		shift 2
		file_holds "$@"
		;;
	*) file_is_what "$2" ;;
	esac
}

file_is_what() {
	if [ "$1" = none ]; then
		! [ -e "$file_base" ] && ! [ -h "$file_base" ]
		return
	fi
	[ -f "$file_base" ] && ! [ -h "$file_base" ] || return 1
	case $1 in
	sha256:*)
		file_sum=$(sha256sum <"$file_base") && [ "sha256:${file_sum%% *}" = "$1" ]
		;;
	*) [ "$(stat -c '%s:%Y' -- "$file_base")" = "$1" ] ;;
	esac
}

# file_unput PATH NEW [PART...]: remove the file, if it holds what was put there.
file_unput() {
	need stat rm sha256sum tr
	file_enter "$1" || return 0
	file_is_what none && return
	shift
	file_is_put none "$@" || give_up "somebody else changed it since; it stays as it is"
	rm -f -- "$file_base"
	file_is_what none
}

# file_bring PATH WAS STORE: put the copy in STORE back, built beside and renamed over; WAS is SIZE:MTIME.
file_bring() {
	need stat cp cmp mv mkdir rm rmdir
	file_enter "$1" || give_up "there is no directory for $1 any more"
	if ! [ -f "$3/kept" ]; then
		file_is_what "$2" && return
		give_up "there is no copy of it in $3"
	fi
	mkdir -m 700 ./.remedy-back 2>/dev/null
	file_is_ours ./.remedy-back || give_up "no private directory can be made beside it"
	rm -f -- ./.remedy-back/kept
	if ! cp -pP -- "$3/kept" ./.remedy-back/ || ! cmp -s -- "$3/kept" ./.remedy-back/kept ||
		! mv -f -- ./.remedy-back/kept "$file_base"; then
		rm -rf -- ./.remedy-back
		give_up "it could not be copied back"
	fi
	rmdir ./.remedy-back
	rm -f -- "$3/kept" && rmdir -- "$3"
}
