"""What cargo resolves: the packages that are linked, as its metadata has them."""

import json
import subprocess


def metadata(target):
    """What cargo knows of the dependencies for this target."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", target]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def reached(metadata, kinds):
    """All packages, as the metadata has them, that lead from ours by edges of these kinds."""
    packages = {package["id"]: package for package in metadata["packages"]}
    edges = {node["id"]: node["deps"] for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    seen, left = set(), [root]
    while left:
        own = left.pop()
        for dependency in edges[own]:
            wanted = any(kind["kind"] in kinds for kind in dependency["dep_kinds"])
            # What only builds or tests a dependency of ours is its own affair.
            if wanted and dependency["pkg"] not in seen:
                seen.add(dependency["pkg"])
                left.append(dependency["pkg"])
    return [packages[package] for package in seen]
