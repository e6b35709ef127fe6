"""Uploads a file with tuspy and prints its address.

Arguments: endpoint, file, client's name, and what to do: `whole` in chunks, `checksum` with a checksum for each chunk, `async` by the
asynchronous uploader, `half` or `rest` to leave off and to be found again by the address that is kept beside the file.
"""

import asyncio
import sys

from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage

endpoint, path, name, what = sys.argv[1:]
settings = {
    "file_path": path,
    "chunk_size": 300_000,
    "metadata": {"client": name, "filename": "file.csv"},
    "retries": 8,
    "retry_delay": 0.2,
    "upload_checksum": what == "checksum",
}
if what in ("half", "rest"):
    settings |= {"store_url": True, "url_storage": FileStorage(path + ".urls")}

client = TusClient(endpoint)
if what == "async":
    uploader = client.async_uploader(**settings)
    asyncio.run(uploader.upload())
else:
    uploader = client.uploader(**settings)
    if what == "rest" and uploader.offset != 600_000:
        sys.exit(f"goes on at {uploader.offset}")
    uploader.upload(stop_at=600_000 if what == "half" else None)
print(uploader.url)
