# shellcheck shell=sh
# Log files rotated so that no line is lost.
#
# A log leaves in three moves. aside: the file gets a second name in the private directory
# .remedy-rotating and an empty file takes its own, in one rename. reopen: whoever still writes to the
# old file is told, and waited for. keep: the old file, which nobody writes to any more, is compressed,
# compared, and becomes generation 1. Cut off anywhere, the next look finds it unfinished, and goes on.

logs_nl='
'
logs_tab='	'
logs_aside=.remedy-rotating

# ---------------------------------------------------------------- looking

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
	# shellcheck disable=SC2154 # unescape sets it
	if ! logs_free_slot "$unescaped" "$logs_keep"; then
		logs_taken "$unescaped" "$logs_keep"
		printf 'item %s\tdrop:%s\n' "$(escape "$logs_there")" "$(stat -c '%d:%i:%s:%Y' -- "$logs_there")"
	fi
	printf 'item %s\t%s:%s:%s\n' "$logs_path" "$1" "$2" "$(logs_class "$2" "$3" "$4")"
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

# ---------------------------------------------------------------- who writes

# Let logs_open hold a line ID PID for every descriptor that can write to one of these files (a line each).
logs_writers() {
	logs_open=
	[ -n "$1" ] || return 0
	logs_open=$(
		find -L /proc/[0-9]*/fd -maxdepth 1 -type f -exec stat -L -c '%d:%i %n' {} + 2>/dev/null |
			while read -r logs_id logs_fd; do
				case $logs_nl$1$logs_nl in *"$logs_nl$logs_id$logs_nl"*) ;; *) continue ;; esac
				logs_pid=${logs_fd#/proc/}
				logs_pid=${logs_pid%%/*}
				logs_flags=$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$logs_pid/fdinfo/${logs_fd##*/}" 2>/dev/null)
				case $logs_flags in *[1256]) echo "$logs_id $logs_pid" ;; esac # O_WRONLY or O_RDWR: fcntl.h
			done | sort -u
	)
}

# Does process PID still hold the file ID? One that was started for a moment is gone by now.
logs_holds() {
	case $logs_nl$(find -L "/proc/$1/fd" -maxdepth 1 -type f -exec stat -L -c '%d:%i' {} + 2>/dev/null)$logs_nl in
	*"$logs_nl$2$logs_nl"*) return 0 ;;
	esac
	return 1
}

# The processes among logs_open that write to the file ID.
logs_pids() {
	printf '%s\n' "$logs_open" | while read -r logs_id logs_pid; do
		[ "$logs_id" != "$1" ] || echo "$logs_pid"
	done
}

# Count the living processes that do not show what they hold open.
logs_unseen() {
	for logs_process in /proc/[0-9]*; do
		[ -e "$logs_process/root" ] && continue
		{ IFS= read -r logs_stat <"$logs_process/stat"; } 2>/dev/null || continue
		case ${logs_stat##*) } in [ZX]*) continue ;; esac
		logs_hidden=$((logs_hidden + 1))
	done
}

# Let logs_teller be the process to tell so that process PID opens its log again; fail where there is none.
logs_told_by() {
	logs_mine=$(cat "/proc/$1/cgroup" 2>/dev/null)
	for logs_unit in $logs_units; do
		case $logs_mine$logs_nl in *"/$logs_unit$logs_nl"* | *"/$logs_unit/"*) ;; *) continue ;; esac
		logs_teller=$(systemctl show -p MainPID -- "$logs_unit" 2>/dev/null)
		logs_teller=${logs_teller#MainPID=}
		logs_hears "${logs_teller:-0}" && return
	done
	logs_more=$logs_pid_files
	while [ -n "$logs_more" ]; do
		logs_file=${logs_more%%"$logs_nl"*}
		case $logs_more in *"$logs_nl"*) logs_more=${logs_more#*"$logs_nl"} ;; *) logs_more= ;; esac
		logs_teller=
		{ read -r logs_teller <"$logs_file"; } 2>/dev/null
		case $logs_teller in "" | *[!0-9]*) continue ;; esac
		logs_descends "$1" "$logs_teller" && logs_hears "$logs_teller" && return
	done
	return 1
}

# Does the process catch our signal? One that does not would be ended by it.
logs_hears() {
	logs_caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null)
	[ -n "$logs_caught" ] || return 1
	logs_caught=$((0x${logs_caught#????????????}))
	case $logs_signal in # their numbers on Linux: signal(7)
	HUP) [ $((logs_caught & 1)) -ne 0 ] ;;
	USR1) [ $((logs_caught & 512)) -ne 0 ] ;;
	USR2) [ $((logs_caught & 2048)) -ne 0 ] ;;
	*) return 1 ;;
	esac
}

# Is process PID the process ROOT, or started by it (five levels up)?
logs_descends() {
	logs_up=$1
	for _ in 1 2 3 4 5 6; do
		[ "$logs_up" != "$2" ] || return 0
		logs_up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$logs_up/status" 2>/dev/null)
		case $logs_up in "" | 0 | 1) return 1 ;; esac
	done
	return 1
}

# ---------------------------------------------------------------- rotating

# Read items and call FUNCTION for each, in the log's private directory, with its kind and identity.
# logs_base is the log's name; the log's own directory is `..` there.
logs_each_item() {
	need stat mv rm mkdir rmdir ln chown chmod
	logs_failed=0 logs_done=0
	while IFS= read -r logs_next; do
		logs_state=${logs_next##*"$logs_tab"}
		unescape "${logs_next%"$logs_tab"*}"
		logs_path=$unescaped
		logs_base=${logs_path##*/}
		logs_folder=${logs_path%/*}
		if logs_enter; then
			"$1" "${logs_state%%:*}" "${logs_state#*:}" </dev/null || logs_failed=$((logs_failed + 1))
			cd .. && rmdir "./$logs_aside" 2>/dev/null
		else
			logs_fail "its directory cannot be entered, or has no room for a private one" || logs_failed=$((logs_failed + 1))
		fi
	done
	[ "$logs_failed" -eq 0 ] || give_up "$logs_failed logs could not be rotated; nothing of them is lost"
}

logs_enter() {
	cd -P -- "${logs_folder:-/}" 2>/dev/null && [ "$PWD" = "${logs_folder:-/}" ] || return 1
	mkdir -m 700 "./$logs_aside" 2>/dev/null
	cd -P "./$logs_aside" 2>/dev/null && [ "$PWD" = "$logs_folder/$logs_aside" ] &&
		[ "$(stat -c '%u:%a' .)" = "$(id -u):700" ]
}

logs_fail() {
	printf 'not done: %s: %s\n' "$(escape "$logs_path")" "$1"
	return 1
}

# Is this file DEV:INODE?
logs_is() { [ "$(stat -c '%d:%i' -- "$1" 2>/dev/null)" = "$2" ]; }

# logs_set_aside: give each log its second name, and put an empty file in its place.
logs_set_aside() {
	logs_each_item logs_set_one_aside
}

logs_set_one_aside() {
	[ "$1" != drop ] || return 0
	if [ ! -e "./$logs_base" ]; then
		logs_is "../$logs_base" "${2%:*}" || { echo "gone or changed: $(escape "$logs_path")" && return; }
		ln -- "../$logs_base" "./$logs_base" 2>/dev/null || mv -n -- "../$logs_base" "./$logs_base"
	fi
	if ! logs_is "./$logs_base" "${2%:*}"; then
		if logs_is "../$logs_base" "$(stat -c '%d:%i' -- "./$logs_base")"; then rm -f -- "./$logs_base"; else mv -n -- "./$logs_base" ../; fi
		logs_fail "it is another file than was planned" || return
	fi
	if [ ! -e "../$logs_base" ] || logs_is "../$logs_base" "${2%:*}"; then logs_fresh; fi
}

# An empty file of the same owner and mode, made where nobody else can write, takes the log's name.
logs_fresh() {
	rm -f ./.remedy-new
	# shellcheck disable=SC2046 # owner and mode
	set -- $(stat -c '%u:%g %a' -- "./$logs_base")
	if (set -C && : >./.remedy-new) && chown "$1" ./.remedy-new && chmod "$2" ./.remedy-new &&
		mv -f -T -- ./.remedy-new "../$logs_base"; then return; fi
	logs_fail "no empty file can be put in its place"
}

# logs_reopen SIGNAL UNITS PID_FILES SECONDS: tell whoever writes to the old files, and wait until nobody does.
logs_reopen() {
	logs_signal=$1 logs_units=$2 logs_pid_files=$3 logs_wanted='' logs_told=' '
	while IFS= read -r logs_next; do
		logs_next=${logs_next##*"$logs_tab"}
		logs_next=${logs_next#*:}
		logs_wanted=$logs_wanted${logs_next%:*}$logs_nl
	done
	logs_deadline=$(($(date +%s) + $4))
	logs_writers "$logs_wanted"
	# shellcheck disable=SC2086 # pairs of a file and a process
	logs_tell $logs_open
	while [ -n "$logs_open" ]; do
		[ "$(date +%s)" -lt "$logs_deadline" ] || give_up "still written to after $4 s; nothing is lost: the lines are in $logs_aside"
		sleep 0.2 2>/dev/null || sleep 1
		logs_writers "$logs_wanted"
	done
}

# logs_tell ID PID ...: tell each that can be told, once. All are told before one that cannot ends it.
logs_tell() {
	logs_deaf=
	while [ $# -gt 0 ]; do
		if logs_told_by "$2"; then
			case $logs_told in
			*" $logs_teller "*) ;;
			*)
				kill -s "$logs_signal" "$logs_teller" && echo "sent $logs_signal to process $logs_teller"
				logs_told="$logs_told$logs_teller "
				;;
			esac
		elif logs_holds "$2" "$1"; then
			logs_deaf="$logs_deaf $2"
		fi
		shift 2
	done
	[ -z "$logs_deaf" ] || give_up "written by processes that cannot be told:$logs_deaf; nothing is lost"
}

# logs_keep KEEP COMPRESS: make generation 1 of each log that is aside and that nobody writes to.
logs_keep() {
	logs_keep=$1 logs_compress=$2 logs_before=0 logs_after=0
	logs_each_item logs_keep_one
	echo "rotated $logs_done logs: $logs_before bytes are $logs_after now"
}

logs_keep_one() {
	if [ "$1" = drop ]; then
		logs_drop "$2"
		return
	fi
	logs_is "./$logs_base" "${2%:*}" || { echo "gone or changed: $(escape "$logs_path")" && return; }
	logs_writers "${2%:*}"
	[ -z "$logs_open" ] || logs_fail "it is still written to" || return
	logs_size=$(stat -c %s -- "./$logs_base")
	logs_ready=./$logs_base logs_suffix=
	[ "$logs_compress" = no ] || ! logs_squeeze || { logs_ready=./.remedy-gz logs_suffix=.gz; }
	if [ -n "$logs_suffix" ] && logs_same_time "../$logs_base.1.gz" && logs_same_text "../$logs_base.1.gz"; then
		rm -f ./.remedy-gz "./$logs_base" # it was kept already, and cut off before this
	else
		logs_shift || logs_fail "there is no room in its generations" || return
		logs_after=$((logs_after + $(stat -c %s -- "$logs_ready")))
		mv -n -T -- "$logs_ready" "../$logs_base.1$logs_suffix"
		[ ! -e "$logs_ready" ] || logs_fail "its generation 1 cannot be written" || return
		rm -f -- "./$logs_base"
	fi
	logs_before=$((logs_before + logs_size)) logs_done=$((logs_done + 1))
}

# Compress to .remedy-gz and compare; without room for that the log stays as it is.
logs_squeeze() {
	rm -f ./.remedy-gz
	# shellcheck disable=SC2046 # owner and mode
	set -- $(stat -c '%u:%g %a' -- "./$logs_base")
	if logs_calm gzip -c <"./$logs_base" >./.remedy-gz 2>/dev/null && logs_same_text ./.remedy-gz &&
		[ "$(stat -c %s ./.remedy-gz)" -lt "$logs_size" ] &&
		chown "$1" ./.remedy-gz && chmod "$2" ./.remedy-gz && touch -r "./$logs_base" ./.remedy-gz; then return; fi
	rm -f ./.remedy-gz
	echo "not compressed: $(escape "$logs_path"): no room, or nothing gained"
	return 1
}

# Does this compressed file hold exactly the log's text?
logs_same_text() {
	[ -f "$1" ] && [ "$(gzip -dc <"$1" 2>/dev/null | sha256sum)" = "$(sha256sum <"./$logs_base")" ]
}

logs_same_time() { [ "$(stat -c %Y -- "$1" 2>/dev/null)" = "$(stat -c %Y -- "./$logs_base")" ]; }

# Move generations up by one, as far as the first that is missing: what was cut off half-way goes on.
logs_shift() {
	logs_free_slot "../$logs_base" "$logs_keep" || return 1
	while [ "$logs_slot" -gt 1 ]; do
		logs_from=$((logs_slot - 1))
		for logs_end in .gz ''; do
			[ ! -e "../$logs_base.$logs_from$logs_end" ] ||
				mv -n -T -- "../$logs_base.$logs_from$logs_end" "../$logs_base.$logs_slot$logs_end"
		done
		! logs_taken "../$logs_base" "$logs_from" || return 1
		logs_slot=$logs_from
	done
}

# The generation that is one too many, by identity.
logs_drop() {
	rm -f ./.remedy-drop # of a run that was cut off
	[ "$(stat -c '%d:%i:%s:%Y' -- "../$logs_base" 2>/dev/null)" = "$1" ] || return 0
	mv -n -- "../$logs_base" ./.remedy-drop
	if [ "$(stat -c '%d:%i:%s:%Y' ./.remedy-drop)" = "$1" ]; then
		rm -f ./.remedy-drop
		echo "dropped $(escape "$logs_path")"
	else
		mv -n -T -- ./.remedy-drop "../$logs_base"
	fi
}

logs_calm() {
	if command -v nice >/dev/null 2>&1; then nice -n 19 "$@"; else "$@"; fi
}
