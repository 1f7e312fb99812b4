# shellcheck shell=sh disable=SC2034,SC2154
# Looks at log files: which are too large or half rotated, and who writes to them.

logs_nl='
'
logs_tab='	'
logs_aside=.remedy-rotating

# logs_look LARGER KEEP COMPRESS SIGNAL UNITS PID_FILES GLOB...; lists are a line each
# Ground: an item for each log that is too large or half rotated, and for each generation to be dropped.
logs_look() {
	need_large_numbers
	need stat find sed sort cat
	[ "$3" = no ] || need gzip sha256sum
	[ -r /proc/self/fd ] || lacks "/proc is not mounted"
	logs_larger=$1 logs_keep=$2 logs_signal=$4 logs_units=$5 logs_pid_files=$6 logs_found=
	shift 6
	for logs_glob; do
		logs_folder=${logs_glob%/*}
		[ -d "${logs_folder:-/}" ] || continue
		cd -P -- "${logs_folder:-/}" 2>/dev/null || lacks "$logs_folder cannot be entered"
		[ "$PWD" = "${logs_folder:-/}" ] ||
			lacks "$logs_folder is reached through a symbolic link; name $(escape "$PWD") instead"
		logs_find "${logs_glob##*/}"
	done
	logs_hidden=0
	[ -z "$logs_found" ] || logs_unseen
	logs_writers "$(logs_ids)"
	logs_each_found logs_item
	echo "--"
	echo "unseen_processes $logs_hidden"
	logs_each_found logs_evidence
}

# Add to logs_found a line KIND DEV:INODE UID MODE SIZE ESCAPED-PATH for each log to be rotated here.
logs_find() {
	logs_records=$(find . "./$logs_aside" -maxdepth 1 -type f -name "$1" ! -name '.remedy-*' \
		\( -path "./$logs_aside/*" -o -size "+${logs_larger}c" \) -exec stat -c '%d:%i %u %a %s %h %n//' {} + 2>/dev/null)
	logs_rest=$logs_records
	while [ -n "$logs_rest" ]; do
		logs_record=${logs_rest%%//"$logs_nl"*} # a path never holds `//`, so that ends a record
		case $logs_rest in *"//$logs_nl"*) logs_rest=${logs_rest#*//"$logs_nl"} ;; *) logs_rest= ;; esac
		logs_add "${logs_record%//}"
	done
}

logs_add() {
	logs_name=${1#*./}
	# shellcheck disable=SC2086 # the fixed fields
	set -- ${1%%./*}
	logs_kind=rotate
	case $logs_name in
	"$logs_aside"/*) logs_kind=unfinished logs_name=${logs_name#*/} ;;
	*.[0-9] | *.[0-9][0-9] | *.[0-9][0-9][0-9] | *.gz | *.bz2 | *.xz | *.zst) return ;;
	*) [ ! -e "./$logs_aside/$logs_name" ] || return 0 ;; # first finish what is half done
	esac
	[ "$5" -eq 1 ] || [ $logs_kind = unfinished ] || return 0
	logs_line="$logs_kind $1 $2 $3 $4 $(escape "${PWD%/}/$logs_name")"
	case $logs_nl$logs_found in *"$logs_nl$logs_line$logs_nl"*) return ;; esac
	logs_found=$logs_found$logs_line$logs_nl
}

# Call FUNCTION with the fields of each line of logs_found.
logs_each_found() {
	logs_left=$logs_found
	while [ -n "$logs_left" ]; do
		logs_line=${logs_left%%"$logs_nl"*}
		logs_left=${logs_left#*"$logs_nl"}
		logs_path=${logs_line#* * * * * }
		# shellcheck disable=SC2086 # the fixed fields
		set -- "$1" ${logs_line%%/*}
		"$1" "$2" "$3" "$4" "$5" "$6"
	done
}

logs_ids() { logs_each_found logs_id_of; }
logs_id_of() { echo "$2"; }

logs_item() {
	unescape "$logs_path"
	if ! logs_free_slot "$unescaped" "$logs_keep" && ! { [ "$1" = unfinished ] && logs_kept_already "$unescaped"; }; then
		logs_taken "$unescaped" "$logs_keep"
		printf 'item %s\tdrop:%s\n' "$(escape "$logs_there")" "$(stat -c '%d:%i:%s:%Y' -- "$logs_there")"
	fi
	printf 'item %s\t%s:%s:%s\n' "$logs_path" "$1" "$2" "$(logs_class "$2" "$3" "$4")"
}

# Is the log that is aside generation 1 of PATH already, and was only its second name not taken away?
logs_kept_already() {
	logs_second=${1%/*}/$logs_aside/${1##*/}
	[ "$(stat -c %Y -- "$1.1.gz" 2>/dev/null)" = "$(stat -c %Y -- "$logs_second")" ] &&
		[ "$(gzip -dc <"$1.1.gz" 2>/dev/null | sha256sum)" = "$(sha256sum <"$logs_second")" ]
}

# Let logs_slot be the lowest generation of PATH that is not there, up to MOST; fail where all are.
logs_free_slot() {
	logs_slot=1
	while logs_taken "$1" "$logs_slot"; do
		[ "$logs_slot" -lt "$2" ] || return 1
		logs_slot=$((logs_slot + 1))
	done
}

# Is generation NUMBER of PATH there, compressed or not? Let logs_there be its path.
logs_taken() {
	for logs_there in "$1.$2.gz" "$1.$2"; do
		if [ -e "$logs_there" ] || [ -h "$logs_there" ]; then return 0; fi
	done
	return 1
}

logs_evidence() {
	printf 'log %s %s\t%s\n' "$5" "$1" "$logs_path"
	logs_pids "$2" | while read -r logs_pid; do
		logs_comm=
		{ read -r logs_comm <"/proc/$logs_pid/comm"; } 2>/dev/null
		printf 'writer %s %s\t%s\n' "$logs_pid" "$(escape "$logs_comm")" "$logs_path"
	done
}

# logs_class ID UID MODE: closed (nobody writes to it), reopens (all who do can be told), held, or unclear.
logs_class() {
	logs_class=closed
	for logs_pid in $(logs_pids "$1"); do
		if logs_told_by "$logs_pid"; then
			logs_class=reopens
		elif logs_holds "$logs_pid" "$1"; then
			echo held
			return
		fi
	done
	if [ "$logs_class:$logs_hidden" != closed:0 ] && [ $logs_class = closed ]; then
		case $(id -u):$3 in
		"$2":*[2367]? | "$2":*[2367]) logs_class=unclear ;;
		"$2":*) ;; # those we cannot see run as others, who may not write to it
		*) logs_class=unclear ;;
		esac
	fi
	echo $logs_class
}
