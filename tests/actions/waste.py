"""An engine full of waste, and a picture of all that must outlive a prune."""

from __future__ import annotations

import random

from tests.lab import DockerHost

LABEL = "remedy.waste"

# What a prune must leave as it is: volumes with what they hold, tagged images down to their layers, containers.
PICTURE = """
docker volume ls --quiet | sort | while read -r name; do
    echo "volume $name $(tar -C "/var/lib/docker/volumes/$name/_data" -c --sort=name . | sha256sum)"
done
docker image inspect --format '{{json .RepoTags}} {{.ID}} {{json .RootFS.Layers}} {{.Size}}' \
    $(docker images --quiet --no-trunc --filter dangling=false | sort -u) | sort
docker ps --all --no-trunc --format '{{.ID}}' | sort | xargs -r docker inspect --format \
    '{{.ID}} {{.Image}} {{.State.Status}} {{.State.StartedAt}} {{json .Mounts}}'
docker diff $(docker ps --all --quiet | head -n 1)
docker network ls --quiet --no-trunc | sort
"""
DANGLING = "docker images --all --quiet --no-trunc --filter dangling=true | sort -u"
CACHE = "docker system df --verbose --format '{{range .BuildCache}}{{println .ID}}{{end}}'"


class Engine:
    """The engine inside a test host."""

    def __init__(self, host: DockerHost) -> None:
        self.host = host

    def build(self, *steps: str, tag: str = "", is_buildkit: bool = False) -> str:
        """An image of the shop's own, with these steps upon it."""
        lines = ["FROM lab-service:1", f"LABEL {LABEL}=yes", *(f"RUN {step}" for step in steps)]
        named = f"-t {tag}" if tag else ""
        command = f"DOCKER_BUILDKIT={int(is_buildkit)} docker build --no-cache --quiet {named} -"
        return self.host.sh(command, stdin="\n".join(lines).encode()).strip()

    def picture(self) -> str:
        return self.host.sh(PICTURE)

    def dangling(self) -> list[str]:
        """All images without a name that no other image is built upon."""
        return self.host.sh(DANGLING).split()

    def cache(self) -> list[str]:
        """The records of the build cache."""
        return self.host.sh(CACHE).split()

    def waste(self) -> None:
        """Dangling images of both builders, one of them with a parent, and build cache."""
        for word in ("one", "two"):
            self.build(f"echo {word} >/one", "echo more >/more", tag="waste:1")
        self.build("echo three >/one", is_buildkit=True)

    def clean(self) -> None:
        """Take away all that these tests made, by force."""
        of_ours = f"--filter label={LABEL}"
        self.host.sh(
            f"docker ps -aq {of_ours} | xargs -r docker rm -f;"
            " docker volume ls -q --filter name=life- | xargs -r docker volume rm;"
            f" docker images -q {of_ours} | sort -u | xargs -r docker rmi -f; docker image prune -f;"
            " docker builder prune -af >/dev/null"
        )

    def live_through(self, turns: int, seed: int) -> None:
        """What happens on an engine in a year: builds, tags, containers of images that lose their name, volumes."""
        dice = random.Random(seed)
        images = [self.build(f"echo {seed} >/seed", tag="life:0")]
        for turn in range(turns):
            image = dice.choice(images)
            match dice.randrange(7):
                case 0 | 1 | 2:
                    tag = dice.choice(["", "life:0", f"life:{turn}"])
                    images.append(self.build(f"echo {turn} >/turn", tag=tag, is_buildkit=dice.random() < 0.5))
                case 3:
                    self.host.docker(f"tag {image} life:{turn}")
                case 4:
                    self.host.docker(f"create --label {LABEL} -v life-{turn}:/kept {image}")
                case 5:
                    write = f"/bin/sh -c 'echo {turn} >/kept/it'"
                    self.host.docker(f"run --rm --label {LABEL} -v life-{turn}:/kept {image} {write}")
                case 6:
                    self.host.sh("docker rmi life:0 2>/dev/null || :")  # and what had no other name is gone
                    there = set(self.host.docker("images --all --quiet --no-trunc").split())
                    images = [i for i in images if i in there] or [self.build(f"echo {turn} >/seed", tag="life:0")]
