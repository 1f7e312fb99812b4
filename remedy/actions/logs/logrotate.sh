# shellcheck shell=sh disable=SC2154
# The host's own logrotate, for one file of its configuration: only logs above a size, by a state of its own.

logrotate_nl='
'

# logrotate_look CONFIG LARGER
# Ground: which file it is, whether old logs are named by date, an item for each log above LARGER bytes and for each that is dropped.
logrotate_look() {
	need_large_numbers
	need logrotate stat awk
	[ "$(id -u)" = 0 ] || lacks "only root can rotate by logrotate"
	logrotate_config "$1"
	logrotate_said=$(logrotate --debug --force -- "$1" 2>&1) || give_up "logrotate refuses $1: $(printf '%s\n' "$logrotate_said" | awk '/^error/ { print; exit }')"
	echo "config $logrotate_id"
	case $logrotate_said in *"glob finding old rotated logs"*) echo "dates yes" ;; *) echo "dates no" ;; esac
	logrotate_all=0 logrotate_told='' logrotate_larger=$2
	logrotate_rows=$(printf '%s\n' "$logrotate_said" | logrotate_facts)
	while IFS='	' read -r logrotate_what logrotate_path logrotate_of; do
		[ -f "$logrotate_path" ] || continue
		case $logrotate_what in
		log) logrotate_log ;;
		drop) case $logrotate_large in *"$logrotate_nl$logrotate_of$logrotate_nl"*)
			printf 'item %s\tdrop:%s\n' "$(escape "$logrotate_path")" "$(stat -c '%d:%i:%s:%Y' -- "$logrotate_path")"
			;; esac ;;
		esac
	done <<-END
		$logrotate_rows
	END
	printf '%s\nlogs %s\n%s' -- "$logrotate_all" "$logrotate_told"
}

# Set logrotate_id to which file CONFIG is; it is no link, and where it is nobody but root writes.
logrotate_config() {
	[ -f "$1" ] && [ ! -h "$1" ] || give_up "there is no file $1"
	logrotate_id=$(stat -c '%d:%i:%s:%Y' -- "$1") || give_up "$1 cannot be read"
	logrotate_large=$logrotate_nl
}

# Of what logrotate would do: `log PATH HOW` (move or copy), and after those `drop PATH LOG` for what goes to make room.
logrotate_facts() {
	awk '
	/^considering log / { path = substr($0, 17); if (!(path in how)) { log_of[++n] = path; how[path] = "move" } }
	/^rotating log / { now = substr($0, 14); sub(/, log->rotateCount is .*/, "", now) }
	/^truncating / { how[substr($0, 12)] = "copy" }
	/^renaming .* \(rotatecount [0-9]+, logstart [0-9]+, i [0-9]+\)/ {
		match($0, /\(rotatecount [0-9]+, logstart [0-9]+, i [0-9]+\)/)
		split(substr($0, RSTART + 1, RLENGTH - 2), part, /, | /)
		if (part[2] == part[6]) { old = substr($0, 10); sub(/ to \/.*/, "", old); gone[++m] = old "\t" now }
	}
	END {
		for (i = 1; i <= n; i++) print "log\t" log_of[i] "\t" how[log_of[i]]
		for (i = 1; i <= m; i++) print "drop\t" gone[i]
	}'
}

# An item for a log that is above the size.
logrotate_log() {
	logrotate_all=$((logrotate_all + 1))
	# shellcheck disable=SC2046 # three numbers
	set -- $(stat -c '%d %i %s' -- "$logrotate_path")
	[ "$3" -gt "$logrotate_larger" ] || return 0
	logrotate_large=$logrotate_large$logrotate_path$logrotate_nl
	printf 'item %s\trotate:%s:%s:%s\n' "$(escape "$logrotate_path")" "$1" "$2" "$logrotate_of"
	logrotate_told="${logrotate_told}log:$3 $(escape "$logrotate_path")
"
}

# logrotate_run CONFIG CONFIG_ID LARGER: rotate what is above the size; each listed log is another file afterwards.
logrotate_run() {
	logrotate_config "$1"
	[ "$logrotate_id" = "$2" ] || give_up "$1 is not as it was planned on"
	logrotate_dir=$(mktemp -d /run/remedy-logrotate.XXXXXX) || give_up "no private directory can be made"
	{
		[ ! -r /etc/logrotate.conf ] || awk '/{/ { inside = 1 } !inside && $1 != "include" { print } /}/ { inside = 0 }' /etc/logrotate.conf
		printf '\nmaxsize %s\ninclude %s\n' "$3" "$1"
	} >"$logrotate_dir/config"
	logrotate --verbose --state "$logrotate_dir/state" "$logrotate_dir/config" >"$logrotate_dir/said" 2>&1
	logrotate_ended=$?
	[ $logrotate_ended -eq 0 ] || awk '/^error/' "$logrotate_dir/said" >&2
	rm -rf -- "$logrotate_dir"
	[ $logrotate_ended -eq 0 ] || give_up "logrotate ended with exit code $logrotate_ended"
	while IFS='	' read -r logrotate_path logrotate_planned; do
		case $logrotate_planned in rotate:*) ;; *) continue ;; esac
		unescape "$logrotate_path"
		case $logrotate_planned in
		"rotate:$(stat -c '%d:%i' -- "$unescaped" 2>/dev/null):"*) give_up "$unescaped was not rotated: logrotate says of it that it need not be, or its next name is taken" ;;
		esac
	done
}
