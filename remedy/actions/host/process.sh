# shellcheck shell=sh
# Looks at processes, by what /proc says of them.

# process_count CMDLINE USER LEAST MOST: is the number of processes with exactly this command line within bounds?
#   USER "" means anybody; MOST "" means any number
process_count() {
	need grep tr stat
	[ -r /proc/self/cmdline ] || lacks "/proc is not mounted"
	process_uid=
	[ -z "$2" ] || process_uid=$(id -u -- "$2" 2>/dev/null) || give_up "there is no user $2"
	process_number=0 process_pids=
	process_first=${1%% *}
	# shellcheck disable=SC2013 # names of /proc hold no space
	for process_file in $(grep -lsF -e "$process_first" /proc/[0-9]*/cmdline); do
		process_said=$(tr '\0' ' ' <"$process_file" && echo .) 2>/dev/null || continue
		process_said=${process_said%.}
		while case $process_said in *" ") true ;; *) false ;; esac do process_said=${process_said% }; done
		[ "$process_said" = "$1" ] || continue
		process_pid=${process_file#/proc/}
		process_pid=${process_pid%/cmdline}
		[ -z "$2" ] || [ "$(stat -c %u "/proc/$process_pid" 2>/dev/null)" = "$process_uid" ] || continue
		process_number=$((process_number + 1))
		process_pids="$process_pids $process_pid"
	done
	if [ "$process_number" -lt "$3" ]; then
		echo "processes too-few"
	elif [ -n "$4" ] && [ "$process_number" -gt "$4" ]; then
		echo "processes too-many"
	else
		echo "processes within"
	fi
	printf -- '--\ncount %s\npids%s\n' "$process_number" "${process_pids:- none}"
}
