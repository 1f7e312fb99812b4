# shellcheck shell=sh
# Looks at web addresses, with whatever the host has: curl, wget, or bash alone.

http_most=262144 # bytes of a page that are searched

# http_look URL STATUS SECONDS CONTAINS [CA JSON [KIND PIECE]...]: does URL answer STATUS, with CONTAINS in its page, and JSON?
#   STATUS is a list such as "200 204"; CONTAINS "" means anything; JSON are lines PATH=VALUE; the pieces make the headers.
#   Redirections are not followed.
http_look() {
	http_wants=${6:-}
	http_page "$1" "$3" "${5:-}" "$@"
	http_band=not-ok
	case " $2 " in *" $http_status "*) http_band=ok ;; esac
	http_found=not-asked
	if [ -n "$4" ]; then
		case $http_reply in *"$4"*) http_found=yes ;; *) http_found=no http_band=not-ok ;; esac
	fi
	http_json=''
	if [ -n "$http_wants" ]; then
		http_json_holds "$http_wants" || http_band=not-ok
	fi
	printf 'answer %s\n--\nstatus %s\nfound %s\nseconds %s\nby %s\n' \
		"$http_band" "${http_status:-none}" "$http_found" "$http_took" "$http_tool"
	[ -z "$http_json" ] || printf '%s\n' "$http_json"
	[ -n "$http_status" ] || { printf 'error ' && escape "$(printf '%s' "$http_reply" | tail -n 1)"; }
}

# http_page URL SECONDS CA ARG...: ask once. Set http_reply to headers and page, http_status ("" for none) and http_took, in seconds.
#   From the seventh ARG on come the pieces of the headers.
http_page() {
	http_url=$1 http_limit_s=$2 http_ca=$3
	shift 3
	http_headers=''
	[ $# -le 6 ] || { shift 6 && http_headers_of "$@"; }
	http_choose "$http_url"
	http_begun=$(date +%s)
	http_reply=$(http_fetch "$http_url" "$http_limit_s" "$http_ca" 2>&1 | head -c "$http_most" | tr -d '\000')
	http_took=$(($(date +%s) - http_begun))
	http_status=$(http_status_in "$http_reply")
}

# http_headers_of KIND PIECE...: set http_headers, a line each, of pieces of text (`t`) and secrets (`s`).
http_headers_of() {
	http_cr=$(printf '\r')
	while [ $# -ge 2 ]; do
		case $1$2 in
		s*"
"* | s*"$http_cr"*) give_up "a secret in the headers holds a line break" ;;
		esac
		http_headers=$http_headers$2
		shift 2
	done
	http_headers=${http_headers%"
"}
}

# http_fetch URL SECONDS CA: print headers and page. The headers that are sent come on standard input: command lines are public on a host.
http_fetch() {
	if [ -z "$http_headers" ]; then
		"http_by_$http_tool" "$@" </dev/null
		return
	fi
	"http_by_$http_tool" "$@" <<-END
		$http_headers
	END
}

# Set http_tool, or end: only tools that are here, that know TLS where it is wanted, and that take headers without showing them.
http_choose() {
	need head tr date tail
	if command -v curl >/dev/null 2>&1; then
		http_tool=curl
	elif [ -z "${http_headers-}" ] && command -v wget >/dev/null 2>&1; then
		http_tool=wget
	elif [ -z "${http_headers-}" ] && busybox wget --help >/dev/null 2>&1; then
		http_tool=busybox
	elif command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
		case $1 in https:*) lacks "neither curl nor wget is installed, or there are headers, which wget would show on its command line" ;; esac
		http_tool=bash
	elif [ -n "${http_headers-}" ]; then
		lacks "curl is not installed; wget and busybox would show the headers on their command line"
	else
		lacks "neither curl, wget nor bash is installed"
	fi
}

# The status of the first answer; 1xx is none yet.
http_status_in() {
	printf '%s\n' "$1" | while IFS= read -r http_line; do
		case $http_line in
		*HTTP/[0-9]*" "[1-5][0-9][0-9]*)
			http_line=${http_line#*HTTP/[0-9]* }
			http_line=${http_line%%[!0-9]*}
			case $http_line in 1??) ;; [2-5]??) echo "$http_line" && break ;; esac
			;;
		esac
	done
}

# Each of these prints headers and page of URL SECONDS CA; it reads the headers to send from its standard input, a line each.
http_by_curl() {
	# shellcheck disable=SC2086 # two words, or none
	curl -q -g -i -s -S --http1.1 --max-time "$2" --proto '=http,https' ${http_headers:+-H @-} ${3:+--cacert "$3"} -- "$1"
}

http_by_wget() {
	case $(wget --help 2>&1) in
	*BusyBox*) http_by_busybox "$@" ;;
	*) timeout "$2" wget -q -S -O - --no-config --max-redirect=0 --content-on-error --tries=1 --timeout="$2" ${3:+--ca-certificate="$3"} -- "$1" ;;
	esac
}

http_by_busybox() {
	timeout "$2" busybox wget -q -S -O - -- "$1"
}

http_by_bash() {
	http_where=${1#http://}
	http_path=/
	case $http_where in */*) http_path=/${http_where#*/} ;; esac
	http_where=${http_where%%/*}
	http_port=80 http_name=$http_where
	case $http_where in
	\[*\]:*) http_port=${http_where##*:} http_name=${http_where%:*} ;;
	\[*\]) ;;
	*:*) http_port=${http_where##*:} http_name=${http_where%:*} ;;
	esac
	http_name=${http_name#\[}
	http_name=${http_name%\]}
	# shellcheck disable=SC2016 # bash's own words
	timeout "$2" bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit
		printf "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: remedy\r\n" "$3" "$4" >&3
		while IFS= read -r line; do printf "%s\r\n" "$line" >&3; done
		printf "\r\n" >&3
		cat <&3' bash "$http_name" "$http_port" "$http_path" "$http_where"
}
