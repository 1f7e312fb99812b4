# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in http.sh
# How long a web address takes to answer, asked several times, each time by a connection of its own.

# http_latency URL STATUS SECONDS SAMPLES MEDIAN P95 CA [KIND PIECE]...
#   MEDIAN and P95 are milliseconds that may not be passed, "" for any. A request that is not answered by one of STATUS, a list such as
#   "200 204", within SECONDS takes longer than any bound. The median is by nearest rank, and so is the 95th of a hundred.
# Ground: whether the bounds hold. Evidence: what was measured, in milliseconds; `wget` and bash are timed to ten of them.
http_latency() {
	http_url=$1 http_right=$2 http_limit_s=$3 http_samples=$4 http_median=$5 http_p95=$6 http_ca=$7
	shift 7
	need awk
	http_headers=''
	[ $# -eq 0 ] || http_headers_of "$@"
	http_choose "$http_url"
	http_said=$(case $http_tool in curl) http_times_by_curl ;; *) http_times ;; esac)
	printf '%s\n' "$http_said" | awk -v right=" $http_right " -v samples="$http_samples" -v median="$http_median" -v p95="$http_p95" \
		-v tool="$http_tool" '
	function rank(p,   at) { at = int((p * samples + 99) / 100); return at in took ? took[at] : "none" }
	/^000 / { next }
	/^[0-9][0-9][0-9] [0-9]+$/ {
		if (index(right, " " $1 " ") == 0) { other = $1; next }
		for (i = ++n; i > 1 && took[i - 1] > $2 + 0; i--) took[i] = took[i - 1]
		took[i] = $2 + 0
		next
	}
	NF { error = $0 }
	END {
		m = rank(50); q = rank(95)
		holds = (median == "" || (m != "none" && m <= median + 0)) && (p95 == "" || (q != "none" && q <= p95 + 0))
		print "answer " (holds ? "ok" : "not-ok")
		print "--"
		print "median " m; print "p95 " q
		print "fastest " (n ? took[1] : "none"); print "slowest " (n ? took[n] : "none")
		print "failed " samples - n; print "status " (other == "" ? "none" : other); print "by " tool
		if (error != "") { gsub(/\\/, "\\\\", error); print "error " substr(error, 1, 200) }
	}'
}

# Print `STATUS MILLISECONDS` for each request, and what curl complains of.
http_times_by_curl() {
	set -- curl -q -g -s -S --http1.1 --max-time "$http_limit_s" --proto '=http,https' -H 'Connection: close' \
		-w '%{http_code} %{time_total}\n' ${http_ca:+--cacert "$http_ca"}
	[ -z "$http_headers" ] || set -- "$@" -H @-
	http_count=0
	while [ "$http_count" -lt "$http_samples" ]; do
		set -- "$@" -o /dev/null --url "$http_url"
		http_count=$((http_count + 1))
	done
	if [ -n "$http_headers" ]; then
		"$@" 2>&1 <<-END
			$http_headers
		END
	else
		"$@" 2>&1 </dev/null
	fi | awk '/^[0-9][0-9][0-9] [0-9.]+$/ { printf "%s %.0f\n", $1, $2 * 1000; next } { print }'
}

# The same by a tool that tells no time: by the clock of the kernel, which counts in hundredths of a second. After two without an answer
# the rest is not asked.
http_times() {
	[ -r /proc/uptime ] || lacks "neither curl nor /proc/uptime is there to time an answer"
	http_count=0 http_silent=0
	while [ "$http_count" -lt "$http_samples" ] && [ "$http_silent" -lt 2 ]; do
		http_count=$((http_count + 1))
		read -r http_begun _ </proc/uptime
		http_reply=$(http_fetch "$http_url" "$http_limit_s" "$http_ca" 2>&1 | head -c 8192 | tr -d '\000')
		read -r http_ended _ </proc/uptime
		http_status=$(http_status_in "$http_reply")
		if [ -n "$http_status" ]; then
			http_silent=0
			echo "$http_status $http_begun $http_ended"
		else
			http_silent=$((http_silent + 1))
			printf '%s\n' "$http_reply" | tail -n 1
		fi
	done | awk '/^[0-9][0-9][0-9] [0-9.]+ [0-9.]+$/ { printf "%s %.0f\n", $1, ($3 - $2) * 1000; next } { print }'
}
