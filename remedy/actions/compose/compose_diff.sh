# shellcheck shell=sh
# shellcheck disable=SC2016,SC2034,SC2154 # awk and templates; what is not set here is set in the files before this one
# What of a Compose service would be another: what its file means, against what one of its containers is. Of its environment only
# names are said, of its command only that it differs: either may hold secrets.

# Rows of inspect.
compose_diff_have='image	{{.Config.Image}}
user	{{.Config.User}}
memory	{{.HostConfig.Memory}}
cpus	{{.HostConfig.NanoCpus}}
restart	{{.HostConfig.RestartPolicy.Name}}
command	{{json .Config.Cmd}}
log	{{.HostConfig.LogConfig.Type}}
{{range $name, $value := .HostConfig.LogConfig.Config}}log-option	{{$name}}={{$value}}
{{end}}{{range .Config.Env}}env	{{json .}}
{{end}}{{range .Mounts}}mount	{{.Type}}	{{.Source}}	{{.Destination}}	{{.RW}}
{{end}}{{range $port, $at := .HostConfig.PortBindings}}{{range $at}}port	{{.HostIp}}	{{.HostPort}}	{{$port}}
{{end}}{{end}}'
compose_diff_image='{{range .Config.Env}}image-env	{{json .}}
{{end}}image-command	{{json .Config.Cmd}}
image-user	{{.Config.User}}'

# compose_diff SERVICE CONTAINER IMAGE: print a line `ASPECT TAB OLD TAB NEW` for each difference.
compose_diff() {
	engine inspect --type container --format "$compose_diff_have" "$2"
	compose_rows=$engine_said
	engine image inspect --format "$compose_diff_image" "$3"
	{
		printf '%s\n%s\n' "$compose_rows" "$engine_said"
		printf '%s\n' "$compose_config" | awk -v service="$1" "$compose_flat_awk"
	} | awk -F '\t' "$compose_yaml_awk$compose_diff_awk"
}

# Flattens what Compose prints of one service: `want TAB PATH TAB VALUE`, list items by number, as YAML writes the value.
compose_flat_awk='
function leave(indent) { while (depth > 0 && at[depth] >= indent) depth-- }
function path(key,   i, text) { for (i = 1; i <= depth; i++) text = text step[i] "."; return text key }
function emit(key, value) { print "want\t" path(key) "\t" value }
{
	match($0, /^ */); indent = RLENGTH; text = substr($0, indent + 1)
	if (block != "") {
		if (text == "" || indent > block_indent) { block_text = block_text (block_text == "" ? "" : "\\n") text; next }
		print "want\t" block "\t" "|" block_text; block = ""
	}
	if (indent == 0) { inside = text == "services:"; next }
	if (!inside) next
	if (indent == 2) { mine = text == service ":"; depth = 0; next }
	if (!mine) next
	while (text ~ /^- /) {
		leave(indent)
		n = ++count[path("") indent]
		depth++; at[depth] = indent; step[depth] = n - 1
		text = substr(text, 3); indent += 2
	}
	if (match(text, /^[A-Za-z0-9_.-]+:( |$)/)) {
		leave(indent)
		key = substr(text, 1, RLENGTH); sub(/: ?$/, "", key); value = substr(text, RLENGTH + 1)
		if (value == "") { depth++; at[depth] = indent; step[depth] = key }
		else if (value ~ /^[|>]/) { block = path(key); block_indent = indent; block_text = "" }
		else emit(key, value)
	} else { name = path(""); sub(/\.$/, "", name); print "want\t" name "\t" text }
}
END { if (block != "") print "want\t" block "\t|" block_text }'

# plain(T): the text that a scalar of YAML or JSON stands for, with Compose'"'"'s $$ as one.
compose_yaml_awk='
function plain(t,   q, out, c) {
	q = substr(t, 1, 1)
	if (q == "\047") { t = substr(t, 2, length(t) - 2); gsub(/\047\047/, "\047", t) }
	else if (q == "\"") {
		t = substr(t, 2, length(t) - 2); out = ""
		while (match(t, /\\./)) {
			c = substr(t, RSTART + 1, 1)
			out = out substr(t, 1, RSTART - 1) (c == "n" ? "\n" : c == "t" ? "\t" : c)
			t = substr(t, RSTART + 2)
		}
		t = out t
	} else if (q == "|") { t = substr(t, 2); gsub(/\\n/, "\n", t) }
	return t
}
function dollars(t) { gsub(/\$\$/, "$", t); return t }
'

compose_diff_awk='
function said(aspect, old, new) { if (old != new) print aspect "\t" (old == "" ? "none" : old) "\t" (new == "" ? "none" : new) }
function members(aspect, have, want,   k) {
	for (k in have) if (!(k in want)) print aspect "\t" k "\t"
	for (k in want) if (!(k in have)) print aspect "\t\t" k
}
function option(k, v) { return k ~ /^(max-size|max-file|tag|mode|compress)$/ ? k "=" v : k } # others may be tokens
function bytes(t,   u) {
	if (t ~ /^[0-9]+$/) return t
	u = tolower(t); gsub(/[0-9.]/, "", u); u = substr(u, 1, 1)
	return sprintf("%.0f", t * (u == "k" ? 1024 : u == "m" ? 1048576 : u == "g" ? 1073741824 : 1))
}
$1 == "env" { v = plain($2); k = v; sub(/=.*/, "", k); env[k] = substr(v, length(k) + 2) }
$1 == "image-env" { v = plain($2); k = v; sub(/=.*/, "", k); base[k] = substr(v, length(k) + 2) }
$1 == "mount" { mounts[$2 (($2 == "bind") ? " " $3 : "") " " $4 ($5 == "true" ? "" : " read-only")] }
$1 == "port" { ports[($2 == "" ? "" : $2 ":") $3 " to " $4] }
$1 == "log-option" { k = $2; sub(/=.*/, "", k); log_options[option(k, substr($2, length(k) + 2))] }
$1 ~ /^(image|user|memory|cpus|restart|command|log|image-command|image-user)$/ { have[$1] = $2 }
$1 == "want" {
	split($2, p, "."); v = dollars(plain($3))
	if (p[1] == "environment") {
		k = p[2]
		if (k ~ /^[0-9]+$/) { k = v; sub(/=.*/, "", k); v = substr(v, length(k) + 2) }
		new_env[k] = v
	} else if (p[1] == "ports") port[p[2], p[3]] = v
	else if (p[1] == "volumes" && p[3] != "volume" && p[3] != "bind") volume[p[2], p[3]] = v
	else if (p[1] == "command") { command = command "," $3; has_command = 1; words[++word_count] = v }
	else if (p[1] == "logging" && p[2] == "options") new_options[option(p[3], v)]
	else want[$2] = v
	if (p[1] == "ports" && p[2] + 1 > port_count) port_count = p[2] + 1
	if (p[1] == "volumes" && p[2] + 1 > volume_count) volume_count = p[2] + 1
}
END {
	if ("image" in want) said("image", have["image"], want["image"])
	memory = want["mem_limit"]; if (memory == "") memory = want["deploy.resources.limits.memory"]
	said("memory", have["memory"] + 0, bytes(memory == "" ? 0 : memory))
	cpus = want["cpus"]; if (cpus == "") cpus = want["deploy.resources.limits.cpus"]
	said("cpus", have["cpus"] / 1e9 "", cpus + 0 "")
	restart = want["restart"]; sub(/:.*/, "", restart)
	said("restart", have["restart"] == "no" ? "" : have["restart"], restart == "no" ? "" : restart)
	said("user", have["user"], "user" in want ? want["user"] : have["image-user"])
	if ("logging.driver" in want) said("log driver", have["log"], want["logging.driver"])
	members("log option", log_options, new_options)
	text = ""
	for (i = 1; i <= word_count; i++) { w = words[i]; gsub(/[\\"]/, "\\\\&", w); gsub(/\n/, "\\n", w); gsub(/\t/, "\\t", w); text = text (i > 1 ? "," : "") "\"" w "\"" }
	if (has_command) { if ("[" text "]" != have["command"]) print "command\tone\tanother" }
	else if (have["command"] != have["image-command"]) print "command\tone\tthat of the image"
	for (k in env) if (!(k in new_env) && (!(k in base) || base[k] != env[k])) print "environment\t" k "\t"
	for (k in new_env) if (!(k in env)) print "environment\t\t" k
		else if (env[k] != new_env[k]) print "environment\t" k "\t" k
	for (i = 0; i < port_count; i++) {
		t = port[i, "target"]; if (t == "") continue
		new_ports[(port[i, "host_ip"] == "" ? "" : port[i, "host_ip"] ":") port[i, "published"] " to " t "/" (port[i, "protocol"] == "" ? "tcp" : port[i, "protocol"])]
	}
	members("port", ports, new_ports)
	for (i = 0; i < volume_count; i++) {
		t = volume[i, "target"]; if (t == "") continue
		kind = volume[i, "type"]
		new_mounts[kind (kind == "bind" ? " " volume[i, "source"] : "") " " t (volume[i, "read_only"] == "true" ? " read-only" : "")]
	}
	for (k in mounts) if (k ~ /^volume / && !(k in new_mounts)) delete mounts[k] # an image may declare one of its own
	members("volume", mounts, new_mounts)
}'
