# shellcheck shell=sh disable=SC2016,SC2034,SC2154,SC2229 # what other files set or use, and options in a variable
# The far end of a conversation: requests on standard input, frames on standard output.
#
# Sent whole as the first thing on standard input, with `far_nonce`, `far_idle_s` and the shipped
# functions set before it (see shell.py). Runs no function itself: every batch of looks and every
# operation is a worker.sh in a process group of its own. POSIX; dash, bash, busybox, mksh, zsh.
#
# A request is a line NONCE VERB LINES BYTES WORD... and that much text, ending in a line `.`.
# A frame is a line NONCE SEQ WORD... after a newline, and text up to the next frame.

far_nl='
'

# Print text as it is, by a builtin: an external printf would show it in the list of processes.
far_print() { printf %s "$1"; }
# shellcheck disable=SC3028 # unset where it is not ksh
case ${KSH_VERSION-} in
*MIRBSD* | *LEGACY*) far_print() { print -rn -- "$1"; } ;;
esac

far_frame() { far_print "$far_nl$far_nonce $far_seq $1$far_nl${2-}"; }

# ---------------------------------------------------------------- requests

# A silent network must not keep the lease for ever. Where `read` takes no time limit, one child watches
# for the whole session. It is told of work by URG and of idleness by WINCH: where its traps are not set
# yet, these do nothing. It ends this shell when it has been idle for one or two whole periods.
far_watch() {
	[ -z "$far_timed" ] || return 0
	[ -z "$far_watcher" ] || {
		kill -WINCH "$far_watcher"
		return
	}
	(
		far_stirred=1 far_busy=''
		trap 'far_stirred=1 far_busy=1' URG
		trap 'far_stirred=1 far_busy=' WINCH
		while [ -n "$far_stirred$far_busy" ] || far_has_work; do
			far_stirred=''
			far_sleep_or_end "$far_idle_s"
		done
		far_parent=$$
		[ ! -r /proc/self/stat ] || read -r far_a far_b far_c far_parent far_rest </proc/self/stat
		[ "$far_parent" != "$$" ] || kill -KILL "$$"
	) </dev/null >/dev/null 2>&1 9>&- &
	far_watcher=$!
	trap far_end EXIT # also where this shell ends by a mistake, or its watcher would sleep on alone
}

# Whether this shell has another child than its watcher.
far_has_work() {
	far_line=''
	[ ! -r "/proc/$$/task/$$/children" ] || IFS= read -r far_line <"/proc/$$/task/$$/children"
	case $far_line in *" "*[0-9]*) return 0 ;; *) return 1 ;; esac
}

# In a child: sleep; a TERM ends the child and its sleep. Until the sleep runs, $! is the parent's last.
# It is killed by KILL: between fork and exec a TERM would be taken by this trap's own handler, and be lost. And it is
# waited for: process 1 of a container may be a PostgreSQL, which takes a stranger's death by a signal for a crash of its own.
# But not within the trap: zsh may wait there for ever.
far_sleep_or_end() {
	far_before=${!-} far_ended=''
	trap 'far_ended=1; [ "${!-}" = "$far_before" ] || kill -KILL "$!"' TERM
	sleep "$1" &
	[ -z "$far_ended" ] || kill -KILL "$!" # it came before $! was the sleep
	far_await
	trap '' TERM # from here on it is too late
	[ -z "$far_ended" ] || exit 1
}

# Until the last child has ended: another signal ends a wait, but not the child.
far_await() { while kill -0 "$!"; do wait "$!"; done; }

far_end() {
	trap - EXIT
	[ -z "$far_watcher" ] || {
		kill "$far_watcher"
		wait "$far_watcher"
	}
	exit
}

# The next whole request: far_verb, far_words, far_body. Ends at end of input.
far_take() {
	# shellcheck disable=SC2086 # -t SECONDS, or nothing
	IFS=' ' read -r $far_timed far_got far_verb far_lines far_bytes far_words || far_end
	[ "$far_got" = "$far_nonce" ] || far_end
	far_body=
	if [ "$far_bytes" -gt 1500 ]; then
		far_body=$(dd bs="$far_bytes" count=1 iflag=fullblock 2>/dev/null ||
			dd bs=1 count="$far_bytes" 2>/dev/null)$far_nl
	else
		while [ "$far_lines" -gt 0 ]; do
			# shellcheck disable=SC2086
			IFS= read -r $far_timed far_line || far_end
			far_body=$far_body$far_line$far_nl far_lines=$((far_lines - 1))
		done
	fi
	case $far_body in
	".$far_nl" | *"$far_nl.$far_nl") far_body=${far_body%".$far_nl"} ;;
	*) far_end ;;
	esac
}

# ---------------------------------------------------------------- groups

# far_work SECONDS MODE LIMIT FAMILIES TEXT: run a worker on this text in a group of its own; 124 at its deadline.
far_work() {
	far_input="$far_nonce $far_seq $far_now $3 $4$far_nl$5"
	if [ "$far_grouping" = timeout ]; then
		{ far_print "$far_input"; } 9>&- | timeout -s KILL "$1" sh -c 'eval "$remedy_worker"' sh "$2" 9>&- &
		far_worker=$!
		wait "$far_worker"
		far_rc=$?
		[ "$far_rc" -ne 137 ] || far_rc=124 # it kills its whole group, itself included
	else
		{ far_print "$far_input"; } 9>&- | setsid sh -c 'eval "$remedy_worker"' sh "$2" 9>&- &
		far_worker=$!
		(
			far_sleep_or_end "$1"
			kill -KILL "-$far_worker"
		) </dev/null >/dev/null 2>&1 7>&- 9>&- &
		far_killer=$!
		wait "$far_worker"
		far_rc=$?
		kill "$far_killer"
		wait "$far_killer" && far_rc=124
	fi
	kill -KILL "-$far_worker"
	return "$far_rc"
}

far_choose_grouping() {
	far_grouping=
	if command -v setsid >/dev/null; then far_grouping=setsid; else far_prefer_timeout; fi
}

# GNU timeout makes a group and ends all of it: half the cost of setsid, a shell and a sleep. Others do not.
far_prefer_timeout() {
	command -v timeout >/dev/null || return 0
	case $(timeout --version) in *"GNU coreutils"*) far_grouping=timeout ;; esac
}

# ---------------------------------------------------------------- what this host is

far_choose_state() {
	far_state=
	if [ "$far_uid" = 0 ] && far_usable /run remedy; then
		far_state=/run/remedy
	elif far_usable /run/lock "remedy.$far_uid"; then
		far_state=/run/lock/remedy.$far_uid
	else
		case ${HOME-} in /*) ! far_usable "${HOME%/}" .remedy || far_state=${HOME%/}/.remedy ;; esac
	fi
	# A container whose files can only be read has this directory all the same, until it ends.
	[ -n "$far_state" ] || [ ! -e /.dockerenv ] || ! far_usable /dev/shm "remedy.$far_uid" ||
		far_state=/dev/shm/remedy.$far_uid
}

# A directory that is there and can be written, or that can be made.
far_usable() {
	if [ -d "$1/$2" ] || [ -h "$1/$2" ]; then [ -w "$1/$2" ]; else [ -w "$1/" ]; fi && far_is_writable "$1/"
}

# busybox says that root can write everything. In a container, where that is often not so, rmdir is asked:
# it is told of a filesystem that can only be read before it is told that nothing of the name is there.
far_is_writable() {
	[ "$far_uid" = 0 ] && [ -e /.dockerenv ] || return 0
	case $(rmdir "$1remedy.none" 2>&1) in *[Rr]"ead-only"*) return 1 ;; *) return 0 ;; esac
}

# Who this is, what system, and what time it is: far_uid, far_user, far_system, far_now.
far_ask_programs() {
	far_facts=$(id && date +%s && uname -sm)
	far_uid=${far_facts#uid=}
	far_uid=${far_uid%%[!0-9]*}
	case $far_facts in "uid=$far_uid("*)
		far_user=${far_facts#*"("}
		far_user=${far_user%%")"*}
		;;
	esac
	far_facts=${far_facts#*"$far_nl"}
	far_now=${far_facts%%"$far_nl"*} far_system=${far_facts#*"$far_nl"}
}

# The same with one process in place of three, for root where Linux tells it. Ends badly elsewhere.
far_ask_proc() {
	[ -r /proc/self/status ] && [ -r /proc/sys/kernel/arch ] && [ -r /etc/passwd ] || return 1
	while read -r far_a far_b far_rest && [ "$far_a" != Uid: ]; do :; done </proc/self/status
	IFS=: read -r far_c far_rest far_uid far_rest </etc/passwd
	[ "$far_a $far_b $far_uid" = "Uid: 0 0" ] || return 1
	read -r far_a </proc/sys/kernel/ostype && read -r far_b </proc/sys/kernel/arch || return 1
	far_now=$(date +%s) far_user=$far_c far_system="$far_a $far_b"
}

far_hello() {
	far_user='' far_machine=''
	far_ask_proc || far_ask_programs
	[ ! -r /etc/machine-id ] || IFS= read -r far_machine </etc/machine-id
	far_choose_state
	far_choose_grouping
	far_frame "hello $far_now $far_uid" "$far_user$far_nl$far_machine$far_nl$far_system$far_nl$far_state$far_nl"
}

# ---------------------------------------------------------------- answers

# far_looks SECONDS LIMIT FAMILY...: answer the looks in far_body; none where SECONDS is 0.
far_looks() {
	far_seconds=$1 far_limit=$2
	shift 2
	[ "$far_seconds" -gt 0 ] || return 0
	far_work "$far_seconds" looks "$far_limit" "$*" "$far_body"
	far_frame "group $?"
}

far_answer() {
	# shellcheck disable=SC2086 # words
	set -- $far_words
	case $far_verb in
	load)
		eval "remedy_f_$1=\$far_body"
		export "remedy_f_$1"
		remedy_families="$remedy_families $1"
		return
		;;
	extend)
		eval "$far_body"
		return
		;;
	part)
		eval "far_p_$1=\$far_body"
		return
		;;
	esac
	far_seq=$1
	shift
	if [ -z "$far_grouping" ]; then
		far_frame unusable "neither setsid nor GNU timeout is installed"
	else
		case $far_verb in
		look) far_looks "$@" ;;
		lease) far_lease "$@" ;;
		change) far_change "$@" ;;
		receipts) far_receipts "$@" ;;
		release) far_release "$@" ;;
		unlock) far_unlock "$@" ;;
		esac
	fi
	far_frame end
}

far_begin() {
	[ "$1" = whole ] || exit 1
	trap : PIPE
	set -f
	umask 077
	cd /
	unset ENV BASH_ENV CDPATH
	IFS=' 	
'
	LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export LC_ALL PATH remedy_families remedy_worker
	far_seq=0 far_watcher='' far_timed="-t $far_idle_s" far_locked=''
	# shellcheck disable=SC3045 # the question is whether this shell has it
	IFS= read -r -t 1 far_got 2>/dev/null </dev/null
	[ "$?" -eq 1 ] && [ -z "${ZSH_VERSION-}" ] || far_timed= # zsh limits the wait for the first byte only
	far_hello
	exec 2>/dev/null
	while :; do
		far_take
		[ -z "$far_watcher" ] || kill -URG "$far_watcher"
		far_answer
		far_watch
	done
}
