# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # service_id and others are set in compose_one.sh; what is set here is used in the files after it
# nginx where it lives: a service of Docker Compose, or the host's own.

# nginx_find PROJECT SERVICE CONFIG: whom nginx_run means: the service's container, or with PROJECT "" the host's own nginx.
#   CONFIG is its main configuration where that is not the one it was built with, or "".
nginx_find() {
	need awk date stat
	nginx_id='' nginx_config=$3 nginx_unit=''
	if [ -n "$1" ]; then
		service_container "$1" "$2"
		[ -n "$service_id" ] || lacks "no container here is of service $2 of project $1"
		nginx_id=$service_id nginx_state=$service_state
	else
		need nginx
	fi
}

# nginx_in COMMAND...: run a command where nginx lives.
nginx_in() {
	if [ -n "$nginx_id" ]; then docker exec "$nginx_id" "$@" </dev/null; else "$@" </dev/null; fi
}

nginx_run() {
	if [ -n "$nginx_config" ]; then nginx_in nginx -c "$nginx_config" "$@"; else nginx_in nginx "$@"; fi
}

# Set nginx_master to the number that the master has on the host, 0 where it does not run.
nginx_find_master() {
	nginx_master=0 nginx_of=''
	if [ -n "$nginx_id" ]; then
		engine inspect --type container --format '{{.State.Pid}}' "$nginx_id"
		nginx_of=${engine_said:-0}
		[ "$nginx_of" != 0 ] || return 0
	fi
	for nginx_proc in /proc/[0-9]*; do
		read -r nginx_comm <"$nginx_proc/comm" || continue
		[ "$nginx_comm" = nginx ] || continue
		nginx_title=$(tr '\000' ' ' <"$nginx_proc/cmdline") || continue
		case $nginx_title in "nginx: master"*) ;; *) continue ;; esac
		if [ -n "$nginx_of" ]; then
			nginx_stat "$nginx_proc" || continue
			[ "${nginx_proc#/proc/}" = "$nginx_of" ] || [ "$nginx_parent" = "$nginx_of" ] || continue
		else
			nginx_is_own || continue
		fi
		nginx_master=${nginx_proc#/proc/}
		return 0
	done 2>/dev/null
}

# Whether the master in nginx_proc is the host's own, of the configuration that is meant.
nginx_is_own() {
	[ "$(readlink "$nginx_proc/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] || return 1
	case $nginx_title in
	*" -c "*) case "${nginx_title% } " in *" -c ${nginx_config:-/etc/nginx/nginx.conf} "*) ;; *) return 1 ;; esac ;;
	*) [ -z "$nginx_config" ] ;;
	esac
}

# nginx_stat PROC: set nginx_parent and nginx_begun (in hundredths of a second since the boot) of a process.
nginx_stat() {
	read -r nginx_line <"$1/stat" || return 1
	nginx_line=${nginx_line##*") "}
	# shellcheck disable=SC2086 # words
	nginx_stat_words $nginx_line
}

nginx_stat_words() {
	nginx_parent=$2
	shift 19
	nginx_begun=$1
}

# Set nginx_workers to how many workers serve, nginx_serving to which (NUMBER:BEGUN each, with a space before and after), and
# nginx_oldest to when the oldest of them began, in seconds since 1970. Those that only finish what they have do not count.
nginx_find_workers() {
	nginx_workers=0 nginx_oldest=0 nginx_serving=' '
	[ "$nginx_master" != 0 ] || return 0
	nginx_boot=$(awk '$1 == "btime" { print $2 }' /proc/stat)
	for nginx_proc in /proc/[0-9]*; do
		read -r nginx_comm <"$nginx_proc/comm" && [ "$nginx_comm" = nginx ] || continue
		nginx_stat "$nginx_proc" && [ "$nginx_parent" = "$nginx_master" ] || continue
		nginx_title=$(tr '\000' ' ' <"$nginx_proc/cmdline") || continue
		case $nginx_title in *"shutting down"*) continue ;; "nginx: worker"*) ;; *) continue ;; esac
		nginx_workers=$((nginx_workers + 1)) nginx_serving="$nginx_serving${nginx_proc#/proc/}:$nginx_begun "
		nginx_at=$((nginx_boot + nginx_begun / 100))
		if [ "$nginx_oldest" -eq 0 ] || [ "$nginx_at" -lt "$nginx_oldest" ]; then nginx_oldest=$nginx_at; fi
	done 2>/dev/null
}

# Set nginx_is (running or stopped) and nginx_test (ok or broken), and nginx_why in one line. A test makes log files and a file
# for the process number where they are not there, as nginx itself does, and nothing else.
nginx_find_state() {
	nginx_find_master
	nginx_is=running nginx_test=unknown nginx_why=''
	[ "$nginx_master" != 0 ] || nginx_is=stopped
	[ -z "$nginx_id" ] || [ "$nginx_state" = running ] || return 0
	nginx_tested
}

nginx_tested() {
	nginx_test=ok
	nginx_why=$(nginx_run -t 2>&1) || nginx_test=broken
	[ "$nginx_test" = broken ] || nginx_why=''
	nginx_why=${nginx_why%%"
"*}
}

# Tell the master to load its configuration again, and wait until no worker accepts any more that has the old one: for a moment
# both answer, and what is asked then proves nothing. After ten seconds whoever asks sees for himself.
nginx_reloaded() {
	nginx_find_master
	nginx_find_workers
	nginx_old=$nginx_serving nginx_naps=0
	nginx_run -s reload 2>&1 || return 1
	while
		nginx_find_workers
		nginx_any_of "$nginx_old" && [ "$nginx_naps" -lt 100 ]
	do
		sleep 0.1 2>/dev/null || sleep 1
		nginx_naps=$((nginx_naps + 1))
	done
}

# nginx_any_of WORKERS: whether any of them still serves.
nginx_any_of() {
	for nginx_worker in $1; do
		case $nginx_serving in *" $nginx_worker "*) return 0 ;; esac
	done
	return 1
}

# Have nginx run, however it is run here.
nginx_started() {
	nginx_find_master
	[ "$nginx_master" = 0 ] || return 0
	if [ -n "$nginx_id" ]; then
		docker start "$nginx_id" >&2
	elif [ -z "$nginx_config" ] && [ -d /run/systemd/system ]; then
		systemctl start nginx >&2
	else
		nginx_run >&2
	fi
}
