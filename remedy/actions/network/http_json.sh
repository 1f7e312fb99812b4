# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # http_reply is set in http.sh; what is set here is used in the files after it
# What a page of JSON says at a place in it.

http_json_most=65536 # characters of a page of JSON that are read

# http_json_holds WANTS: whether the page says so. WANTS are lines PATH=VALUE, where PATH are names and places joined by dots, counted
# from 0. Set http_json to lines `json:N is VALUE`, what is said at the Nth of them, or `json:N absent`.
http_json_holds() {
	need awk
	http_json=$(printf '%s\n' "$http_reply" | HTTP_WANTS=$1 awk -v most="$http_json_most" '
	function skip() { while (substr(t, at, 1) ~ /^[ \t\r\n]$/) at++ }
	function text(   c, out) {
		at++
		while (at <= size && !bad) {
			if (match(substr(t, at, 512), /^[^"\\]+/)) { out = out substr(t, at, RLENGTH); at += RLENGTH; continue }
			c = substr(t, at++, 1)
			if (c == "\"") return out
			c = substr(t, at++, 1)
			out = out (c == "n" ? "\n" : c == "t" ? "\t" : c == "r" ? "\r" : c == "u" ? "\\u" : c)
		}
		bad = 1
	}
	function members(path, end,   c, key, n) {
		at++; skip()
		if (substr(t, at, 1) == end) { at++; return }
		while (!bad) {
			skip()
			if (end == "}") {
				if (substr(t, at, 1) != "\"") { bad = 1; return }
				key = text(); skip()
				if (substr(t, at++, 1) != ":") { bad = 1; return }
			} else key = n++ ""
			value(path == "" ? key : path "." key)
			skip(); c = substr(t, at++, 1)
			if (c == end) return
			if (c != ",") bad = 1
		}
	}
	function value(path,   c) {
		if (++depth > 50) bad = 1
		if (bad) return
		skip(); c = substr(t, at, 1)
		if (c == "{") members(path, "}")
		else if (c == "[") members(path, "]")
		else if (c == "\"") { c = text(); keep(path, c) }
		else if (match(substr(t, at, 64), /^[-+.0-9A-Za-z]+/)) { keep(path, substr(t, at, RLENGTH)); at += RLENGTH }
		else bad = 1
		depth--
	}
	function keep(path, said) { if (path in wanted) found[path] = said }
	BEGIN {
		count = split(ENVIRON["HTTP_WANTS"], wants, "\n")
		for (i = 1; i <= count; i++) { at = index(wants[i], "="); paths[i] = substr(wants[i], 1, at - 1); wanted[paths[i]] }
	}
	!begun && /^[ \t]*[{\[]/ { begun = 1 }
	begun && length(t) <= most { t = t $0 "\n" }
	END {
		size = length(t); at = 1; depth = 0
		if (!begun || size > most) bad = 1
		value(""); skip()
		if (bad || at <= size) split("", found)
		for (i = 1; i <= count; i++) {
			said = (paths[i] in found) ? found[paths[i]] : ""
			if (!(paths[i] in found) || (paths[i] "=" said) != wants[i]) wrong = 1
			gsub(/[\n\r\t]/, " ", said)
			print "json:" i " " ((paths[i] in found) ? "is " substr(said, 1, 100) : "absent")
		}
		print wrong ? "no" : "yes"
	}')
	http_held=${http_json##*"
"}
	http_json=${http_json%"
"*}
	[ "$http_held" = yes ]
}
