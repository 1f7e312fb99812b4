# shellcheck shell=sh
# shellcheck disable=SC2154 # engine_said and engine_awk are set in docker_engine.sh
# What the containers of a Compose project use of processors and memory; the client reads either version of control groups.

docker_stats_row='is	{{.ID}}	{{.State.Status}}	{{.State.OOMKilled}}	{{json (index .Config.Labels "com.docker.compose.service")}}'\
'	{{json (index .Config.Labels "com.docker.compose.container-number")}}'

# docker_stats PROJECT SAMPLES SECONDS MEMORY CPU GROWTH SERVICE...
#   MEMORY: percent of a container's limit; CPU: percent of one processor; GROWTH: bytes a minute. "" asks nothing.
# Ground: whether any container is above each of them. Evidence: each container, by the mean of the samples.
docker_stats() {
	engine_ready
	docker_project=$1 docker_samples=$2 docker_every=$3 docker_memory=$4 docker_cpu=$5 docker_growth=$6
	shift 6
	engine ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$docker_project" \
		--filter label=com.docker.compose.oneoff=False
	[ -n "$engine_said" ] || give_up "no container here is of project $docker_project"
	# shellcheck disable=SC2086 # identities of containers, which the engine made
	engine inspect --type container --format "$docker_stats_row" $engine_said
	docker_rows=$(printf '%s\n' "$engine_said" | awk -F '\t' -v services="$*" "$engine_awk"'
		BEGIN { count = split(services, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] }
		bare($5) ~ /^[A-Za-z0-9._-]+$/ && (count == 0 || bare($5) in wanted) { print "is\t" bare($5) "/" bare($6) "\t" $2 "\t" $3 "\t" $4 }')
	[ -n "$docker_rows" ] || give_up "$docker_project has no container of $*"
	docker_ids=$(printf '%s\n' "$docker_rows" | awk -F '\t' '$4 == "running" { print $3 }')
	docker_count=0
	while [ -n "$docker_ids" ] && [ "$docker_count" -lt "$docker_samples" ]; do
		[ "$docker_count" -eq 0 ] || sleep "$docker_every"
		# shellcheck disable=SC2086 # identities of containers, which the engine made
		engine stats --no-stream --no-trunc --format "use	{{.ID}}	$(date +%s)	{{.CPUPerc}}	{{.MemUsage}}" $docker_ids
		docker_rows="$docker_rows
$engine_said"
		docker_count=$((docker_count + 1))
	done
	printf '%s\n' "$docker_rows" | docker_stats_held
}

docker_stats_held() {
	awk -F '\t' -v memory="$docker_memory" -v cpu="$docker_cpu" -v growth="$docker_growth" "$engine_awk"'
	function band(word, asked, above) { print word " " (asked == "" ? "unasked" : above ? "above" : "within") }
	$1 == "is" { name[++n] = $2; id[n] = $3; status[n] = $4; oom[n] = $5; at[$3] = n }
	$1 == "use" && $2 in at {
		i = at[$2]; c = $4; sub(/%/, "", c); split($5, m, " / ")
		count[i]++; cpus[i] += c; used[i] = bytes(m[1]); limit[i] = bytes(m[2])
		sum[i] += used[i]
		if (count[i] == 1) { first[i] = used[i]; since[i] = $3 }
		last[i] = $3
	}
	END {
		for (i = 1; i <= n; i++) {
			mean = count[i] ? sum[i] / count[i] : 0; c = count[i] ? cpus[i] / count[i] : 0
			share = limit[i] ? 100 * mean / limit[i] : 0
			slope = last[i] > since[i] ? 60 * (used[i] - first[i]) / (last[i] - since[i]) : 0
			if ((memory != "" && share > memory + 0) || oom[i] == "true") any_memory = 1
			if (cpu != "" && c > cpu + 0) any_cpu = 1
			if (growth != "" && slope > growth + 0) any_growth = 1
			rows = rows sprintf("container:%s %s cpu=%.1f memory=%.0f limit=%.0f share=%.1f growth=%.0f oom=%s\n",
				name[i], status[i], c, mean, limit[i], share, slope, oom[i])
		}
		band("memory", memory, any_memory); band("cpu", cpu, any_cpu); band("growth", growth, any_growth)
		printf "--\n%s", rows
	}'
}
