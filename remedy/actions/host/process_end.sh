# shellcheck shell=sh
# Processes ended by identity: number, start, program, user and exact arguments; never by a name.

process_nl='
'
process_ours=' init systemd systemd-logind systemd-journald dbus-daemon sshd dockerd containerd docker '

# process_end_look USER EXE PORT RSS_KIB ARGV...: processes that are all that is given ("" means whatever).
# Ground: the boot, an item for each, with START:UID:PROGRAM:ARGUMENTS:kept or alone, and those that are never ended.
# Evidence: program, name, unit, memory and age of each; arguments, which may hold secrets, are told by their sum alone.
process_end_look() {
	need stat cat grep awk sha256sum ls sed readlink
	[ -r /proc/self/stat ] || lacks "/proc is not mounted"
	process_user=$1 process_exe=$2 process_port=$3 process_least=$4
	shift 4
	[ -z "$process_user" ] || process_user=$(id -u -- "$process_user" 2>/dev/null) || give_up "there is no user"
	process_wanted=''
	[ $# -eq 0 ] || process_wanted=$(process_sum "$@")
	process_mine=$(process_ancestors) process_space=$(readlink /proc/self/ns/pid 2>/dev/null)
	process_told='' process_elsewhere=0
	read -r process_boot </proc/sys/kernel/random/boot_id
	echo "boot ${process_boot%%-*}"
	for process_pid in $(process_candidates "$@"); do
		process_try
	done
	printf '%s\nelsewhere %s\n%s' -- "$process_elsewhere" "$process_told"
}

# The sum of arguments as the kernel keeps them.
process_sum() {
	printf '%s\0' "$@" | sha256sum | { read -r process_word _ && printf '%.16s' "$process_word"; }
}

# Numbers of processes that may be meant: by the rarest of what is given.
process_candidates() {
	if [ $# -gt 0 ]; then
		grep -lsF -e "$1" /proc/[0-9]*/cmdline | sed 's:^/proc/::; s:/cmdline$::'
	elif [ -n "$process_port" ]; then
		process_listeners "$process_port"
	else
		process_file=$(stat -L -c '%d:%i' -- "$process_exe" 2>/dev/null) || return 0
		stat -L -c '%d:%i %n' /proc/[0-9]*/exe 2>/dev/null | sed -n "s|^$process_file /proc/\\([0-9]*\\)/exe\$|\\1|p"
	fi
}

# process_listeners PORT: numbers of processes that hold a socket which listens on it.
process_listeners() {
	process_sockets=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$(printf '%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 3) == port { print $10 }')
	[ -n "$process_sockets" ] || return 0
	# shellcheck disable=SC2012 # names of /proc hold no space
	ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v wanted="$process_sockets" '
		BEGIN { n = split(wanted, one, "\n"); for (i = 1; i <= n; i++) is["socket:[" one[i] "]"] = 1 }
		/^\/proc\/[0-9]+\/fd:/ { split($0, part, "/"); pid = part[3] }
		($NF in is) && !(pid in told) { told[pid] = 1; print pid }'
}

# Numbers of the processes that this one descends from: our session, and what serves it.
process_ancestors() {
	process_up=$$ process_line=' '
	while [ -n "$process_up" ] && [ "$process_up" -gt 0 ]; do
		process_line="$process_line$process_up "
		process_up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process_up/status" 2>/dev/null)
	done
	printf '%s' "$process_line"
}

# process_identify PID: set process_state, process_start, process_id (START:UID:PROGRAM:ARGUMENTS); fail where there is none.
process_identify() {
	process_stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	process_rest=${process_stat##*") "}
	process_state=${process_rest%% *}
	process_start=$(process_field 20 "$process_rest")
	process_owner=$(stat -c %u "/proc/$1" 2>/dev/null) || return 1
	process_program=$(stat -L -c '%d:%i' "/proc/$1/exe" 2>/dev/null) || return 2
	process_arguments=$(sha256sum <"/proc/$1/cmdline" 2>/dev/null) || return 1
	process_arguments=$(printf '%.16s' "$process_arguments")
	process_id=$process_start:$process_owner:$process_program:$process_arguments
}

# process_field NUMBER TEXT: one field of a line.
process_field() {
	process_number=$1
	# shellcheck disable=SC2086 # fields of numbers
	set -- $2
	shift $((process_number - 1))
	echo "$1"
}

# Print process_pid as an item, where it is what is wanted.
process_try() {
	process_identify "$process_pid" || {
		[ "$?:$(id -u)" = 2:0 ] || [ ! -e "/proc/$process_pid/stat" ] || lacks "$(id -un) cannot see what others run: become root"
		return 0
	}
	case $process_state in [ZX]*) return 0 ;; esac
	[ -z "$process_wanted" ] || [ "$process_wanted" = "$process_arguments" ] || return 0
	[ -z "$process_user" ] || [ "$process_user" = "$process_owner" ] || return 0
	[ -z "$process_exe" ] || [ "$(stat -L -c '%d:%i' -- "$process_exe" 2>/dev/null)" = "$process_program" ] || return 0
	process_rss=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$process_pid/status" 2>/dev/null)
	[ -z "$process_least" ] || [ "${process_rss:-0}" -gt "$process_least" ] || return 0
	[ -z "$process_port" ] || process_listeners "$process_port" | grep -qx "$process_pid" || return 0
	if [ "$(readlink "/proc/$process_pid/ns/pid" 2>/dev/null)" != "$process_space" ]; then
		process_elsewhere=$((process_elsewhere + 1))
		return 0
	fi
	process_name=''
	{ IFS= read -r process_name <"/proc/$process_pid/comm"; } 2>/dev/null
	process_path=$(readlink "/proc/$process_pid/exe" 2>/dev/null)
	process_supervised
	process_say
}

# Set process_unit to the unit whose main process it is, and process_kept to `kept` where systemd starts it again when it ends well.
process_supervised() {
	process_kept=alone process_unit=''
	[ -d /run/systemd/system ] || return 0
	process_unit=$(awk -F : '($2 == "" || $2 == "name=systemd") && match($0, /\/[^\/]*\.service$/) { print substr($0, RSTART + 1); exit }' "/proc/$process_pid/cgroup" 2>/dev/null)
	[ -n "$process_unit" ] || return 0
	process_said=$(systemctl show -p MainPID -p Restart -- "$process_unit" 2>/dev/null)
	case $process_said in *"MainPID=$process_pid$process_nl"* | *"MainPID=$process_pid") ;; *) return 0 ;; esac
	case $process_said in *Restart=always* | *Restart=on-success*) process_kept=kept ;; esac
}

process_say() {
	process_why=''
	case $process_mine in *" $process_pid "*) process_why="our own session rests on it" ;; esac
	[ "$process_pid" != 1 ] || process_why="it is the first process"
	case $process_ours in *" ${process_path##*/} "*) process_why="the host is served by it" ;; esac
	if [ -n "$process_why" ]; then
		echo "never:$process_pid $process_why"
	else
		printf 'item %s\t%s:%s\n' "$process_pid" "$process_id" "$process_kept"
	fi
	process_told="${process_told}path:$process_pid $(escape "${process_path:-?}")
name:$process_pid $(escape "${process_name:-?}")
user:$process_pid $process_owner
rss_kib:$process_pid ${process_rss:-0}
"
	[ -z "$process_unit" ] || process_told="${process_told}unit:$process_pid $process_unit
"
}

# process_end WITHIN BOOT: tell each listed process to end (TERM), wait, then end it (KILL): the very one that was listed.
process_end() {
	read -r process_boot </proc/sys/kernel/random/boot_id
	[ "${process_boot%%-*}" = "$2" ] || {
		echo "the host was started anew: no listed process is there" >&2
		return 0
	}
	process_list=''
	process_mine=$(process_ancestors)
	while IFS='	' read -r process_pid process_planned; do
		case $process_mine in *" $process_pid "*) give_up "process $process_pid is one that our session rests on" ;; esac
		process_identify "$process_pid" || continue
		if [ "$process_id" != "${process_planned%:*}" ]; then
			echo "process $process_pid is another one now; it was left alone" >&2
			continue
		fi
		kill -TERM "$process_pid" 2>/dev/null && process_list="$process_list $process_pid:$process_start"
	done
	process_wait "$1"
	for process_one in $process_left; do
		process_lives "$process_one" && kill -KILL "${process_one%%:*}" 2>/dev/null
		echo "killed ${process_one%%:*}"
	done
	process_list=$process_left
	process_wait 10
	[ -z "$process_left" ] || give_up "does not end: process$process_left"
}

# process_wait SECONDS: let process_left be those of process_list that live after that long at most.
process_wait() {
	process_until=$(($(date +%s) + $1))
	while :; do
		process_left=''
		for process_one in $process_list; do
			! process_lives "$process_one" || process_left="$process_left $process_one"
		done
		[ -n "$process_left" ] && [ "$(date +%s)" -le "$process_until" ] || return 0
		sleep 0.1 2>/dev/null || sleep 1
	done
}

# process_lives PID:START: is it that process still, and no zombie?
process_lives() {
	process_stat=$(cat "/proc/${1%%:*}/stat" 2>/dev/null) || return 1
	process_rest=${process_stat##*") "}
	case $process_rest in [ZX]*) return 1 ;; esac
	[ "$(process_field 20 "$process_rest")" = "${1#*:}" ]
}
