# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # engine_said is set in docker_engine.sh; what is set here is used in the files after this one
# Lines of logs, wherever they are: files, the containers of a Compose service, a unit's journal. Bounded in time, lines and bytes.

log_bytes=16777216 # of one file or container; the newest
log_nl='
'

# log_lines KIND A B SINCE LINES: the newest lines. A line that begins with the byte 1 parts files and containers, or says what failed.
#   KIND files: A is a list of globs, a line each; service: A is the project, B the service; unit: A is the unit
log_lines() {
	case $1 in
	files) log_of_files "$2" "$4" "$5" ;;
	service) log_of_service "$2" "$3" "$4" "$5" ;;
	unit) log_of_unit "$2" "$4" "$5" ;;
	esac
}

# log_ready KIND A B: lacks() or give_up() where there is nothing to read, before a pipe would hide it.
log_ready() {
	need awk tail date
	log_ids=
	case $1 in
	files) need stat ;;
	service)
		engine_ready
		engine ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$2" \
			--filter "label=com.docker.compose.service=$3" --filter label=com.docker.compose.oneoff=False
		log_ids=$engine_said
		[ -n "$log_ids" ] || give_up "there is no container of $3 of $2"
		;;
	unit)
		need journalctl systemctl
		[ "$(systemctl show -p LoadState -- "$2" 2>/dev/null)" != LoadState=not-found ] || give_up "there is no unit $2"
		case "$(id -u) $(id -Gn)" in
		"0 "* | *adm* | *systemd-journal*) ;;
		*) lacks "$(id -un) may not read the journal: become root, or join the group systemd-journal" ;;
		esac
		;;
	esac
}

log_of_files() {
	log_left=$1$log_nl log_seen=no
	while [ -n "$log_left" ]; do
		log_glob=${log_left%%"$log_nl"*}
		log_left=${log_left#*"$log_nl"}
		cd -- "${log_glob%/*}/" 2>/dev/null || continue
		log_ifs=$IFS
		IFS=
		# shellcheck disable=SC2086 # a pattern of the playbook, to be expanded here
		for log_name in ${log_glob##*/}; do
			[ -f "./$log_name" ] || continue
			case $log_name in *.gz | *.bz2 | *.xz | *.zst) continue ;; esac
			log_one_file "$2" "$3"
		done
		IFS=$log_ifs
	done
	[ $log_seen = yes ] || printf '\001failed there is no such log file\n'
}

# The newest lines of one file that was written to within the window.
log_one_file() {
	log_seen=yes
	[ -r "./$log_name" ] || {
		printf '\001failed %s cannot be read\n' "$(escape "$PWD/$log_name")"
		return
	}
	[ "$(stat -L -c %Y "./$log_name")" -ge "$1" ] || return 0
	printf '\001\n'
	tail -c "$log_bytes" "./$log_name" | tail -n "$2"
	[ -z "$(tail -c 1 "./$log_name")" ] || echo # a last line that is not ended yet
}

log_of_service() {
	for log_id in $log_ids; do
		printf '\001\n'
		{ docker logs --timestamps --since "$3" --tail "$4" "$log_id" 2>&1 || printf '\n\001failed the logs of %s of %s cannot be read\n' "$2" "$1"; } |
			tail -c "$log_bytes"
	done
}

log_of_unit() {
	{ journalctl --unit "$1" --since "@$2" --lines "$3" --output short-iso --quiet --no-pager 2>/dev/null ||
		printf '\n\001failed the journal of %s cannot be read\n' "$1"; } | tail -c "$log_bytes"
}

# log_offset: set log_offset_s to how far the host's clock on the wall is from UTC, for lines that name no zone.
log_offset() {
	log_zone=$(date +%z)
	log_hours=${log_zone#?} log_minutes=${log_zone#???}
	log_hours=${log_hours%??}
	log_offset_s=$((${log_zone%????}1 * ((1$log_hours - 100) * 3600 + (1$log_minutes - 100) * 60)))
}

# What is put before an awk program that reads such lines.
# stamp(L): seconds since 1970 that a line begins with, or stands in brackets; -1 where there is none. Needs local_s and now.
# mask(L): the line as it may be shown: what follows the name of a secret, users and passwords, addresses of people, long words of
# letters and digits, and long numbers are gone, and so is all beyond 200 characters.
log_awk='
function days(y, m, d) {
	if (m <= 2) { y--; m += 12 }
	return d + 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m - 457) / 5) - 719469
}
function month(name,   i) {
	i = index("JanFebMarAprMayJunJulAugSepOctNovDec", name)
	return length(name) == 3 && i % 3 == 1 ? (i + 2) / 3 : 0
}
function at_zone(t, z) {
	sub(/^[.,][0-9]+/, "", z); sub(/^ /, "", z)
	if (z ~ /^(Z|UTC|GMT)/) return t
	if (z ~ /^[+-][0-9][0-9]:?[0-9][0-9]/) {
		sub(/:/, "", z)
		return t - (substr(z, 1, 1) == "-" ? -1 : 1) * (substr(z, 2, 2) * 3600 + substr(z, 4, 2) * 60)
	}
	return t - local_s
}
function clock(h) { return substr(h, 1, 2) * 3600 + substr(h, 4, 2) * 60 + substr(h, 7, 2) }
function stamp(l,   at, p, t) {
	sub(/^[\[(]/, "", l)
	if (l ~ /^[0-9][0-9][0-9][0-9][-\/][0-9][0-9][-\/][0-9][0-9][T ][0-9][0-9]:[0-9][0-9]:[0-9][0-9]/) {
		at = days(substr(l, 1, 4) + 0, substr(l, 6, 2) + 0, substr(l, 9, 2) + 0) * 86400 + clock(substr(l, 12, 8))
		return at_zone(at, substr(l, 20, 24))
	}
	if (match(l, /[0-9][0-9]\/[A-Z][a-z][a-z]\/[0-9][0-9][0-9][0-9]:[0-9][0-9]:[0-9][0-9]:[0-9][0-9]/)) {
		p = substr(l, RSTART)
		if (!month(substr(p, 4, 3))) return -1
		return at_zone(days(substr(p, 8, 4) + 0, month(substr(p, 4, 3)), substr(p, 1, 2) + 0) * 86400 + clock(substr(p, 13, 8)), substr(p, 21, 8))
	}
	if (l ~ /^[A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]/ && month(substr(l, 1, 3))) {
		for (p = 1970 + int(now / 31556952); p > 1970; p--) {
			t = days(p, month(substr(l, 1, 3)), substr(l, 5, 2) + 0) * 86400 + clock(substr(l, 8, 8)) - local_s
			if (t <= now + 86400) return t
		}
	}
	return -1
}
function named_secret(l,   low, i, j, at, after) { # where the value of the first secret begins; 0: there is none
	low = tolower(l); at = 0
	for (i = 1; i <= secret_names; i++) {
		j = index(low, secret_name[i])
		if (j == 0) continue
		after = substr(low, j + length(secret_name[i]))
		if (secret_name[i] == "bearer " || secret_name[i] == "basic ") j += length(secret_name[i])
		else if (match(after, /^[a-z0-9_"\047-]*[ \t]*[=:]/) || (j > 1 && substr(low, j - 1, 1) == "-" && match(after, /^[a-z0-9_-]*[ \t]/)))
			j += length(secret_name[i]) + RLENGTH
		else continue
		if (at == 0 || j < at) at = j
	}
	return at
}
function mask(l,   at, out, word, begins) {
	if (!secret_names) secret_names = split("passw|pwd|passphrase|secret|token|api_key|api-key|apikey|authorization|cookie|credential|private_key|session|bearer |basic ", secret_name, "|")
	l = substr(l, 1, 2000)
	gsub(/[\001-\037\177]/, " ", l)
	at = named_secret(l)
	if (at) l = substr(l, 1, at - 1) " ***"
	while (match(l, /:\/\/[^\/@ ]*@/)) l = substr(l, 1, RSTART - 1) ":// ***" substr(l, RSTART + RLENGTH)
	gsub(/:\/\/ \*\*\*/, "://***@", l)
	gsub(/[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+/, "***", l)
	out = ""
	while (match(l, /[A-Za-z0-9+_=-]+/)) {
		word = substr(l, RSTART, RLENGTH); begins = substr(l, 1, RSTART - 1)
		if ((length(word) >= 20 && word ~ /[0-9]/ && word ~ /[A-Za-z]/) || (length(word) >= 12 && word !~ /[^0-9]/)) word = "***"
		out = out begins word
		l = substr(l, RSTART + RLENGTH)
	}
	return substr(out l, 1, 200)
}
'
