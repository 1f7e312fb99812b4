# shellcheck shell=sh
# Timers on the host: what was changed for a while is put back when its time is over, even if remedy is gone by then.
#
# A timer is a directory of its own, named by its key: `key`, `what` (for people), `due` (seconds since 1970), `functions` and
# `calls` (what puts it back), `run` (the program that does it) and, when it has failed, `failed`. When it has put its thing back
# it removes itself. Where systemd is process 1, a unit of systemd's starts it when it is due and after each boot: one that came too
# late, or in the middle of putting back. (systemd's own Persistent= takes what it has started for done.) Elsewhere a process of
# its own waits, which a boot ends.

timer_units=/etc/systemd/system

# Set timer_home to where this login's timers are: one that outlasts a boot.
timer_find_home() {
	timer_uid=$(id -u)
	if [ "$timer_uid" = 0 ]; then timer_home=/var/lib/remedy/timers; else timer_home=${HOME:-/nonexistent}/.remedy/timers; fi
}

# timer_find KEY: set timer_id and timer_dir.
timer_find() {
	timer_find_home
	timer_id=$(printf %s "$1" | md5sum) || give_up "md5sum failed"
	timer_id=${timer_id%% *}
	timer_dir=$timer_home/$timer_id
}

timer_has_systemd() { [ "$timer_uid" = 0 ] && [ -d /run/systemd/system ] && [ -w "$timer_units" ]; }

# timer_arm KEY SECONDS WHAT CALLS FUNCTIONS...
#   CALLS: lines as a worker reads them: =ARGUMENT, +its next line, `go FUNCTION`.
# One timer a key: another one of the same key takes its place. Everything is written before anything is armed.
timer_arm() {
	need md5sum date mkdir mv rm
	timer_find "$1"
	timer_key=$1 timer_what=$3 timer_calls=$4
	timer_due=$(($(date +%s) + $2))
	shift 4
	mkdir -p "$timer_home" || give_up "$timer_home cannot be made; nothing was done"
	timer_stop
	rm -rf "$timer_dir.new" "$timer_dir"
	mkdir "$timer_dir.new" || give_up "$timer_dir.new cannot be made; nothing was done"
	{
		escape "$timer_key" >"$timer_dir.new/key" && escape "$timer_what" >"$timer_dir.new/what" &&
			printf '%s\n' "$timer_due" >"$timer_dir.new/due" && printf '%s\n' "$@" >"$timer_dir.new/functions" &&
			printf '%s' "$timer_calls" >"$timer_dir.new/calls" && timer_program >"$timer_dir.new/run" &&
			mv "$timer_dir.new" "$timer_dir"
	} || give_up "the timer cannot be written to $timer_home; nothing was done"
	timer_start || give_up "the timer cannot be started; nothing was done"
	echo "$timer_due"
}

timer_start() {
	if timer_has_systemd; then
		timer_unit >"$timer_units/remedy-$timer_id.timer" &&
			timer_service >"$timer_units/remedy-$timer_id.service" &&
			systemctl daemon-reload && systemctl -q enable --now "remedy-$timer_id.timer"
	else
		command -v setsid >/dev/null || lacks "setsid is not installed"
		setsid sh "$timer_dir/run" "$timer_dir" wait </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	fi
}

timer_unit() {
	cat <<-END
		[Unit]
		Description=remedy puts back: $(head -n 1 "$timer_dir/what" | tr -cd 'a-zA-Z0-9 :/._,-')
		[Timer]
		OnCalendar=@$timer_due
		OnStartupSec=5s
		AccuracySec=1s
		[Install]
		WantedBy=timers.target
	END
}

timer_service() {
	cat <<-END
		[Service]
		Type=oneshot
		TimeoutStartSec=2h
		ExecStart=/bin/sh $timer_dir/run $timer_dir now
	END
}

# End what waits for a timer, and nothing else: a process is told by its number and its beginning.
timer_stop() {
	if [ -e "$timer_units/remedy-$timer_id.timer" ] && [ "$timer_uid" = 0 ]; then
		systemctl -q disable --now "remedy-$timer_id.timer" 2>/dev/null
		rm -f "$timer_units/remedy-$timer_id.timer" "$timer_units/remedy-$timer_id.service"
		systemctl daemon-reload
	fi
	[ -r "$timer_dir/process" ] || return 0
	read -r timer_pid timer_begun <"$timer_dir/process" || return 0
	[ "$(timer_begin_of "$timer_pid")" != "$timer_begun" ] || kill "$timer_pid" 2>/dev/null
	return 0
}

# When a process began: field 22 of proc(5), counted from behind its name.
timer_begin_of() {
	{ [ -r "/proc/$1/stat" ] && read -r timer_stat <"/proc/$1/stat"; } || return 0
	timer_stat=${timer_stat##*") "}
	# shellcheck disable=SC2086 # words
	set -- $timer_stat
	shift 19
	echo "$1"
}

# timer_disarm KEY: there is no timer of this key afterwards.
timer_disarm() {
	need md5sum
	timer_find "$1"
	timer_stop
	rm -rf "$timer_dir" || give_up "$timer_dir cannot be removed"
}

# timer_look KEY: whether a timer of that key is armed.
# Ground: armed, none, overdue (it should have acted, and has not) or failed. Evidence: when it is due, and what it does.
timer_look() {
	need md5sum
	timer_find "$1"
	timer_state_of "$timer_dir"
	printf 'timer %s\n--\n' "$timer_state"
	[ "$timer_state" = none ] || printf 'due %s\nwhat %s\n' "$timer_due" "$timer_what"
}

# Set timer_state, timer_due and timer_what (escaped) of a directory; a minute is for a host that is slow.
timer_state_of() {
	timer_state=none timer_due=0 timer_what=''
	[ -r "$1/due" ] && read -r timer_due <"$1/due" && read -r timer_what <"$1/what" || return 0
	case $timer_due in "" | *[!0-9]*) timer_due=0 ;; esac
	timer_state=armed
	[ "$((timer_due + 60))" -gt "$(date +%s)" ] || timer_state=overdue
	[ ! -e "$1/failed" ] || timer_state=failed
}

# timer_all: every timer of this login, in a line each; part of a look at the whole host.
timer_all() {
	timer_find_home
	for timer_one in "$timer_home"/*; do
		[ -r "$timer_one/due" ] || continue
		timer_state_of "$timer_one"
		read -r timer_key <"$timer_one/key" || continue
		printf 'timer:%s %s %s %s\t%s\n' "${timer_one##*/}" "$timer_state" "$timer_due" "$timer_key" "$timer_what"
	done
}

# The program of a timer: sh run DIRECTORY wait|now. Text without a value in it: all it needs is in its directory.
timer_program() {
	cat <<'END'
# Puts back what remedy changed for a while. Made by remedy; it removes itself when it has done so.
set -u
umask 077
cd "$1" || exit 1
LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
begun() { read -r stat </proc/$$/stat && stat=${stat##*") "} && set -- $stat && shift 19 && echo "$1"; }
[ "$2" != wait ] || echo "$$ $(begun)" >process
read -r due <due || exit 1
now=$(date +%s)
if [ "$2" = now ]; then
	[ ! -e failed ] || exit 0                 # people were told
	[ "$((due - now))" -le 60 ] || exit 0 # after a boot: it is started again when it is due
fi
while [ "$now" -lt "$due" ]; do
	if [ "$((due - now))" -gt 60 ]; then sleep 60; else sleep "$((due - now))"; fi # the clock may be set meanwhile
	now=$(date +%s)
	[ -r due ] || exit 0
done

# One after the other with every run of remedy on this host, but not for ever.
uid=$(id -u)
for state in /run/remedy "/run/lock/remedy.$uid" "${HOME:-/nonexistent}/.remedy"; do
	[ -d "$state" ] && [ -w "$state" ] && command -v flock >/dev/null || continue
	exec 9>>"$state/host.lock"
	tries=0
	until flock -n 9 || [ "$tries" -ge 900 ]; do
		sleep 1
		tries=$((tries + 1))
	done
	break
done
[ -r due ] || exit 0 # it was disarmed meanwhile

. ./functions
put_back() {
	has='' value='' line='' nl='
'
	while IFS= read -r line; do
		case $line in
		+*)
			value=$value$nl${line#?}
			continue
			;;
		esac
		[ -z "$has" ] || set -- "$@" "$value"
		has=
		case $line in
		=*) has=1 value=${line#?} ;;
		"go "*)
			(
				now=$(date +%s)
				${line#go } "$@" 9>&-
			) </dev/null || return 1
			set --
			;;
		esac
	done <calls
}
tries=0
until put_back >>log 2>&1; do
	tries=$((tries + 1))
	if [ "$tries" -ge 5 ]; then
		date +%s >failed
		exit 1
	fi
	sleep 30
done
here=$PWD id=${PWD##*/}
cd /
rm -rf "$here"
[ ! -e "/etc/systemd/system/remedy-$id.timer" ] || {
	rm -f "/etc/systemd/system/timers.target.wants/remedy-$id.timer" "/etc/systemd/system/remedy-$id.timer" "/etc/systemd/system/remedy-$id.service"
	systemctl daemon-reload
	systemctl --no-block stop "remedy-$id.timer"
}
END
}
