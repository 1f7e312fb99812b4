# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154 # templates; engine_said and engine_awk are set in docker_engine.sh
# What a Docker engine keeps on its disk, and what of it nothing needs.

docker_disk_mounts='{{$name := .Name}}{{$state := .State.Status}}{{range .Mounts}}{{if eq .Type "volume"}}used	{{.Name}}	{{$name}}	{{$state}}
{{end}}{{end}}'
docker_disk_format='{{range .Volumes}}volume	{{.Name}}	{{.Size}}
{{end}}'

# docker_disk LIMIT: bytes, or "".
# Ground: whether more than LIMIT could be made free without touching a volume. Evidence: each class, each volume with who uses it,
# stopped containers too.
docker_disk() {
	engine_ready
	engine system df --format '{{.Type}}	{{.Size}}	{{.Reclaimable}}'
	docker_rows=$engine_said
	engine system df --verbose --format "$docker_disk_format"
	docker_rows="$docker_rows
$engine_said"
	engine ps --all --quiet --no-trunc
	if [ -n "$engine_said" ]; then
		# shellcheck disable=SC2086 # identities of containers, which the engine made
		engine inspect --type container --format "$docker_disk_mounts" $engine_said
		docker_rows="$docker_rows
$engine_said"
	fi
	printf '%s\n' "$docker_rows" | awk -F '\t' -v limit="$1" "$engine_awk"'
	$1 == "Images" || $1 == "Containers" || $1 == "Build Cache" || $1 == "Local Volumes" {
		word = $1 == "Build Cache" ? "cache" : $1 == "Local Volumes" ? "volumes" : tolower($1)
		free = $3; sub(/ .*/, "", free)
		rows = rows sprintf("class:%s %.0f %.0f\n", word, bytes($2), bytes(free))
		if (word != "volumes") all += bytes(free)
	}
	$1 == "volume" { name[++n] = $2; size[$2] = bytes($3) }
	$1 == "used" { who = $3; sub(/^\//, "", who); users[$2] = users[$2] " " who "=" $4 }
	END {
		print "reclaimable " (limit == "" ? "unasked" : all > limit + 0 ? "above" : "within")
		printf "--\nreclaimable %.0f\n%s", all, rows
		for (i = 1; i <= n; i++) printf "volume:%s %.0f%s\n", name[i], size[name[i]], users[name[i]]
	}'
}
