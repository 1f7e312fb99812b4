# shellcheck shell=sh
# shellcheck disable=SC2154 # engine_said and engine_awk are set in docker_engine.sh
# What keeps a Compose service from taking the host with it: restart policy, memory limit, log limit, health check.

compose_policy_row='is	{{json (index .Config.Labels "com.docker.compose.service")}}	{{.HostConfig.RestartPolicy.Name}}'\
'	{{.HostConfig.Memory}}	{{.HostConfig.LogConfig.Type}}	{{index .HostConfig.LogConfig.Config "max-size"}}'\
'	{{if .Config.Healthcheck}}{{index .Config.Healthcheck.Test 0}}{{else}}NONE{{end}}'

# compose_policy PROJECT SERVICE...
# Ground: `item SERVICE TAB LACKS`: what each lacks, with commas, or `-`. A log that Docker does not keep in files without end needs none.
compose_policy() {
	engine_ready
	compose_project=$1
	shift
	engine ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$compose_project" \
		--filter label=com.docker.compose.oneoff=False
	[ -n "$engine_said" ] || give_up "no container here is of project $compose_project"
	# shellcheck disable=SC2086 # identities of containers, which the engine made
	engine inspect --type container --format "$compose_policy_row" $engine_said
	printf '%s\n' "$engine_said" | awk -F '\t' -v services="$*" "$engine_awk"'
	function lack(word) { if (index("," lacks[s] ",", "," word ",") == 0) lacks[s] = lacks[s] (lacks[s] == "" ? "" : ",") word }
	BEGIN { count = split(services, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] }
	{
		s = bare($2)
		if (s !~ /^[A-Za-z0-9._-]+$/ || (count > 0 && !(s in wanted))) next
		if (!(s in lacks)) { lacks[s] = ""; known[++n] = s }
		if ($3 == "" || $3 == "no") lack("restart")
		if ($4 + 0 == 0) lack("memory-limit")
		if ($5 == "json-file" && ($6 == "" || $6 == "<no value>")) lack("log-limit")
		if ($7 == "NONE" || $7 == "") lack("healthcheck")
	}
	END {
		for (i = 1; i <= n; i++) print "item " known[i] "\t" (lacks[known[i]] == "" ? "-" : lacks[known[i]])
		print "--"
	}'
}
