# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in nginx_reach.sh
# nginx: whether it takes its configuration, and whether its workers have it.

# What `nginx -T` shows that nginx reads: configuration files, the directories that are searched for more, and what TLS needs.
# shellcheck disable=SC2016 # awk's own words
nginx_awk='
function path(f) { gsub(/^[\042\047]|[\042\047;]+$/, "", f); return f ~ /^\// ? f : dir "/" f }
/^# configuration file \/.*:$/ {
	f = $0; sub(/^# configuration file /, "", f); sub(/:$/, "", f); print f
	if (dir == "") { dir = f; sub(/\/[^\/]*$/, "", dir) }
	next
}
$1 ~ /^ssl_(certificate|certificate_key|trusted_certificate|client_certificate|dhparam)$/ && $2 !~ /\$|:/ { print path($2) }
$1 == "include" && $2 ~ /[*?[]/ { f = path($2); sub(/\/[^\/]*$/, "", f); if (f !~ /[*?[]/) print f }
'

# nginx_look PROJECT SERVICE CONFIG
# Ground: whether it runs, whether it takes its configuration, and whether every worker is younger than the last change to it.
nginx_look() {
	nginx_find "$1" "$2" "$3"
	nginx_find_state
	nginx_find_workers
	nginx_newest=0 nginx_changed=none nginx_loaded=unknown
	[ "$nginx_test" != ok ] || nginx_find_newest
	if [ "$nginx_is" = running ] && [ "$nginx_test" = ok ] && [ "$nginx_workers" -gt 0 ]; then
		nginx_loaded=yes
		[ "$nginx_newest" -lt "$nginx_oldest" ] || nginx_loaded=no
	fi
	printf 'nginx %s\nconfig %s\nloaded %s\n--\nworkers %s\noldest %s\nnewest %s\nchanged ' \
		"$nginx_is" "$nginx_test" "$nginx_loaded" "$nginx_workers" "$nginx_oldest" "$nginx_newest"
	escape "$nginx_changed"
	printf 'why '
	escape "$nginx_why"
}

# Set nginx_newest to when what nginx reads was changed last, in seconds since 1970, and nginx_changed to which it was.
nginx_find_newest() {
	nginx_files=$(nginx_run -T 2>/dev/null | awk "$nginx_awk") || give_up "awk failed"
	set -f
	IFS='
'
	# shellcheck disable=SC2086 # a line each
	set -- $nginx_files
	unset IFS
	set +f
	nginx_files=$(nginx_in stat -L -c '%Z %n' -- "$@" 2>/dev/null)
	while read -r nginx_at nginx_file; do
		case $nginx_at in "" | *[!0-9]*) continue ;; esac
		if [ "$nginx_at" -gt "$nginx_newest" ]; then nginx_newest=$nginx_at nginx_changed=$nginx_file; fi
	done <<-END
		$nginx_files
	END
}

# nginx_reload PROJECT SERVICE CONFIG SECONDS: reload, and wait until every worker is younger than what it reads. Prints when the
# oldest began.
nginx_reload() {
	nginx_find "$1" "$2" "$3"
	nginx_find_state
	[ "$nginx_test" = ok ] || give_up "nginx refuses its configuration: $nginx_why; nothing was done"
	[ "$nginx_is" = running ] || give_up "nginx does not run; nothing was done"
	nginx_newest=0
	nginx_find_newest
	# Times are whole seconds: a worker of the very second of a change could be of either side.
	while [ "$(date +%s)" -le "$((nginx_newest + 1))" ] && [ "$nginx_newest" -le "$((now + 1))" ]; do sleep 1; done
	nginx_reloaded >&2 || give_up "nginx cannot be told to reload"
	nginx_until=$(($(date +%s) + $4))
	while :; do
		nginx_find_workers
		if [ "$nginx_workers" -gt 0 ] && [ "$nginx_oldest" -gt "$nginx_newest" ]; then break; fi
		[ "$(date +%s)" -lt "$nginx_until" ] || give_up "workers with the old configuration are still there after $4 s"
		sleep 1
	done
	echo "$nginx_oldest"
}
