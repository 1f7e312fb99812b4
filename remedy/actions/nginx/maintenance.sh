# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in the files before this one
# A snippet of nginx's configuration that answers 503 with Retry-After, put into a directory that a server of it includes.

maintenance_name=remedy-maintenance.conf

# maintenance_look DIR TEXT URL CA SECONDS PROJECT SERVICE CONFIG
# Ground: whether the snippet is there (same, other or none), what URL answers (maintenance, open, none), and how nginx is.
maintenance_look() {
	[ -d "$1" ] || lacks "there is no directory $1"
	maintenance_file=$1/$maintenance_name maintenance_is=none maintenance_text=''
	if [ -e "$maintenance_file" ]; then
		maintenance_text=$(cat -- "$maintenance_file" && echo .) || give_up "$maintenance_file cannot be read"
		maintenance_text=${maintenance_text%.} maintenance_is=other
		[ "$maintenance_text" != "$2" ] || maintenance_is=same
	fi
	maintenance_ask "$3" "$4" "$5"
	nginx_find "$6" "$7" "$8"
	nginx_find_state
	printf 'snippet %s\nanswer %s\nnginx %s\nconfig %s\n--\nstatus %s\nwhy ' \
		"$maintenance_is" "$maintenance_answer" "$nginx_is" "$nginx_test" "${http_status:-none}"
	escape "$nginx_why"
	printf 'text '
	escape "$maintenance_text"
}

# maintenance_ask URL CA SECONDS: set maintenance_answer and http_status.
maintenance_ask() {
	http_choose "$1"
	http_reply=$("http_by_$http_tool" "$1" "$3" "$2" </dev/null 2>&1 | head -c 8192 | tr -d '\000\r' | tr '[:upper:]' '[:lower:]')
	http_status=$(http_status_in "$(printf '%s\n' "$http_reply" | tr '[:lower:]' '[:upper:]')")
	maintenance_answer=open
	case $http_status:$http_reply in
	:*) maintenance_answer=none ;;
	503:*"retry-after: "*) maintenance_answer=maintenance ;;
	esac
}

# maintenance_on DIR TEXT URL CA SECONDS PROJECT SERVICE CONFIG WITHIN: the snippet is there and answers, or it is gone again.
maintenance_on() {
	maintenance_file=$1/$maintenance_name
	cd -P -- "$1" || give_up "$1 cannot be entered"
	nginx_find "$6" "$7" "$8"
	{
		printf '%s' "$2" >"$maintenance_name.new" && chmod 644 "$maintenance_name.new" &&
			mv -f -- "$maintenance_name.new" "$maintenance_name"
	} || give_up "$maintenance_file cannot be written"
	nginx_tested
	if [ "$nginx_test" != ok ]; then
		rm -f -- "$maintenance_name"
		give_up "nginx refuses the snippet: $nginx_why; it was taken away again"
	fi
	nginx_reloaded >&2 || maintenance_fail "nginx cannot be told to reload"
	maintenance_awaits maintenance "$3" "$4" "$5" "$9" || maintenance_fail "$3 does not answer 503 with Retry-After; is $1 included?"
}

maintenance_fail() {
	rm -f -- "$maintenance_name"
	nginx_reloaded >&2
	give_up "$1 The snippet was taken away again"
}

# maintenance_awaits WANTED URL CA SECONDS WITHIN: until URL answers so, or anything but maintenance where WANTED is open.
maintenance_awaits() {
	maintenance_until=$(($(date +%s) + $5))
	while :; do
		maintenance_ask "$2" "$3" "$4"
		case $1:$maintenance_answer in
		maintenance:maintenance | open:open | open:none) return 0 ;;
		esac
		[ "$(date +%s)" -lt "$maintenance_until" ] || return 1
		sleep 1
	done
}

# maintenance_off DIR URL CA SECONDS PROJECT SERVICE CONFIG WITHIN: the snippet is gone, and nginx goes on without it.
maintenance_off() {
	rm -f -- "$1/$maintenance_name" || give_up "$1/$maintenance_name cannot be removed"
	nginx_find "$5" "$6" "$7"
	nginx_find_state
	[ "$nginx_is" = running ] || return 0
	[ "$nginx_test" = ok ] || give_up "nginx refuses its configuration: $nginx_why; it goes on with the one it has"
	nginx_reloaded >&2 || give_up "nginx cannot be told to reload"
	maintenance_awaits open "$2" "$3" "$4" "$8" || give_up "$2 still answers 503 with Retry-After, by another's word"
}
