# shellcheck shell=sh disable=SC2034,SC2154
# Rotates logs so that no line is lost. Read after logs.sh and logs_writers.sh.
#
# A log leaves in three moves. aside: the file gets a second name in the private directory
# .remedy-rotating and an empty file takes its own, in one rename. reopen: whoever still writes to the
# old file is told, and waited for. keep: the old file, which nobody writes to any more, is compressed,
# compared, and becomes generation 1. Cut off anywhere, the next look finds it unfinished, and goes on.

# Read items and call FUNCTION for each, in the log's private directory, with its kind and identity.
# logs_base is the log's name; the log's own directory is `..` there.
logs_each_item() {
	need stat mv rm mkdir rmdir ln chown chmod find
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
	cd -P "./$logs_aside" 2>/dev/null && [ "$PWD" = "$logs_folder/$logs_aside" ] || return 1
	case $(stat -c '%u:%a' .) in
	"$(id -u):700" | "$(id -u):2700") ;; # the group's bit is inherited where the directory above has it
	*) return 1 ;;
	esac
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
	logs_drop_left
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

# The generation that is one too many, by identity. Aside it is called by the identity that was approved, so that
# what a cut leaves there can be told from another file.
logs_drop() {
	[ "$(stat -c '%d:%i:%s:%Y' -- "../$logs_base" 2>/dev/null)" = "$1" ] || return 0
	mv -n -T -- "../$logs_base" "./.remedy-drop:$1"
	if logs_drop_aside "./.remedy-drop:$1"; then
		echo "dropped $(escape "$logs_path")"
	else
		mv -n -T -- "./.remedy-drop:$1" "../$logs_base"
	fi
}

logs_drop_aside() {
	[ "$(stat -c '%d:%i:%s:%Y' -- "$1")" = "${1#./.remedy-drop:}" ] && rm -f -- "$1"
}

# What was to be dropped when an earlier run was cut off.
logs_drop_left() {
	find . -maxdepth 1 -type f -name '.remedy-drop:*' | while IFS= read -r logs_left; do logs_drop_aside "$logs_left"; done
}

logs_calm() {
	if command -v nice >/dev/null 2>&1; then nice -n 19 "$@"; else "$@"; fi
}
