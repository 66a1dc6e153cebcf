"""What huggingface_hub makes of a cache. Usage: hub_cache.py find|fetch CACHE REPOSITORY REVISION FILE...

find says, without a network, where each file is; fetch downloads each from HF_ENDPOINT. Prints JSON.
"""

import json
import sys

from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download, try_to_load_from_cache

action, cache, repository, revision, *files = sys.argv[1:]
if action == "fetch":
    for file in files:
        hf_hub_download(repository, file, revision=revision, cache_dir=cache)

scan = scan_cache_dir(cache)
print(
    json.dumps(
        {
            "snapshot": snapshot_download(repository, revision=revision, cache_dir=cache, local_files_only=True),
            "files": [try_to_load_from_cache(repository, file, cache_dir=cache, revision=revision) for file in files],
            "warnings": [str(warning) for warning in scan.warnings],
            "repositories": [[repo.repo_id, repo.nb_files, sorted(repo.refs)] for repo in scan.repos],
        }
    )
)
